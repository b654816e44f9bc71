// The lines that a trunk binlog needs so that the free space it tells is the space that nobody uses: works on what its lines
// alone say, without a snapshot. Pure.

import type { TrunkInfo } from "../../../wire/storage-sync.ts";
import type { JournalOp } from "../space.ts";
import type { TrunkPlace } from "../trunk-file.ts";
import { byOffset, endOf, type Range, RangeList, without } from "./ranges.ts";

export interface Correction {
  readonly op: JournalOp;
  readonly block: TrunkInfo;
}

export interface FileSpace {
  readonly place: TrunkPlace;
  /** Bytes of the trunk file. */
  readonly size: number;
  /** Free by the binlog's lines. */
  readonly logged: readonly TrunkInfo[];
  /** What must not become free: files, places of files that are missing, bytes that stay. */
  readonly taken: readonly Range[];
  readonly slotMinSize: number;
}

/** `D` of free blocks that are in use in part or overlap another one, then `A` of what nobody uses. */
export function correctionsOf({ place, size, logged, taken, slotMinSize }: FileSpace): Correction[] {
  const inUse = new RangeList(taken);
  const corrections: Correction[] = [];
  const kept: Range[] = [];
  let keptEnd = 0;
  for (const block of logged.toSorted(byOffset)) {
    const isWrong = block.offset < keptEnd || inUse.sharing(block).length > 0;
    if (isWrong) {
      corrections.push({ op: "D", block });
      continue;
    }
    kept.push(block);
    keptEnd = endOf(block);
  }
  for (const { offset, size: bytes } of without({ offset: 0, size }, [...taken, ...kept])) {
    if (bytes >= slotMinSize) corrections.push({ op: "A", block: { ...place, offset, size: bytes } });
  }
  return corrections;
}
