// The files in which the recovery of a store path remembers how far it is, in C's names and formats (trunk-dedup-recovery.md
// §3.2): a C storage can go on with what we began and the other way round. What to do with them is resume-plan.ts's business.

import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfText } from "../../../conf/index.ts";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import { dataFolder } from "../../disk/data-paths.ts";
import { handOver, type Owner } from "../../disk/owner.ts";
import { StorageStatus } from "../../wire/storage-status.ts";

const FILE_MODE = 0o644;

/** `.recovery.flag` */
export interface RecoveryFlag {
  /** Of StorageStatus: what the trackers are told at the end; 99 = not asked yet. */
  readonly savedStatus: number;
  /** The thread files hold all records. */
  readonly isFetched: boolean;
  /** How many thread files there are; -1 = none yet. */
  readonly threads: number;
}

const UNFETCHED: RecoveryFlag = { savedStatus: StorageStatus.NONE, isFetched: false, threads: -1 };

export function formatFlag({ savedStatus, isFetched, threads }: RecoveryFlag): string {
  return `saved_storage_status=${savedStatus}\nfetch_binlog_done=${isFetched ? 1 : 0}\nrecovery_threads=${threads}\n`;
}

/** Null when C would refuse it. Also reads the mark of the old layout, which holds the same items. */
export function parseFlag(text: string, file: string): RecoveryFlag | null {
  const document = parseConfText(text, file);
  const number = (key: string, otherwise: number): number => {
    const value = Number.parseInt(document.get(key) ?? "", 10);
    return Number.isNaN(value) ? otherwise : value;
  };
  const flag = {
    savedStatus: number("saved_storage_status", -1),
    isFetched: number("fetch_binlog_done", 0) !== 0,
    threads: number("recovery_threads", -1),
  };
  return flag.isFetched && flag.savedStatus < 0 ? null : flag;
}

export function formatMark(offset: number): string {
  return `binlog_offset=${offset}\n`;
}

/** Bytes of the thread file that are done; 0 where the mark cannot be read: repeating harms nothing. */
export function parseMark(text: string, file: string): number {
  const offset = Number.parseInt(parseConfText(text, file).get("binlog_offset") ?? "", 10);
  return Number.isSafeInteger(offset) && offset >= 0 ? offset : 0;
}

/** The files of one store path's recovery. */
export class RecoveryFiles {
  readonly folder: string;
  readonly #owner: Owner | undefined;

  constructor(storePath: string, owner: Owner | undefined) {
    this.folder = dataFolder(storePath);
    this.#owner = owner;
  }

  get flagPath(): string {
    return join(this.folder, ".recovery.flag");
  }

  /** Records of fetcher `thread`; of the old layout without a number. */
  binlogPath(thread?: number): string {
    return join(this.folder, thread === undefined ? ".binlog.recovery" : `.binlog.recovery.${thread}`);
  }

  markPath(thread?: number): string {
    return join(this.folder, thread === undefined ? ".recovery.mark" : `.recovery.mark.${thread}`);
  }

  /** What arrives from the source before it is split. */
  get fetchedPath(): string {
    return join(this.folder, ".binlog.recovery.tmp");
  }

  /** What the comparison of trees found missing. */
  get missingPath(): string {
    return join(this.folder, ".binlog.recovery.missing.tmp");
  }

  /** Null: there is none, or it cannot be used. */
  readFlag(): RecoveryFlag | null {
    const text = readTextFile(this.flagPath);
    return text === null
      ? null
      : (parseFlag(text, this.flagPath) ?? { savedStatus: 99, isFetched: false, threads: -1 });
  }

  /** Marks the store path for recovery, as C at a fresh start, unless it is marked already. */
  begin(): void {
    if (this.readFlag() === null) this.writeFlag(UNFETCHED);
  }

  writeFlag(flag: RecoveryFlag): void {
    this.#replace(this.flagPath, formatFlag(flag));
  }

  /** Bytes of the thread's file that are done. */
  readMark(thread: number): number {
    const text = readTextFile(this.markPath(thread));
    return text === null ? 0 : parseMark(text, this.markPath(thread));
  }

  writeMark(thread: number, offset: number): void {
    this.#replace(this.markPath(thread), formatMark(offset));
  }

  hasBinlog(thread: number): boolean {
    return existsSync(this.binlogPath(thread));
  }

  /** The empty file of records that C leaves beside a fresh flag. */
  writeEmptyBinlog(): void {
    writeFileSync(this.binlogPath(0), "", { mode: FILE_MODE });
    handOver(this.binlogPath(0), this.#owner);
  }

  /** Hands over a file that was written here by other means. */
  own(path: string): void {
    handOver(path, this.#owner);
  }

  /** Old layout: `.binlog.recovery` and `.recovery.mark` with the flag's items in it. Returns whether a recovery is under way. */
  migrateOldLayout(): boolean {
    const text = existsSync(this.binlogPath()) ? readTextFile(this.markPath()) : null;
    if (text === null) return false;
    const old = parseFlag(text, this.markPath());
    if (old?.isFetched !== true) {
      this.writeFlag(UNFETCHED);
      rmSync(this.markPath(), { force: true });
      rmSync(this.binlogPath(), { force: true });
      return true;
    }
    const offset = parseMark(text, this.markPath());
    // The flag comes last: without it the next start finds the old files again.
    if (existsSync(this.binlogPath(0))) rmSync(this.binlogPath(0));
    this.writeMark(0, offset);
    this.writeFlag({ ...old, threads: 1, isFetched: false });
    renameSync(this.binlogPath(), this.binlogPath(0));
    this.writeFlag({ ...old, threads: 1 });
    rmSync(this.markPath(), { force: true });
    return true;
  }

  /** Removes files of threads from `first` on. */
  removeThreadFiles(first: number): void {
    for (const name of readdirSync(this.folder)) {
      const thread = /^\.(?:binlog\.recovery|recovery\.mark)\.(\d+)(?:\.tmp)?$/.exec(name)?.[1];
      if (thread !== undefined && Number(thread) >= first) rmSync(join(this.folder, name), { force: true });
    }
  }

  /** The recovery is over. */
  removeAll(): void {
    rmSync(this.fetchedPath, { force: true });
    rmSync(this.missingPath, { force: true });
    // Without records the flag means that all are to be fetched again: it goes before them.
    rmSync(this.flagPath, { force: true });
    this.removeThreadFiles(0);
    rmSync(this.markPath(), { force: true });
    rmSync(this.binlogPath(), { force: true });
  }

  #replace(path: string, text: string): void {
    writeFileAtomically(path, text, this.#owner === undefined ? {} : { owner: this.#owner });
  }
}
