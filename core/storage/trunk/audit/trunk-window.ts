// A trunk file as the audit reads it: mostly from front to back, a megabyte at a time, so that memory stays bounded however
// large files and slots are.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const WINDOW_BYTES = 1024 * 1024;

/** Bytes by their position; what `bytes` gives is valid until the next call. */
export interface ByteWindow {
  readonly size: number;
  /** At most `length` bytes from `offset` on, at least one; none at the end. */
  bytes(offset: number, length: number): Uint8Array;
}

export class TrunkWindow implements ByteWindow {
  readonly size: number;
  readonly #fd: number;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #start = 0;
  #length = 0;

  /** Throws the system's error. */
  constructor(path: string) {
    this.#fd = openSync(path, "r");
    this.size = fstatSync(this.#fd).size;
  }

  bytes(offset: number, length: number): Uint8Array {
    const wanted = Math.min(length, WINDOW_BYTES, Math.max(0, this.size - offset));
    if (offset < this.#start || offset + wanted > this.#start + this.#length) this.#fill(offset);
    const at = offset - this.#start;
    return this.#window.subarray(at, Math.min(at + wanted, this.#length));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #fill(offset: number): void {
    this.#start = offset;
    this.#length = 0;
    while (this.#length < WINDOW_BYTES) {
      const count = readSync(this.#fd, this.#window, this.#length, WINDOW_BYTES - this.#length, offset + this.#length);
      if (count === 0) return;
      this.#length += count;
    }
  }
}
