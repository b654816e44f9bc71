// A file in memory: what is written to it is with the operating system at once, without a system call, and outlives the
// process. Only Bun offers it; elsewhere `mapFile` answers null and callers write the file themselves.

import { isBun } from "./host.ts";

/** Maps an existing file of at least one byte, shared; null where the runtime cannot. Throws the system's error. */
export function mapFile(path: string): Uint8Array | null {
  return isBun ? Bun.mmap(path, { shared: true }) : null;
}
