// Free space of a file system in the whole megabytes that FastDFS reports (tracker.md §4.3).

import { statfsSync } from "node:fs";

const MEGABYTE = 1024 * 1024;

export interface DiskSpace {
  readonly totalMb: number;
  /** What an ordinary user may still write. */
  readonly freeMb: number;
}

/** Throws the system's error when the path cannot be looked at. */
export function readDiskSpace(path: string): DiskSpace {
  const { blocks, bavail, bsize } = statfsSync(path);
  return { totalMb: Math.floor((blocks * bsize) / MEGABYTE), freeMb: Math.floor((bavail * bsize) / MEGABYTE) };
}
