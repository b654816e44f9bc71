// The CRC-32 of a file on disk, read in slices between which the worker serves others.

import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";

const SLICE_BYTES = 1024 * 1024;

export async function checksumOf(path: string): Promise<{ crc: number; size: number }> {
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
    }
  } finally {
    closeSync(fd);
  }
}
