// The copy of the trunk binlog that a storage keeps while another one is the trunk server: lines that arrive are appended as
// they are, TRUNCATE begins it anew (trunk-dedup-recovery.md §1.10). Any worker does this; each call opens the file anew.

import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DIRECTORY_MODE, ensureDirectory } from "../../../disk/ensure-directory.ts";
import { codedErrno } from "../../io/errno.ts";
import { deleteMarks } from "./compaction-steps.ts";
import { writeLastTrunkServer } from "./last-server.ts";
import type { TrunkPaths } from "./paths.ts";

const BACKUP_NAME = /^binlog\.\d{14}$/;

/** Bytes of the trunk binlog; 0 = there is none. */
export function trunkBinlogSize({ binlog }: TrunkPaths): number {
  return statSync(binlog, { throwIfNoEntry: false })?.size ?? 0;
}

/** Throws coded errors; a part of the lines never stays. */
export function appendLines({ folder, binlog }: TrunkPaths, lines: Uint8Array): void {
  ensureDirectory(folder, DIRECTORY_MODE);
  const fd = openSync(binlog, "a", 0o644);
  try {
    const written = writeSync(fd, lines);
    if (written === lines.length) return;
    ftruncateSync(fd, fstatSync(fd).size - written);
    throw codedErrno("ENOSPC", `only ${written} of ${lines.length} bytes of the trunk binlog were written`);
  } finally {
    closeSync(fd);
  }
}

/** TRUNCATE: the binlog becomes a backup, or nothing when none are kept; the snapshot goes. */
export function truncateBinlog(paths: TrunkPaths, maxBackups: number, now: Date): void {
  ensureDirectory(paths.folder, DIRECTORY_MODE);
  if (maxBackups > 0) {
    deleteBackups(paths, maxBackups - 1);
    if (existsSync(paths.binlog)) renameSync(paths.binlog, `${paths.binlog}.${backupEnding(now)}`);
  }
  closeSync(openSync(paths.binlog, "w", 0o644));
  rmSync(paths.snapshot, { force: true });
}

/** DELETE_BINLOG_MARKS: this storage takes the role over from another: what it knew of the copies, and of the map, is old. */
export function forgetRole(paths: TrunkPaths, basePath: string): void {
  rmSync(paths.snapshot, { force: true });
  deleteMarks(paths);
  writeLastTrunkServer(basePath, "");
}

/** Keeps the newest `keep`. */
function deleteBackups({ folder }: TrunkPaths, keep: number): void {
  const backups = readdirSync(folder)
    .filter((name) => BACKUP_NAME.test(name))
    .sort();
  for (const name of backups.slice(0, Math.max(0, backups.length - keep))) rmSync(join(folder, name), { force: true });
}

/** `20261121035310`, local time. */
function backupEnding(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
