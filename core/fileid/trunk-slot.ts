// Where a small file lies inside a trunk file: the 16 characters behind the block of a trunk name (storage.md §4.7).
// Reading the trunk file itself belongs to the storage.

import { decodeBase64Into, encodeBase64 } from "./base64.ts";
import { decodeBlock, ENCODED_BLOCK_SIZE } from "./packed-block.ts";

/** `HH/LL/` */
const TRUE_PATH_SIZE = 6;
/** `HH/LL/` + 27 + 16 + 7. */
const TRUNK_TRUE_NAME_SIZE = 56;

export interface TrunkSlot {
  readonly trunkFileId: number;
  /** Bytes from the start of the trunk file to the slot's header. */
  readonly offset: number;
  /** Allocated bytes, header included. */
  readonly size: number;
}

const scratch = new Uint8Array(12);
const view = new DataView(scratch.buffer);

/** 16 characters: file id i32 | offset i32 | allocated size i32, big-endian. */
export function encodeTrunkSlot(slot: TrunkSlot): string {
  view.setInt32(0, slot.trunkFileId);
  view.setInt32(4, slot.offset);
  view.setInt32(8, slot.size);
  return encodeBase64(scratch);
}

/** The slot of a true path (`HH/LL/name`); null when the name is not that of a file inside a trunk file. */
export function trunkSlotOf(truePath: string): TrunkSlot | null {
  if (truePath.length !== TRUNK_TRUE_NAME_SIZE) return null;
  if (decodeBlock(truePath, TRUE_PATH_SIZE)?.isTrunk !== true) return null;
  if (!decodeBase64Into(scratch, truePath, TRUE_PATH_SIZE + ENCODED_BLOCK_SIZE)) return null;
  return { trunkFileId: view.getInt32(0), offset: view.getInt32(4), size: view.getInt32(8) };
}
