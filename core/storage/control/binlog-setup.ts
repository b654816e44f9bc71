// The binlog at start: its folder and index exist, a line that a crash cut is taken off, and the scoreboard knows where
// the workers append.

import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DIRECTORY_MODE, ensureDirectory } from "../../disk/ensure-directory.ts";
import { handOver, type Owner } from "../../disk/owner.ts";
import type { Logger } from "../../observe/logger.ts";
import {
  BINLOG_ROTATE_BYTES,
  binlogFolder,
  binlogPath,
  readBinlogIndex,
  repairBinlogTail,
  rotateBinlog,
  writeBinlogIndex,
} from "../binlog/binlog-files.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";

/** Throws the system's error when folder or files cannot be used. */
export function openBinlog(basePath: string, scoreboard: Scoreboard, log: Logger, owner: Owner | undefined): void {
  const folder = binlogFolder(basePath);
  ensureDirectory(folder, DIRECTORY_MODE, owner);
  const index = readBinlogIndex(folder);
  writeBinlogIndex(folder, index);
  handOver(join(folder, "binlog_index.dat"), owner);
  const { size, cut } = repairBinlogTail(binlogPath(folder, index.currentWrite));
  if (cut !== "") {
    const file = binlogPath(folder, index.currentWrite);
    log.warn(`Cut a torn last record off ${file} and kept it in ${file}.torn; nothing acknowledged is in it`, { cut });
  }
  const isFull = size >= BINLOG_ROTATE_BYTES;
  if (isFull) rotateBinlog(folder, index.currentWrite);
  const current = isFull ? index.currentWrite + 1 : index.currentWrite;
  const path = binlogPath(folder, current);
  // The workers may run as another user later: the file exists and is theirs before that.
  closeSync(openSync(path, "a", 0o644));
  handOver(path, owner);
  scoreboard.setBinlog(current, isFull ? 0 : size);
}
