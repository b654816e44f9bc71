// Writes the binlog of a stopped storage anew from what its store paths hold (`fdfs storage --rebuild-binlog`). The old one is
// kept; what it still tells is used: which records the other storages have confirmed, and which somebody waits for.

import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { StorageSettings } from "../../../conf/index.ts";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import { DIRECTORY_MODE, ensureDirectory } from "../../disk/ensure-directory.ts";
import { handOver, type Owner } from "../../disk/owner.ts";
import { ClientConnection } from "../../net/client-connection.ts";
import {
  BINLOG_ROTATE_BYTES,
  binlogFolder,
  binlogPath,
  readBinlogIndex,
  writeBinlogIndex,
} from "../binlog/binlog-files.ts";
import { BinlogReader } from "../binlog/binlog-reader.ts";
import { listenAddresses } from "../control/addresses.ts";
import { formatMark, isBefore, type Mark, type Position, parseMark } from "../replication/mark.ts";
import { scanStorePaths } from "./disk-scan.ts";
import { LineWriter } from "./line-file.ts";
import { OldBinlog } from "./old-binlog.ts";
import { RecordBuilder } from "./rebuilt-records.ts";
import { RecoveryFiles } from "./recovery-files.ts";
import { slotsOf } from "./trunk-walk.ts";

const PROBE_MS = 500;
const START: Position = { index: 0, offset: 0 };

export interface RebuildSummary {
  /** Records of files that the old binlog had and every other storage has confirmed. */
  readonly confirmed: number;
  /** Of files that the old binlog did not have: the other storages are asked about them again. */
  readonly unknown: number;
  /** Old records kept as they were because some storage has not confirmed them. */
  readonly waiting: number;
  readonly leftOut: number;
  readonly trunkFiles: number;
  /** Files inside trunk files whose names are in no record. */
  readonly namelessSlots: number;
  /** Old lines that could not be read. */
  readonly unusable: number;
  /** Names of the old files, where they are now. */
  readonly kept: readonly string[];
  readonly folder: string;
}

/** `now` names the old files. Rejects with a sentence when the storage runs or is being recovered, and with the system's errors. */
export async function rebuildBinlog(
  settings: StorageSettings,
  owner: Owner | undefined,
  now: Date,
): Promise<RebuildSummary> {
  const storePaths = settings.storePaths.map(({ path }) => path);
  await requireStopped(settings);
  for (const path of storePaths) {
    if (new RecoveryFiles(path, owner).readFlag() === null) continue;
    throw new Error(
      `Cannot rebuild the binlog: ${path} is being recovered; start the storage and let it come to the end`,
    );
  }
  const folder = binlogFolder(settings.basePath);
  ensureDirectory(folder, DIRECTORY_MODE, owner);
  const marks = readMarks(folder);
  const { old, unusable } = await readOld(folder, marks);
  const builder = new RecordBuilder(old, storePaths.length);
  for (const scanned of scanStorePaths(storePaths)) builder.take(scanned, slotsOf);
  const { confirmed, unknown, ...counts } = builder.result();

  const writer = new RebuiltFiles(folder, owner);
  writer.write(confirmed);
  const from = writer.position;
  writer.write(unknown);
  writer.write(old.tail.map((line) => `${line}\n`));
  const last = writer.finish();
  // From here on a crash may leave the new files with the old marks or the other way round: served from the start is right
  // with both.
  for (const { path, mark } of marks) writeMark(path, { ...mark, position: START }, owner);
  const kept = setAside(folder, now);
  writer.publish();
  writeBinlogIndex(folder, { currentWrite: last, currentCompress: 0 });
  for (const { path, mark } of marks) writeMark(path, { ...mark, position: isFilling(mark) ? START : from }, owner);
  return {
    ...counts,
    confirmed: confirmed.length,
    unknown: unknown.length,
    waiting: old.tail.length,
    unusable,
    kept,
    folder,
  };
}

async function requireStopped(settings: StorageSettings): Promise<void> {
  for (const { hostname, port } of listenAddresses(settings)) {
    if (port === 0) continue;
    const limits = { connectTimeoutMs: PROBE_MS, networkTimeoutMs: PROBE_MS };
    const connection = await ClientConnection.open({ host: hostname, port, ...limits }).catch(() => null);
    if (connection === null) continue;
    connection.destroy();
    throw new Error(`Cannot rebuild the binlog: something answers on ${hostname}:${port}; stop the storage first`);
  }
}

interface PeerMark {
  readonly path: string;
  readonly mark: Mark;
}

function readMarks(folder: string): PeerMark[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".mark"))
    .map((name) => ({ path: join(folder, name), mark: parseMark(readTextFile(join(folder, name)) ?? "", name) }));
}

function writeMark(path: string, mark: Mark, owner: Owner | undefined): void {
  writeFileAtomically(path, formatMark(mark), owner === undefined ? {} : { owner });
}

/** Hands a new member everything: it is served from the first record on. */
const isFilling = ({ needsOld, isOldDone }: Mark): boolean => needsOld && !isOldDone;

async function readOld(folder: string, marks: readonly PeerMark[]): Promise<{ old: OldBinlog; unusable: number }> {
  const old = new OldBinlog();
  const { currentWrite } = readBinlogIndex(folder);
  const served = marks.filter(({ mark }) => !isFilling(mark)).map(({ mark }) => mark.position);
  const first = served.reduce<Position | null>(
    (least, one) => (least !== null && isBefore(least, one) ? least : one),
    null,
  );
  const reader = new BinlogReader(folder, START, () => currentWrite);
  let unusable = 0;
  try {
    for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
      for (const { record, text, index, offset } of lines) {
        if (typeof record === "string") unusable++;
        // The line ends at the position: it is confirmed when the mark is there or beyond.
        else if (first === null || !isBefore(first, { index, offset })) old.confirmed(record);
        else old.waiting(record, text);
      }
    }
  } finally {
    reader.close();
  }
  return { old, unusable };
}

/** Renames the old files; returns their new names. */
function setAside(folder: string, now: Date): string[] {
  const suffix = now.toISOString().replace(/\D/g, "").slice(0, 14);
  const names = readdirSync(folder).filter((name) => /^binlog\.\d{3,}(\.gz)?$/.test(name));
  return names.map((name) => {
    const kept = `${name}.${suffix}.old`;
    if (existsSync(join(folder, kept))) throw new Error(`Cannot keep the old binlog: ${kept} exists`);
    renameSync(join(folder, name), join(folder, kept));
    return kept;
  });
}

/** New binlog files under temporary names, the next one begun where a storage would. */
class RebuiltFiles {
  readonly #folder: string;
  readonly #owner: Owner | undefined;
  #index = 0;
  #size = 0;
  #writer: LineWriter;

  constructor(folder: string, owner: Owner | undefined) {
    this.#folder = folder;
    this.#owner = owner;
    for (const name of readdirSync(folder)) if (name.endsWith(".rebuilt.tmp")) rmSync(join(folder, name));
    this.#writer = new LineWriter(this.#pathOf(0));
  }

  get position(): Position {
    return { index: this.#index, offset: this.#size };
  }

  /** Lines with their line ends. */
  write(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#size >= BINLOG_ROTATE_BYTES) {
        this.#close();
        this.#index++;
        this.#size = 0;
        this.#writer = new LineWriter(this.#pathOf(this.#index));
      }
      this.#writer.write(line.slice(0, -1));
      this.#size += line.length;
    }
  }

  /** The index of the last file. */
  finish(): number {
    this.#close();
    return this.#index;
  }

  publish(): void {
    for (let index = 0; index <= this.#index; index++) renameSync(this.#pathOf(index), binlogPath(this.#folder, index));
  }

  #close(): void {
    this.#writer.finish();
    handOver(this.#writer.path, this.#owner);
  }

  #pathOf(index: number): string {
    return `${binlogPath(this.#folder, index)}.rebuilt.tmp`;
  }
}
