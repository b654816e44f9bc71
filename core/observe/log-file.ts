// An append-only text file that several threads write whole lines to. Lines are collected and written together; the file
// is reopened when the shared generation number says that another thread has rotated it. A full disk never reaches the
// caller: lines are counted as lost and one note goes to stderr.

import { Buffer } from "node:buffer";
import { closeSync, fchownSync, fstatSync, openSync, writeSync } from "node:fs";

const FLUSH_AT_CHARACTERS = 64 * 1024;
const FILE_MODE = 0o644;

export interface LogFileOptions {
  readonly path: string;
  /** How long a line may wait in memory, in milliseconds. */
  readonly flushIntervalMs: number;
  /** Changes when the file was renamed away; absent where nobody rotates. */
  readonly generation?: () => number;
  /** First line of every new file, without line end. */
  readonly header?: () => string;
  /** A new file is handed to this user and group (run_by_user). */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Hears of trouble once until a write succeeds again; standard error by default. */
  readonly complain?: (note: string) => void;
}

export class LogFile {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #generation: number;
  #fd = -1;
  #text = "";
  #lines = 0;
  #lostLines = 0;
  /** The last write stopped within a line: the next one starts on a line of its own. */
  #isTorn = false;
  #hasComplained = false;
  #isClosed = false;

  constructor(options: LogFileOptions) {
    this.path = options.path;
    this.#options = options;
    this.#generation = options.generation?.() ?? 0;
    this.#timer = setInterval(() => this.flush(), options.flushIntervalMs);
    this.#timer.unref?.();
  }

  /** Lines that could not be written since the start. */
  get lostLines(): number {
    return this.#lostLines;
  }

  /** Adds a line; `line` has no line end. */
  append(line: string): void {
    this.#text += line;
    this.#text += "\n";
    this.#lines++;
    if (this.#isClosed || this.#text.length >= FLUSH_AT_CHARACTERS) this.flush();
  }

  /** Writes what waits. The kernel appends each write as a whole, so lines of several threads do not mix. */
  flush(): void {
    this.#leaveRotatedFile();
    if (this.#text !== "") {
      const text = this.#text;
      const lines = this.#lines;
      this.#text = "";
      this.#lines = 0;
      this.#write(text, lines);
    }
    if (this.#isClosed) this.#closeFile();
  }

  /** Writes what waits to the old file and opens the path anew, with its header where the file is new. */
  reopen(): void {
    this.flush();
    this.#closeFile();
    try {
      this.#open();
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Writes what waits; a line that comes later is still written, at once. */
  close(): void {
    clearInterval(this.#timer);
    this.#isClosed = true;
    this.flush();
  }

  #write(text: string, lines: number): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    let done = 0;
    try {
      if (this.#fd < 0) this.#open();
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
      this.#isTorn = false;
      this.#hasComplained = false;
    } catch (error) {
      // A disk that fills up takes a part of the bytes first.
      this.#lostLines += done === 0 ? lines : countLines(bytes.subarray(done));
      if (done > 0) this.#isTorn = bytes[done - 1] !== 10;
      this.#complain(error);
    }
  }

  /** Also without lines to write: an open handle would keep a deleted file's space. */
  #leaveRotatedFile(): void {
    const generation = this.#options.generation?.() ?? 0;
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#closeFile();
  }

  #open(): void {
    this.#fd = openSync(this.path, "a", FILE_MODE);
    const { header, owner } = this.#options;
    if ((header === undefined && owner === undefined) || fstatSync(this.#fd).size > 0) return;
    if (owner !== undefined) this.#handOver(owner);
    if (header !== undefined) writeSync(this.#fd, `${header()}\n`);
  }

  /** Only root can give a file away; for anybody else it already is right or cannot be helped. */
  #handOver(owner: { readonly uid: number; readonly gid: number }): void {
    if (process.getuid?.() === 0) fchownSync(this.#fd, owner.uid, owner.gid);
  }

  #closeFile(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #complain(error: unknown): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    const reason = error instanceof Error ? error.message : String(error);
    const note = `Cannot write the log ${this.path}: ${reason}; lines are lost until it can be written`;
    try {
      if (this.#options.complain !== undefined) this.#options.complain(note);
      else process.stderr.write(`${note}\n`);
    } catch {
      // Nobody is left to be told.
    }
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return lines;
}
