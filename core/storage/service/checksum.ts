// The CRC-32 of a file on disk, read in slices between which the worker serves others.

import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { codedErrno } from "../io/errno.ts";

const SLICE_BYTES = 1024 * 1024;

/** Reads the whole file as long as `isWanted`; throws ECONNRESET when nobody waits for the answer any more. */
export async function checksumOf(path: string, isWanted: () => boolean): Promise<{ crc: number; size: number }> {
  const fd = openSync(path, "r");
  try {
    const slice = new Uint8Array(SLICE_BYTES);
    let crc = 0;
    let size = 0;
    for (;;) {
      const count = readSync(fd, slice, 0, SLICE_BYTES, size);
      if (count === 0) return { crc, size };
      crc = crc32(slice.subarray(0, count), crc);
      size += count;
      if (count === SLICE_BYTES) await new Promise((resolve) => setImmediate(resolve));
      if (!isWanted()) throw codedErrno("ECONNRESET", `nobody waits for the checksum of ${path}`);
    }
  } finally {
    closeSync(fd);
  }
}
