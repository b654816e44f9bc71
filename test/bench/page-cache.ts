// A page cache as full as that of a server that has run for days. On a virtual machine whose host takes free memory back,
// every page that is used for the first time costs some 10 µs, many times what is measured here: how much of it a server
// pays would depend on who ran before it.

import { closeSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { freshPath } from "./folders.ts";

const MEGABYTE = 2 ** 20;
/** Filled up to here, or up to where the kernel begins to use pages of the cache again. */
const LEFT_FREE_BYTES = 768 * MEGABYTE;
/** Filled again when so much more is free. */
const TOLERANCE_BYTES = 1024 * MEGABYTE;
/** A step after which hardly less is free was in vain. */
const STEP_BYTES = 512 * MEGABYTE;
const BLOCK = new Uint8Array(4 * MEGABYTE);

let path: string | undefined;
let offset = 0;
/** What was free after the last time. */
let leftBytes = LEFT_FREE_BYTES;

/** Reads a file without content until little memory is free; the kernel drops these pages before any others. */
export function fillPageCache(): void {
  let free = freeMemoryBytes();
  if (free < leftBytes + TOLERANCE_BYTES) return;
  if (path === undefined) {
    path = freshPath("nothing");
    writeFileSync(path, "");
    truncateSync(path, totalmem());
  }
  const fd = openSync(path, "r");
  try {
    for (let before = Number.POSITIVE_INFINITY; free > LEFT_FREE_BYTES && free < before - STEP_BYTES / 4; ) {
      before = free;
      for (let step = 0; step < STEP_BYTES; step += BLOCK.length) {
        if (readSync(fd, BLOCK, 0, BLOCK.length, offset) < BLOCK.length) offset = 0;
        else offset += BLOCK.length;
      }
      free = freeMemoryBytes();
    }
  } finally {
    closeSync(fd);
  }
  leftBytes = Math.max(LEFT_FREE_BYTES, free);
}

function freeMemoryBytes(): number {
  const found = /^MemFree:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return found === null ? 0 : Number(found[1]) * 1024;
}
