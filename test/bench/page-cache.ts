// A page cache as full as that of a server that has run for days. On a virtual machine whose host takes free memory back,
// every page that is used for the first time costs some 10 µs, many times what is measured here: how much of it a server
// pays would depend on who ran before it.

import { closeSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { freshPath } from "./folders.ts";

const MEGABYTE = 2 ** 20;
/** Below this the kernel uses pages of the cache again. */
const LEFT_FREE_BYTES = 768 * MEGABYTE;
/** Filled again when a deletion has freed so much. */
const FREE_BYTES_MAX = 1536 * MEGABYTE;
const BLOCK = new Uint8Array(4 * MEGABYTE);

let path: string | undefined;
let offset = 0;

/** Reads a file without content until little memory is free; the kernel drops these pages before any others. */
export function fillPageCache(): void {
  if (freeMemoryBytes() < FREE_BYTES_MAX) return;
  if (path === undefined) {
    path = freshPath("nothing");
    writeFileSync(path, "");
    truncateSync(path, totalmem());
  }
  const fd = openSync(path, "r");
  try {
    for (let read = 0; read < totalmem() && freeMemoryBytes() > LEFT_FREE_BYTES; read += BLOCK.length) {
      if (readSync(fd, BLOCK, 0, BLOCK.length, offset) < BLOCK.length) offset = 0;
      else offset += BLOCK.length;
    }
  } finally {
    closeSync(fd);
  }
}

function freeMemoryBytes(): number {
  const found = /^MemFree:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return found === null ? 0 : Number(found[1]) * 1024;
}
