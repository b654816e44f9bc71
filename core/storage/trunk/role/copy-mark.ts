// How far another storage has a copy of the trunk binlog: `data/trunk/<peer>.mark` in C's format
// (trunk-dedup-recovery.md §1.11).

import { renameSync, writeFileSync } from "node:fs";
import { parseConfText } from "../../../../conf/index.ts";
import { readTextFile } from "../../../disk/atomic-file.ts";

/** 0 without a mark, or with one that cannot be read: the copy begins anew then, which is always right. */
export function readCopyMark(path: string): number {
  const text = readTextFile(path);
  if (text === null) return 0;
  return Math.max(0, Number.parseInt(parseConfText(text, path).get("binlog_offset") ?? "", 10) || 0);
}

/** Replaced as a whole, but not flushed to the disk: after a power cut some lines are sent again at worst. */
export function writeCopyMark(path: string, offset: number): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, `binlog_offset=${offset}\n`, { mode: 0o644 });
  renameSync(temporary, path);
}
