// Trunk files as files: their paths, and how one comes into being (trunk-dedup-recovery.md §1.3). What lies inside belongs
// to slot-files.ts.

import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { hex2 } from "../../fileid/logic-name.ts";

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const ID_DIGITS = 6;

/** Where a trunk file lies. */
export interface TrunkPlace {
  readonly storePathIndex: number;
  readonly subPathHigh: number;
  readonly subPathLow: number;
  readonly trunkFileId: number;
}

/** `HH/LL/000001` */
export function trunkTruePath({ subPathHigh, subPathLow, trunkFileId }: TrunkPlace): string {
  return `${hex2(subPathHigh)}/${hex2(subPathLow)}/${String(trunkFileId).padStart(ID_DIGITS, "0")}`;
}

/** Absolute path; `storePath` without a slash at its end. */
export function trunkFilePath(storePath: string, place: TrunkPlace): string {
  return `${storePath}/data/${trunkTruePath(place)}`;
}

/** Where the trunk binlog and the marks of its copies are. */
export function trunkFolder(basePath: string): string {
  return `${basePath}/data/trunk`;
}

/** Creates a new trunk file of `size` zero bytes; throws EEXIST when there is one. */
export function createTrunkFile(path: string, size: number): void {
  const fd = openInDirectory(path, "wx");
  try {
    ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
}

/** Opens a trunk file for reading and writing that another storage made: creates it here, or makes it as long as it has to be. */
export function openTrunkFile(path: string, size: number): number {
  const fd = openInDirectory(path, "a+");
  try {
    if (fstatSync(fd).size < size) ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
  // A file that was opened for appending cannot be written elsewhere.
  return openSync(path, "r+");
}

function openInDirectory(path: string, flags: string): number {
  try {
    return openSync(path, flags, FILE_MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    return openSync(path, flags, FILE_MODE);
  }
}
