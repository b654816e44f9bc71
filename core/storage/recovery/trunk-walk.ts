// The slots of a trunk file as its headers tell them, from the first byte to the last (trunk-dedup-recovery.md §1.3): free
// space is zeros, so the next byte that is none begins a slot.

import { closeSync, openSync, readSync } from "node:fs";
import { readSlotHeader, SLOT_HEADER_SIZE, type SlotHeader, SlotType } from "../trunk/slot-header.ts";

const CHUNK_BYTES = 1024 * 1024;

export interface FoundSlot {
  readonly offset: number;
  readonly header: SlotHeader;
}

/** Stops at bytes that are neither free space nor a slot. Throws the system's errors. */
export function* slotsOf(path: string): Generator<FoundSlot> {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let offset = 0; ; ) {
      const size = readSync(fd, chunk, 0, CHUNK_BYTES, offset);
      if (size === 0) return;
      const skipped = zerosAt(chunk.subarray(0, size));
      offset += skipped;
      if (skipped === size) continue;
      const header = Buffer.alloc(SLOT_HEADER_SIZE);
      if (readSync(fd, header, 0, SLOT_HEADER_SIZE, offset) < SLOT_HEADER_SIZE) return;
      const slot = readSlotHeader(header);
      const isSlot = slot.type === SlotType.FILE || slot.type === SlotType.LINK;
      if (!isSlot || slot.allocatedSize < SLOT_HEADER_SIZE + slot.fileSize) return;
      yield { offset, header: slot };
      offset += slot.allocatedSize;
    }
  } finally {
    closeSync(fd);
  }
}

function zerosAt(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at;
}
