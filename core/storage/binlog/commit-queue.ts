// Group commit by tick: the records of all operations a worker finished in one turn of its event loop go into the binlog
// with one write, and only then their replies leave. A reply therefore never precedes its record (storage.md §6.2 is
// where C differs: it keeps records in memory and can lose them).

import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { Status, statusOfError } from "../../wire/status.ts";
import { codedErrno } from "../io/errno.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { BINLOG_ROTATE_BYTES, binlogPath, rotateBinlog } from "./binlog-files.ts";
import { type IntentOp, Intents } from "./intents.ts";
import type { BinlogOp } from "./record.ts";

/** Told once what became of the record: 0, or the errno that kept it out of the binlog. */
export interface Committed {
  committed(status: number): void;
}

/** What an operation leaves to be recorded: one or more whole lines, and who hears of it. */
export interface Outcome {
  readonly record: string;
  readonly waiter: Committed;
}

export interface CommitOptions {
  /** Whose notes are kept. */
  readonly worker: number;
  /** Records are flushed to the disk before they count as written. */
  readonly flushesToDisk: boolean;
  report(text: string): void;
  /** The control thread waits for records, and there are some now. */
  grown(): void;
  /** Called before records are written: what must be on disk earlier. What it throws keeps the records out. */
  prepare?(): void;
}

/** An open file with changes that must reach the disk before their records (durability "power"). */
export interface DirtyFile {
  readonly fd: number;
  use(): void;
  release(): void;
}

export class CommitQueue {
  readonly #scoreboard: Scoreboard;
  readonly #folder: string;
  readonly #flushesToDisk: boolean;
  readonly #report: (text: string) => void;
  readonly #grown: () => void;
  readonly #prepare: (() => void) | undefined;
  readonly #dirty = new Set<DirtyFile>();
  readonly #intents: Intents;
  readonly #flushSoon = (): void => this.flush();
  #text = "";
  #waiting: Committed[] = [];
  #isScheduled = false;
  #fd = -1;
  #index = -1;

  constructor(scoreboard: Scoreboard, folder: string, options: CommitOptions) {
    this.#scoreboard = scoreboard;
    this.#folder = folder;
    this.#flushesToDisk = options.flushesToDisk;
    this.#report = options.report;
    this.#grown = options.grown;
    this.#prepare = options.prepare;
    this.#intents = new Intents(folder, options.worker);
  }

  /** Notes a change that is about to be made and pushed in this turn: a crash in between is seen at the next start. */
  intend(op: BinlogOp, name: string, otherName = ""): void {
    if (this.#intents.note(op, name, otherName)) return;
    this.flush();
    this.#intents.note(op, name, otherName);
  }

  /** The same for a change that takes longer; what it returns ends the note, after the record. */
  intendLong(op: IntentOp, name: string): () => void {
    return this.#intents.noteLong(op, name);
  }

  /** A file that several operations of this turn may have written to: flushed once for all of them, where it has to be. */
  flushesFirst(open: () => DirtyFile): void {
    if (!this.#flushesToDisk) return;
    const file = open();
    if (this.#dirty.has(file)) return;
    file.use();
    this.#dirty.add(file);
  }

  /** Adds the record (one or more whole lines) of an operation that is done on disk; `waiter` hears of it this tick. */
  push(record: string, waiter: Committed): void {
    this.#text += record;
    this.#waiting.push(waiter);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flushSoon);
  }

  /** Writes what waits and tells the waiters. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#waiting.length === 0) return;
    const text = this.#text;
    const waiting = this.#waiting;
    this.#text = "";
    this.#waiting = [];
    let status: number = Status.OK;
    try {
      for (const { fd } of this.#dirty) fdatasyncSync(fd);
      this.#prepare?.();
      this.#scoreboard.whileBinlogLocked(() => this.#append(text));
      if (this.#flushesToDisk) fdatasyncSync(this.#fd);
    } catch (error) {
      status = statusOfError(error);
      const path = binlogPath(this.#folder, this.#scoreboard.binlogIndex);
      this.#report(`Cannot append ${waiting.length} records to ${path}: ${String(error)}`);
    }
    for (const file of this.#dirty) file.release();
    this.#dirty.clear();
    for (const waiter of waiting) this.#tell(waiter, status);
    // After the waiters: those of a failed append have taken their changes back.
    this.#intents.strikeOut();
    if (this.#scoreboard.takeBinlogAwaited()) this.#grown();
  }

  /** One operation's mistake must not keep the others' answers back. */
  #tell(waiter: Committed, status: number): void {
    try {
      waiter.committed(status);
    } catch (error) {
      this.#report(`An operation could not be ended: ${String(error)}`);
    }
  }

  close(): void {
    this.flush();
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#intents.close();
  }

  #append(text: string): void {
    const scoreboard = this.#scoreboard;
    const index = scoreboard.binlogIndex;
    if (this.#fd < 0 || index !== this.#index) {
      if (this.#fd >= 0) closeSync(this.#fd);
      this.#fd = -1;
      this.#fd = openSync(binlogPath(this.#folder, index), "a", 0o644);
      this.#index = index;
    }
    // Names are ASCII: characters are bytes.
    const written = writeSync(this.#fd, text);
    if (written < text.length) {
      // A part of a line must not stay: the next record would continue it.
      ftruncateSync(this.#fd, fstatSync(this.#fd).size - written);
      throw codedErrno("ENOSPC", `only ${written} of ${text.length} bytes were written`);
    }
    const size = scoreboard.binlogSize + written;
    scoreboard.setBinlog(index, size);
    if (size >= BINLOG_ROTATE_BYTES) this.#rotate(index);
  }

  /** The records are written: a failure here is told and tried again with the next append. */
  #rotate(index: number): void {
    try {
      rotateBinlog(this.#folder, index);
      this.#scoreboard.setBinlog(index + 1, 0);
    } catch (error) {
      this.#report(`Cannot go on from ${binlogPath(this.#folder, index)} to the next file: ${String(error)}`);
    }
  }
}
