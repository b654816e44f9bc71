// The two levels of directories below a store path's data folder: 256 x 256 by default. Made in slices, so that the
// process goes on living meanwhile, and found again quickly on the next start.

import { chownSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const DIRECTORY_MODE = 0o755;
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Creates a directory and its parents; with an owner, what was created belongs to it. */
export function ensureDirectory(path: string, mode: number, owner?: Owner): boolean {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first !== undefined && owner !== undefined) chownSync(path, owner.uid, owner.gid);
  return first !== undefined;
}

/** True when the last directory of the grid exists: it is made last. */
export function hasDataDirectories(dataPath: string, subdirCount: number): boolean {
  const last = hex(subdirCount - 1);
  return existsSync(join(dataPath, last, last));
}

/**
 * Makes `subdirCount` x `subdirCount` directories in `dataPath`; those that exist are left alone. Returns how many were
 * made. `progress` gets the finished share of the first level, at most once a slice.
 */
export async function createDataDirectories(
  dataPath: string,
  subdirCount: number,
  options: { owner?: Owner; progress?: (done: number, total: number) => void } = {},
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
    if (options.owner !== undefined) chownSync(path, options.owner.uid, options.owner.gid);
  };
  for (let high = 0; high < subdirCount; high++) {
    const parent = join(dataPath, hex(high));
    make(parent);
    for (let low = 0; low < subdirCount; low++) make(`${parent}/${hex(low)}`);
    options.progress?.(high + 1, subdirCount);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return created;
}
