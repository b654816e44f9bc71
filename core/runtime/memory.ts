// Memory that the collector does not see growing: received chunks stand outside the heap whose size makes it run.

import { isBun } from "./host.ts";

/** Frees received buffers that nobody holds any more. Takes a few milliseconds: for huge transfers only. */
export function releaseBuffers(): void {
  if (isBun) Bun.gc(true);
}
