// The two levels of directories below a store path's data folder: 256 x 256 by default. Made in slices, so that the
// process goes on living meanwhile, and found again quickly on the next start.

import { existsSync, mkdirSync } from "node:fs";
import { hex2 } from "../fileid/logic-name.ts";
import { DIRECTORY_MODE } from "./ensure-directory.ts";
import { handOver, type Owner } from "./owner.ts";

/** The process attends to other things after this time. */
const SLICE_MS = 10;

/** True when the last directory of the grid exists: it is made last, so one that was interrupted is not complete. */
export function hasDataDirectories(dataPath: string, subdirCount: number): boolean {
  const last = hex2(subdirCount - 1);
  return existsSync(`${dataPath}/${last}/${last}`);
}

export interface DataDirectoryOptions {
  readonly owner?: Owner;
  /** Hears after each slice how many of the `subdirCount` first-level directories are complete. */
  readonly progress?: (done: number, total: number) => void;
  /** Stops between two slices, by throwing the signal's reason; a later call goes on from there. */
  readonly signal?: AbortSignal;
}

/**
 * Makes `subdirCount` x `subdirCount` directories (1 to 256) in the existing folder `dataPath`; those that exist are left
 * alone, and a first-level one whose last directory exists counts as complete. Returns how many of both levels were made; throws the system's error.
 */
export async function createDataDirectories(
  dataPath: string,
  subdirCount: number,
  options: DataDirectoryOptions = {},
): Promise<number> {
  let created = 0;
  const make = (path: string): void => {
    try {
      mkdirSync(path, DIRECTORY_MODE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
      throw error;
    }
    created++;
    handOver(path, options.owner);
  };
  let sliceEnd = performance.now() + SLICE_MS;
  for (let high = 0; high < subdirCount; high++) {
    const parent = `${dataPath}/${hex2(high)}`;
    if (existsSync(`${parent}/${hex2(subdirCount - 1)}`)) continue;
    make(parent);
    for (let low = 0; low < subdirCount; low++) make(`${parent}/${hex2(low)}`);
    if (performance.now() < sliceEnd && high + 1 < subdirCount) continue;
    options.progress?.(high + 1, subdirCount);
    await new Promise((resolve) => setImmediate(resolve));
    options.signal?.throwIfAborted();
    sliceEnd = performance.now() + SLICE_MS;
  }
  return created;
}
