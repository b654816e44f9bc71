// An append-only text file that several threads write whole lines to. Lines are collected and written together; the file
// is reopened when the shared generation number says that another thread has rotated it. A full disk never reaches the
// caller: lines are counted as lost and one note goes to stderr.

import { closeSync, openSync, writeSync } from "node:fs";

const FLUSH_AT_CHARACTERS = 64 * 1024;
const FILE_MODE = 0o644;

export interface LogFileOptions {
  readonly path: string;
  /** How long a line may wait in memory, in milliseconds. */
  readonly flushIntervalMs: number;
  /** Changes when the file was renamed away; absent where nobody rotates. */
  generation?(): number;
}

export class LogFile {
  readonly path: string;
  lostLines = 0;
  readonly #generationOf: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #generation: number;
  #fd = -1;
  #text = "";
  #lines = 0;
  #complained = false;

  constructor(options: LogFileOptions) {
    this.path = options.path;
    this.#generationOf = options.generation ?? (() => 0);
    this.#generation = this.#generationOf();
    this.#timer = setInterval(() => this.flush(), options.flushIntervalMs);
    this.#timer.unref?.();
  }

  /** Adds a line; `line` has no line end. */
  append(line: string): void {
    this.#text += line;
    this.#text += "\n";
    this.#lines++;
    if (this.#text.length >= FLUSH_AT_CHARACTERS) this.flush();
  }

  /** Writes what waits. The kernel appends each write as a whole, so lines of several threads do not mix. */
  flush(): void {
    if (this.#text === "") return;
    const text = this.#text;
    const lines = this.#lines;
    this.#text = "";
    this.#lines = 0;
    try {
      const generation = this.#generationOf();
      if (generation !== this.#generation) {
        this.#close();
        this.#generation = generation;
      }
      if (this.#fd < 0) this.#fd = openSync(this.path, "a", FILE_MODE);
      writeSync(this.#fd, text);
    } catch (error) {
      this.lostLines += lines;
      if (!this.#complained) {
        this.#complained = true;
        const reason = error instanceof Error ? error.message : String(error);
        process.stderr.write(`Cannot write the log ${this.path}: ${reason}; lines are lost until it can be written\n`);
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
    this.#close();
  }

  #close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
