// The signature of a content while it is written to a temporary file: made from the pieces as they arrive, or, when another
// thread received them, by reading the file again. Between pieces other requests have their turn.

import { closeSync, openSync, readSync } from "node:fs";
import type { ContentSignature } from "./signature.ts";

const PIECE_BYTES = 256 * 1024;

export class FileSignature {
  readonly #begin: () => ContentSignature;
  readonly #path: string;
  #signature: ContentSignature;
  #hashedBytes = 0;

  /** `begin` makes an empty signature. */
  constructor(begin: () => ContentSignature, path: string) {
    this.#begin = begin;
    this.#path = path;
    this.#signature = begin();
  }

  update(piece: Uint8Array): void {
    this.#signature.update(piece);
    this.#hashedBytes += piece.length;
  }

  /** Of all `size` bytes of the file; rejects with the system's error. */
  async digest(size: number): Promise<Uint8Array> {
    if (this.#hashedBytes !== size) await this.#readAgain();
    return this.#signature.digest();
  }

  async #readAgain(): Promise<void> {
    this.#signature = this.#begin();
    const fd = openSync(this.#path, "r");
    try {
      const piece = new Uint8Array(PIECE_BYTES);
      for (let count = readSync(fd, piece); count > 0; count = readSync(fd, piece)) {
        this.#signature.update(piece.subarray(0, count));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    } finally {
      closeSync(fd);
    }
  }
}
