// Files of lines that may be larger than memory: read a line at a time with its place, written through a buffer.

import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from "node:fs";

const CHUNK_BYTES = 256 * 1024;
const FILE_MODE = 0o644;
const LINE_END = 10;

export interface PlacedLine {
  /** Without its line end. */
  readonly text: string;
  /** Where the next line begins. */
  readonly end: number;
}

/** Whole lines of a file from `offset` on; a last line without an end is none. Throws the system's errors. */
export function* linesOf(path: string, offset = 0): Generator<PlacedLine> {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let position = offset;
    for (;;) {
      const count = readSync(fd, chunk, 0, CHUNK_BYTES, position);
      const end = chunk.subarray(0, count).lastIndexOf(LINE_END) + 1;
      // A line longer than the chunk is nothing that anybody writes: what follows it is not looked at.
      if (end === 0) return;
      const text = chunk.toString("latin1", 0, end);
      for (let start = 0; start < end; ) {
        const stop = text.indexOf("\n", start);
        yield { text: text.slice(start, stop), end: position + stop + 1 };
        start = stop + 1;
      }
      position += end;
    }
  } finally {
    closeSync(fd);
  }
}

/** How many lines there are from `offset` on. */
export function countLines(path: string, offset = 0): number {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let count = 0;
    let position = offset;
    for (let size = 1; size > 0; position += size) {
      size = readSync(fd, chunk, 0, CHUNK_BYTES, position);
      for (let at = chunk.subarray(0, size).indexOf(LINE_END); at >= 0; ) {
        count++;
        at = chunk.subarray(0, size).indexOf(LINE_END, at + 1);
      }
    }
    return count;
  } finally {
    closeSync(fd);
  }
}

export class LineWriter {
  readonly path: string;
  readonly #fd: number;
  #pending = "";
  #isOpen = true;

  /** Replaces the file. */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, "w", FILE_MODE);
  }

  /** `line` without its line end. */
  write(line: string): void {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= CHUNK_BYTES) this.#flush();
  }

  /** Flushes to the disk and closes. */
  finish(): void {
    if (!this.#isOpen) return;
    this.#flush();
    fdatasyncSync(this.#fd);
    this.discard();
  }

  discard(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending, "latin1");
    this.#pending = "";
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }
}
