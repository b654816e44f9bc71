// What is in use in a trunk file, found by a walk from header to header. Only a walk from the file's beginning tells: a look at
// bytes takes runs of zeros inside a file for free space, and where a block of an old map begins a slot may lie across by now.
// Reading is the caller's.

import { readSlotHeader, SLOT_HEADER_SIZE, SlotType } from "./slot-header.ts";

const PIECE_BYTES = 256 * 1024;
const STEP_BYTES = 4096;
const ZEROS = new Uint8Array(STEP_BYTES);

export interface UsedRange {
  readonly offset: number;
  readonly size: number;
}

/** Up to `length` bytes at `offset` of the trunk file; fewer only at its end. */
export type ReadTrunk = (offset: number, length: number) => Uint8Array;

/**
 * The slots in use in a trunk file of `size` bytes. Bytes that are no header and no free space (an interrupted write) count as
 * in use up to the end: nobody knows where the next slot begins. Yields null from time to time: others may run then.
 */
export function* usedRanges(size: number, read: ReadTrunk): Generator<UsedRange | null> {
  let at = 0;
  // Where one slot ends the next one mostly begins: a large piece would be read again for each of them.
  let length = STEP_BYTES;
  while (at < size) {
    const piece = read(at, Math.min(length, size - at));
    if (piece.length === 0) return;
    const first = firstUsed(piece);
    if (first < 0) {
      at += piece.length;
      length = PIECE_BYTES;
      yield null;
      continue;
    }
    length = STEP_BYTES;
    at += first;
    const bytes = read(at, SLOT_HEADER_SIZE);
    if (bytes.length < SLOT_HEADER_SIZE) {
      yield { offset: at, size: size - at };
      return;
    }
    const { type, allocatedSize, fileSize } = readSlotHeader(bytes);
    const isHeader = type === SlotType.FILE || type === SlotType.LINK;
    if (!isHeader || fileSize < 0 || allocatedSize < SLOT_HEADER_SIZE + fileSize) {
      yield { offset: at, size: size - at };
      return;
    }
    yield { offset: at, size: allocatedSize };
    at += allocatedSize;
  }
}

/** -1: all zero. */
function firstUsed(bytes: Uint8Array): number {
  let at = 0;
  // In steps that compare quickly: most of what is looked at is free.
  while (at + STEP_BYTES <= bytes.length && Buffer.compare(bytes.subarray(at, at + STEP_BYTES), ZEROS) === 0) {
    at += STEP_BYTES;
  }
  for (; at < bytes.length; at++) if (bytes[at] !== 0) return at;
  return -1;
}
