// The binlog's files (storage.md §5, §5.3): names, the index file, and what start-up does with a line that a crash cut.

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { parseConfText } from "../../../conf/index.ts";
import { readTextFile } from "../../disk/atomic-file.ts";

/** A binlog file that has reached this size is followed by the next one. */
export const BINLOG_ROTATE_BYTES = 1_073_741_824;
const FILE_MODE = 0o644;
const TAIL_BYTES = 4096;

export function binlogFolder(basePath: string): string {
  return join(basePath, "data", "sync");
}

/** `binlog.NNN`, at least three digits. */
export function binlogPath(folder: string, index: number): string {
  return join(folder, `binlog.${String(index).padStart(3, "0")}`);
}

export interface BinlogIndex {
  readonly currentWrite: number;
  readonly currentCompress: number;
}

/** binlog_index.dat, or the bare number of binlog.index of older versions, or zeros. */
export function readBinlogIndex(folder: string): BinlogIndex {
  const text = readTextFile(join(folder, "binlog_index.dat"));
  if (text !== null) {
    const document = parseConfText(text, "binlog_index.dat");
    const number = (key: string): number => Number.parseInt(document.get(key) ?? "0", 10) || 0;
    return {
      currentWrite: number("current_write"),
      currentCompress: number("current_compress"),
    };
  }
  const old = readTextFile(join(folder, "binlog.index"));
  return {
    currentWrite: Number.parseInt(old ?? "0", 10) || 0,
    currentCompress: 0,
  };
}

export function writeBinlogIndex(folder: string, index: BinlogIndex): void {
  const text = `current_write=${index.currentWrite}\ncurrent_compress=${index.currentCompress}\n`;
  writeFileSync(join(folder, "binlog_index.dat"), text, { mode: FILE_MODE });
}

/** Moves on to the next file: the index is written first, a left-over file of that name is removed. */
export function rotateBinlog(folder: string, finished: number): void {
  const next = finished + 1;
  writeBinlogIndex(folder, { ...readBinlogIndex(folder), currentWrite: next });
  try {
    unlinkSync(binlogPath(folder, next));
  } catch {
    // It was not there, as it should be.
  }
}

/**
 * Cuts a last line without line end off the file and keeps it in `<file>.torn`. Returns the file's size afterwards and the
 * cut text, if any: a record is acknowledged only when it is whole, so nothing acknowledged is cut.
 */
export function repairBinlogTail(path: string): { size: number; cut: string } {
  let size: number;
  try {
    size = statSync(path).size;
  } catch {
    return { size: 0, cut: "" };
  }
  const fd = openSync(path, "r+");
  try {
    const tail = new Uint8Array(Math.min(size, TAIL_BYTES));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const lineEnd = tail.lastIndexOf(10);
    if (size === 0 || lineEnd === tail.length - 1) return { size, cut: "" };
    const torn = tail.subarray(lineEnd + 1);
    const aside = openSync(`${path}.torn`, "a", FILE_MODE);
    writeSync(aside, torn);
    writeSync(aside, "\n");
    closeSync(aside);
    ftruncateSync(fd, size - torn.length);
    return {
      size: fstatSync(fd).size,
      cut: new TextDecoder("latin1").decode(torn),
    };
  } finally {
    closeSync(fd);
  }
}
