// The lines of the trunk binlog and of the snapshot (trunk-dedup-recovery.md §1.11):
// `<unix time> <A|D> <store path index> <high> <low> <trunk id> <offset> <size>`, all decimal. Pure.

import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { JournalEntry } from "./journal-ring.ts";
import type { JournalOp } from "./space.ts";

const FIELDS = 8;
const DECIMAL = /^\d{1,10}$/;

/** With its LF. */
export function formatLine(seconds: number, op: JournalOp, block: TrunkInfo): string {
  const { storePathIndex, subPathHigh, subPathLow, trunkFileId, offset, size } = block;
  return `${seconds} ${op} ${storePathIndex} ${subPathHigh} ${subPathLow} ${trunkFileId} ${offset} ${size}\n`;
}

/** A line without its LF; null when it has fewer than eight fields, or something else in one than belongs there. */
export function parseLine(text: string): JournalEntry | null {
  const fields = text.split(" ");
  const [seconds, op] = fields;
  if (fields.length < FIELDS || !DECIMAL.test(seconds!) || (op !== "A" && op !== "D")) return null;
  const block = parseBlock(fields.slice(2, FIELDS));
  return block === null ? null : { seconds: Number(seconds), op, block };
}

/** The six fields of a block; null when one of them is none. */
export function parseBlock(fields: readonly string[]): TrunkInfo | null {
  if (!fields.every((field) => DECIMAL.test(field))) return null;
  const [storePathIndex, subPathHigh, subPathLow, trunkFileId, offset, size] = fields.map(Number);
  return {
    storePathIndex: storePathIndex!,
    subPathHigh: subPathHigh!,
    subPathLow: subPathLow!,
    trunkFileId: trunkFileId!,
    offset: offset!,
    size: size!,
  };
}
