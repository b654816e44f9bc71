// What storages tell of trunk files, and what their files tell, as lines for people. Data in, text out.

import type { TrunkAnswer } from "../../core/client/index.ts";
import type { DiskStat } from "../../core/storage/trunk/audit/disk-stat.ts";
import type { TrunkReport } from "../../core/wire/own-commands.ts";
import type { GroupStat, StorageInfo } from "../../core/wire/tracker-list.ts";
import { bytes, plural } from "../explain/words.ts";
import { formatMegabytes } from "../render/units.ts";

export interface GroupTrunk {
  readonly group: GroupStat;
  readonly storages: readonly { readonly info: StorageInfo; readonly answer: TrunkAnswer }[];
}

export function groupTrunkText({ group, storages }: GroupTrunk): string {
  const server = storages.find(({ info }) => info.isTrunkServer)?.info;
  const { groupName, trunkFreeMb, currentTrunkFileId } = group;
  const figures = `${megabytes(trunkFreeMb)} free, last trunk file ${fileName(currentTrunkFileId)}`;
  const head =
    server === undefined && currentTrunkFileId <= 0
      ? `${groupName}: no trunk server`
      : `${groupName}: trunk server ${server?.id ?? "none"}, ${figures} (as the tracker knows)`;
  const lines = storages.flatMap(({ info, answer }) => [
    `  ${info.id}${info.id === info.ipAddress ? "" : ` (${info.ipAddress})`}: ${answerText(answer, info)}`,
    ...(answer.kind === "report" && answer.report !== null
      ? reportLines(answer.report).map((line) => `    ${line}`)
      : []),
  ]);
  return [head, ...lines].map((line) => `${line}\n`).join("");
}

function answerText(answer: TrunkAnswer, info: StorageInfo): string {
  if (answer.kind === "failed") return `does not answer: ${answer.reason}`;
  if (answer.kind === "silent") return `a C storage, which does not tell${info.isTrunkServer ? "; trunk server" : ""}`;
  if (answer.report === null) return "does not use trunk files";
  const { role, server, term } = answer.report;
  const belief =
    role === "other" ? `knows ${server} as trunk server` : role === "none" ? "knows no trunk server" : role;
  const isOdd = info.isTrunkServer !== (role !== "other" && role !== "none");
  return `${belief}, term ${term}${isOdd ? "; the tracker says otherwise, one of them will learn it with the next heartbeat" : ""}`;
}

/** The figures of one storage, the most needed first. */
export function reportLines(report: TrunkReport): string[] {
  const { role, reason, misses, binlogSize, currentTrunkFileId, copies } = report;
  const isServer = role !== "other" && role !== "none";
  return [
    ...(reason === "" ? [] : [`why: ${reason}`]),
    ...(isServer ? [spaceLine(report)] : []),
    `uploads that got no slot and are files of their own: ${misses}; trunk binlog ${bytes(binlogSize)}; last trunk file ${fileName(currentTrunkFileId)}`,
    ...copies.map(({ id, behindBytes, isConnected, lastError }) => {
      const lag = behindBytes === 0 ? "complete" : `${bytes(behindBytes)} behind`;
      const trouble = lastError === "" ? "" : `, last error: ${lastError}`;
      return `copy at ${id}: ${lag}, ${isConnected ? "connected" : "not connected"}${trouble}`;
    }),
  ];
}

function spaceLine({ freeMb, freeBlocks, files, quarantinedBlocks }: TrunkReport): string {
  const quarantine = quarantinedBlocks === 0 ? "" : `, of them ${quarantinedBlocks} not handed out yet`;
  return `free: ${megabytes(freeMb)} in ${plural(freeBlocks, "block")} of ${plural(files, "trunk file")}${quarantine}`;
}

/** A table of the store paths, and the files of the map. */
export function pathsText({ paths, currentTrunkFileId, binlogSize, hasSnapshot, isInCompaction }: DiskStat): string {
  const header = ["trunk files", "size", "on disk", "free", "blocks", "largest", "store path"];
  const rows = paths.map((path) => [
    String(path.trunkFiles),
    ...[path.bytes, path.diskBytes, path.freeBytes].map(bytes),
    String(path.freeBlocks),
    bytes(path.largestFree),
    path.storePath,
  ]);
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const text = table.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padStart(widths[column]!))).join("  "),
  );
  const compaction = isInCompaction ? ", in the midst of a compaction: the free space shown is not all" : "";
  const files = `trunk binlog ${bytes(binlogSize)}, ${hasSnapshot ? "with" : "without"} snapshot${compaction}; last trunk file ${fileName(currentTrunkFileId)}`;
  return [...text, files].map((line) => `${line}\n`).join("");
}

const megabytes = (count: number): string => formatMegabytes(count).replace("  ", " ");

const fileName = (id: number): string => (id <= 0 ? "none" : String(id).padStart(6, "0"));
