// Reads a growing file of lines in packages that end with a line.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const LF = 10;

export class WholeLines {
  readonly #path: string;
  readonly #buffer: Uint8Array;
  #fd = -1;

  constructor(path: string, packageBytes: number) {
    this.#path = path;
    this.#buffer = new Uint8Array(packageBytes);
  }

  /** Bytes of the file now. */
  get size(): number {
    return fstatSync(this.#open()).size;
  }

  /** Up to a package's bytes from `offset` on; empty when no whole line is there. Valid until the next call. */
  read(offset: number): Uint8Array {
    const count = readSync(this.#open(), this.#buffer, 0, this.#buffer.length, offset);
    return this.#buffer.subarray(0, this.#buffer.subarray(0, count).lastIndexOf(LF) + 1);
  }

  /** True when a line begins at `offset`. */
  isLineStart(offset: number): boolean {
    if (offset === 0) return true;
    return readSync(this.#open(), this.#buffer, 0, 1, offset - 1) === 1 && this.#buffer[0] === LF;
  }

  /** The next call opens the file anew. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): number {
    if (this.#fd < 0) this.#fd = openSync(this.#path, "r");
    return this.#fd;
  }
}
