// What start-up takes from the end of the binlog: the last changes of names, against late messages of other storages
// (versions.ts), and the records that a crash kept from being written (repair.ts).

import { appendFileSync, existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { StorageSettings } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import { binlogPath } from "../binlog/binlog-files.ts";
import { BinlogReader } from "../binlog/binlog-reader.ts";
import { type Intent, intentsPath, readIntents } from "../binlog/intents.ts";
import { type BinlogRecord, isOwn, Op, parseRecord, UNCONFIRMED, upperOf } from "../binlog/record.ts";
import { missingRecords } from "../binlog/repair.ts";
import type { Disks } from "../io/store-paths.ts";
import { isReusable } from "../replication/judge.ts";
import { Scoreboard } from "../scoreboard/scoreboard.ts";
import { ORIGIN_OWN, ORIGIN_UNKNOWN } from "../scoreboard/versions.ts";
import type { FoundSlots } from "../trunk/found-slots.ts";
import { SlotFiles } from "../trunk/slot-files.ts";
import { dropUnconfirmed, findOnDisk, finishDeletion, noteSlot } from "./found-on-disk.ts";

/** Some 700,000 records. */
const TAIL_BYTES = 64 * 1024 * 1024;

/** What a worker that follows one that died needs: a megabyte holds more than was under way. */
const WORKER_TAIL_BYTES = 1024 * 1024;

export interface RecoveryHelp {
  /** `BASE/data/sync`. */
  readonly folder: string;
  readonly settings: StorageSettings;
  readonly scoreboard: Scoreboard;
  readonly log: Logger;
  /** Is told of slots that were being filled or emptied. */
  readonly foundSlots: FoundSlots;
}

/** Reads the binlog's end into the scoreboard and appends what is missing. Before any worker starts. */
export async function recoverFromBinlog(help: RecoveryHelp): Promise<void> {
  const { folder, scoreboard } = help;
  const notes = readdirSync(folder).filter((name) => name.startsWith(".fdfs-intents."));
  const intents = notes.flatMap((name) => readIntents(join(folder, name)));
  await recordMissing(help, intents, TAIL_BYTES, true, (record) => noteVersion(scoreboard, record));
  for (const name of notes) rmSync(join(folder, name), { force: true });
}

/** The same for one worker that has died while its siblings go on. Also gives its locks back. */
export async function recoverWorker(help: RecoveryHelp, worker: number): Promise<void> {
  new Scoreboard(help.scoreboard.buffer, worker).reclaim();
  const intents = readIntents(intentsPath(help.folder, worker));
  if (intents.length > 0) await recordMissing(help, intents, WORKER_TAIL_BYTES, false, () => {});
}

async function recordMissing(
  { folder, settings, scoreboard, log, foundSlots }: RecoveryHelp,
  intents: readonly Intent[],
  tailBytes: number,
  isStart: boolean,
  take: (record: BinlogRecord) => void,
): Promise<void> {
  const wanted = new Set(intents.map(({ name }) => name));
  const last = new Map<string, BinlogRecord>();
  await forEachLast(folder, scoreboard, tailBytes, (record) => {
    take(record);
    if (wanted.has(record.name)) last.set(record.name, record);
  });
  const now = Math.floor(Date.now() / 1000);
  const lastOf = (name: string): BinlogRecord | undefined => last.get(name);
  const storePaths = settings.storePaths.map(({ path }) => path);
  const slots = new SlotFiles(scoreboard, storePaths);
  const disks: Disks = { config: settings, trunk: { slots } };
  for (const { op, name } of intents) {
    if (op === UNCONFIRMED) dropUnconfirmed(disks, name);
    else if (upperOf(op) === Op.DELETE) finishDeletion(disks, name);
  }
  const lines = missingRecords(intents, (name) => findOnDisk(disks, name), lastOf, now);
  for (const { op, name } of intents) noteSlot(disks, op, name, foundSlots, isStart);
  slots.close();
  if (lines.length === 0) return;
  scoreboard.whileBinlogLocked(() => {
    const { binlogIndex, binlogSize } = scoreboard;
    const text = lines.join("");
    appendFileSync(binlogPath(folder, binlogIndex), text, "latin1");
    scoreboard.setBinlog(binlogIndex, binlogSize + text.length);
  });
  for (const line of lines) {
    const record = parseRecord(line.trimEnd());
    if (typeof record !== "string") noteVersion(scoreboard, record);
  }
  log.notice(`Recorded ${lines.length} changes that were under way when storage or worker ended`);
}

async function forEachLast(
  folder: string,
  { binlogIndex, binlogSize }: Scoreboard,
  tailBytes: number,
  take: (record: BinlogRecord) => void,
): Promise<void> {
  const start = startOfTail(folder, binlogIndex, binlogSize, tailBytes);
  const reader = new BinlogReader(folder, start, () => binlogIndex);
  try {
    // Somewhere inside the file: the first line may be the rest of one.
    let isFirst = start.offset > 0;
    for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
      for (const { record } of lines) {
        if (!isFirst && typeof record !== "string") take(record);
        isFirst = false;
      }
    }
  } finally {
    reader.close();
  }
}

/** Also the end of the file before when the last one has just begun; packed files are left alone. */
function startOfTail(folder: string, index: number, size: number, bytes: number): { index: number; offset: number } {
  if (size >= bytes || index === 0) return { index, offset: Math.max(0, size - bytes) };
  const before = binlogPath(folder, index - 1);
  if (!existsSync(before)) return { index, offset: 0 };
  return { index: index - 1, offset: Math.max(0, lstatSync(before).size - (bytes - size)) };
}

function noteVersion({ versions }: Scoreboard, { op, name, otherName, timestamp }: BinlogRecord): void {
  const origin = isOwn(op) ? ORIGIN_OWN : ORIGIN_UNKNOWN;
  const kind = upperOf(op);
  if (kind === Op.DELETE) versions.note(name, { timestamp, origin, isDeleted: true });
  else if (kind === Op.RENAME) versions.note(otherName, { timestamp, origin, isDeleted: true });
  else if ((kind === Op.CREATE || kind === Op.UPDATE || kind === Op.LINK) && isReusable(name)) {
    versions.note(name, { timestamp, origin, isDeleted: false });
  }
}
