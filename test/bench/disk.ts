// The disk under the measurements: how much is free, how fast it makes small files just now, and when it is at rest.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { benchRoot, freshFolder } from "./folders.ts";
import { fillPageCache } from "./page-cache.ts";

const FILES = 2000;
const SIZE_BYTES = 4096;
/** Never filled: servers refuse uploads before the disk is full, and so would everything else on it. */
const RESERVE_BYTES = 8 * 2 ** 30;

export interface DiskFigures {
  readonly filesPerSecond: number;
  /** Processor time in the kernel for each file. On a disk at rest some 20 to 40; after a mass deletion up to 1,000. */
  readonly systemMicrosecondsPerFile: number;
}

/** Makes 2,000 files of 4 KB from one thread. */
export function measureDisk(): DiskFigures {
  const folder = freshFolder("disk");
  const bytes = new Uint8Array(SIZE_BYTES);
  const before = process.cpuUsage();
  const begin = performance.now();
  for (let index = 0; index < FILES; index++) {
    const fd = openSync(join(folder, String(index)), "wx");
    writeSync(fd, bytes);
    closeSync(fd);
  }
  const seconds = (performance.now() - begin) / 1000;
  return {
    filesPerSecond: Math.round(FILES / seconds),
    systemMicrosecondsPerFile: Math.round(process.cpuUsage(before).system / FILES),
  };
}

export function freeBytes(): number {
  const { bavail, bsize } = statfsSync(benchRoot());
  return bavail * bsize;
}

/** What each of so many measurements may write. */
export function roomBytesEach(measurements: number): number {
  return Math.max(0, freeBytes() - RESERVE_BYTES) / Math.max(1, measurements);
}

/** Waits until everything written so far is on the disk: one maker's files must not be flushed on the other's time. */
export function settleDisk(): void {
  spawnSync("sync");
  fillPageCache();
}
