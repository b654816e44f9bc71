// A folder of binlog files for tests.

import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binlogPath, writeBinlogIndex } from "../../../../../core/storage/binlog/binlog-files.ts";

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "fdfs-binlog-"));
}

/** A record of `M00/00/00/f<number>`, two digits. */
export const line = (number: number, op = "C"): string =>
  `1791000000 ${op} M00/00/00/f${String(number).padStart(2, "0")}`;

/** Writes one binlog file after the other and the index. Lines get their ends. */
export function writeFiles(folder: string, ...files: readonly (readonly string[])[]): void {
  for (const [index, lines] of files.entries()) {
    writeFileSync(binlogPath(folder, index), lines.map((text) => `${text}\n`).join(""));
  }
  writeBinlogIndex(folder, { currentWrite: files.length - 1, currentCompress: 0 });
}

export function append(folder: string, index: number, text: string): void {
  appendFileSync(binlogPath(folder, index), text);
}
