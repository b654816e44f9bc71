// Where the slot of a name would be, and a slot that was found there.

import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { OpenTrunkFile } from "./open-trunk-files.ts";
import { type NamedSlot, namedSlotOf, SLOT_HEADER_SIZE } from "./slot-header.ts";
import type { TrunkPlace } from "./trunk-file.ts";

/** A slot whose header is that of the name. */
export interface FoundSlot {
  readonly named: NamedSlot;
  readonly file: OpenTrunkFile;
  readonly isLink: boolean;
}

/** Where a logic name's slot would be. */
export interface SlotPlace extends TrunkPlace {
  readonly named: NamedSlot;
}

/** The slot that a logic name speaks of, there or not; null when the name is not that of a file inside a trunk file. */
export function slotPlaceOf(name: { readonly storePathIndex: number; readonly truePath: string }): SlotPlace | null {
  const named = namedSlotOf(name.truePath);
  if (named === null || !isPossible(named)) return null;
  return {
    named,
    storePathIndex: name.storePathIndex,
    subPathHigh: Number.parseInt(name.truePath.slice(0, 2), 16),
    subPathLow: Number.parseInt(name.truePath.slice(3, 5), 16),
    trunkFileId: named.trunkFileId,
  };
}

/** Names come from clients: numbers that no allocator gives must not reach a file. */
function isPossible({ trunkFileId, offset, size, fileSize }: NamedSlot): boolean {
  return trunkFileId > 0 && offset >= 0 && size >= SLOT_HEADER_SIZE && fileSize <= size - SLOT_HEADER_SIZE;
}

/** The place as trunk commands carry it. */
export function blockOf({ named, ...place }: SlotPlace): TrunkInfo {
  return { ...place, offset: named.offset, size: named.size };
}
