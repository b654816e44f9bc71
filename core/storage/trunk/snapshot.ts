// The snapshot of the free-space map, `BASE/data/storage_trunk.dat` (trunk-dedup-recovery.md §1.11): the position in the trunk
// binlog that it stands for, then a line for each free block. When one is made is role/'s business.

import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { formatLine, parseBlock, parseLine } from "./journal-line.ts";

export interface TrunkSnapshot {
  /** Bytes of the trunk binlog that are in it. */
  readonly offset: number;
  readonly blocks: readonly TrunkInfo[];
}

/** `seconds`: unix time of the snapshot. */
export function formatSnapshot(offset: number, blocks: readonly TrunkInfo[], seconds: number): string {
  let text = `${offset}\n`;
  for (const block of blocks) text += formatLine(seconds, "A", block);
  return text;
}

/** Throws a sentence for what is no snapshot. Lines of six fields, without time and `A`, are those of C before 5.01. */
export function parseSnapshot(text: string): TrunkSnapshot {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("Cannot read the snapshot of trunk space: its last line has no end");
  const [first] = lines;
  if (first === undefined || !/^\d{1,15}$/.test(first)) {
    throw new Error(
      `Cannot read the snapshot of trunk space: it begins with "${first ?? ""}", not with a position in the trunk binlog`,
    );
  }
  const blocks = lines.slice(1).map((line, index) => {
    const fields = line.split(" ");
    const block = fields.length === 6 ? parseBlock(fields) : (parseLine(line)?.block ?? null);
    if (block !== null) return block;
    throw new Error(`Cannot read the snapshot of trunk space: line ${index + 2}, "${line}", is no block`);
  });
  return { offset: Number(first), blocks };
}

/** Null when there is none; throws the system's error, or a sentence for what is no snapshot. */
export function readSnapshot(path: string): TrunkSnapshot | null {
  const text = readTextFile(path);
  return text === null ? null : parseSnapshot(text);
}

/** Replaces the snapshot as a whole; throws the system's error and leaves the old one. */
export function writeSnapshot(path: string, offset: number, blocks: readonly TrunkInfo[], seconds: number): void {
  writeFileAtomically(path, formatSnapshot(offset, blocks, seconds));
}
