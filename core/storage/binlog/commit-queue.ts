// Group commit by tick: the records of all operations a worker finished in one turn of its event loop go into the binlog
// with one write, and only then their replies leave. A reply therefore never precedes its record (storage.md §6.2 is
// where C differs: it keeps records in memory and can lose them).

import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { Status, statusOfError } from "../../wire/status.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { BINLOG_ROTATE_BYTES, binlogPath, rotateBinlog } from "./binlog-files.ts";

/** Told once what became of the record: 0, or the errno that kept it out of the binlog. */
export interface Committed {
  committed(status: number): void;
}

export class CommitQueue {
  readonly #scoreboard: Scoreboard;
  readonly #folder: string;
  readonly #flushesToDisk: boolean;
  readonly #report: (text: string) => void;
  readonly #flushSoon = (): void => this.flush();
  #text = "";
  #waiting: Committed[] = [];
  #isScheduled = false;
  #fd = -1;
  #index = -1;

  constructor(scoreboard: Scoreboard, folder: string, flushesToDisk: boolean, report: (text: string) => void) {
    this.#scoreboard = scoreboard;
    this.#folder = folder;
    this.#flushesToDisk = flushesToDisk;
    this.#report = report;
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
      this.#scoreboard.whileBinlogLocked(() => this.#append(text));
      if (this.#flushesToDisk) fdatasyncSync(this.#fd);
    } catch (error) {
      status = statusOfError(error);
      this.#report(
        `Cannot append ${waiting.length} records to ${binlogPath(this.#folder, this.#index)}: ${String(error)}`,
      );
    }
    for (const waiter of waiting) waiter.committed(status);
  }

  close(): void {
    this.flush();
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
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
    const before = scoreboard.binlogSize;
    // Names are ASCII: characters are bytes.
    const written = writeSync(this.#fd, text);
    if (written < text.length) {
      // A part of a line must not stay: the next record would continue it.
      ftruncateSync(this.#fd, before);
      throw Object.assign(new Error(`only ${written} of ${text.length} bytes were written`), { code: "ENOSPC" });
    }
    const after = before + written;
    if (after < BINLOG_ROTATE_BYTES) {
      scoreboard.setBinlog(index, after);
    } else {
      rotateBinlog(this.#folder, index);
      scoreboard.setBinlog(index + 1, 0);
    }
  }
}
