// Free space of a file system in the whole megabytes that FastDFS reports (tracker.md §4.3).

import { statfsSync } from "node:fs";

const MEGABYTE = 1024 * 1024;

export interface DiskSpace {
  readonly totalMb: number;
  /** What an ordinary user may still write. */
  readonly freeMb: number;
}

interface FileSystemFacts {
  readonly blocks: number;
  readonly bavail: number;
  readonly bsize: number;
  readonly frsize?: number;
}

/** Throws the system's error when the path cannot be looked at. */
export function readDiskSpace(path: string): DiskSpace {
  const { blocks, bavail, bsize, frsize }: FileSystemFacts = statfsSync(path, { bigint: false });
  // Blocks are counted in the fragment size, which differs from the block size on some network file systems. Not every
  // runtime tells it.
  const unit = frsize === undefined || frsize === 0 ? bsize : frsize;
  return { totalMb: Math.floor((blocks * unit) / MEGABYTE), freeMb: Math.floor((bavail * unit) / MEGABYTE) };
}
