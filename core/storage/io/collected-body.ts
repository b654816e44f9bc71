// A small request body as it arrives, kept for one write at its end. Large pieces are kept as they came; a client that
// sends crumbs does not make us keep thousands of them.

import { crc32 } from "node:zlib";

/** Up to here a body is collected: it arrives in a few pieces and is written by one call. */
export const SMALL_BODY_MAX_BYTES = 256 * 1024;
/** Shorter pieces are put together. */
const CRUMB_BYTES = 4096;
const TRAY_BYTES = 16 * 1024;

export class CollectedBody {
  readonly #pieces: Uint8Array[] = [];
  /** Where crumbs go; its used part is the last piece. Null when the last piece came whole. */
  #tray: Uint8Array | null = null;
  #trayUsed = 0;

  get pieces(): readonly Uint8Array[] {
    return this.#pieces;
  }

  /** Takes the next piece and may keep it. `isLast`: nothing follows, so a single crumb is kept as it is. */
  add(piece: Uint8Array, isLast: boolean): void {
    if (piece.length >= CRUMB_BYTES || (isLast && this.#tray === null)) {
      this.#pieces.push(piece);
      this.#tray = null;
      return;
    }
    if (this.#tray === null || this.#trayUsed + piece.length > TRAY_BYTES) {
      this.#tray = new Uint8Array(TRAY_BYTES);
      this.#trayUsed = 0;
      this.#pieces.push(this.#tray.subarray(0, 0));
    }
    this.#tray.set(piece, this.#trayUsed);
    this.#trayUsed += piece.length;
    this.#pieces[this.#pieces.length - 1] = this.#tray.subarray(0, this.#trayUsed);
  }

  crc32(): number {
    let crc = 0;
    for (const piece of this.#pieces) crc = crc32(piece, crc);
    return crc;
  }
}
