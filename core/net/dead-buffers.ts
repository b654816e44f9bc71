// A huge body arrives in fresh buffers faster than the collector would look for dead ones.

import { releaseBuffers } from "../runtime/index.ts";

/** From this size on, the buffers of a body are released while it streams. */
const HUGE_BODY_BYTES = 64 * 1024 * 1024;
const RELEASE_EVERY_BYTES = 4 * 1024 * 1024;

export class DeadBuffers {
  #streamed = 0;

  /** `size` more bytes of a body of `bodyLength` have been handed on. */
  add(size: number, bodyLength: number): void {
    if (bodyLength < HUGE_BODY_BYTES) return;
    this.#streamed += size;
    if (this.#streamed < RELEASE_EVERY_BYTES) return;
    this.#streamed = 0;
    releaseBuffers();
  }
}
