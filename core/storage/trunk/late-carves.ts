// Slots of replicas that arrived while the map was being loaded, in words of shared memory: they are taken out of the map
// when it is ready. Used under the allocator's lock only.

import type { TrunkInfo } from "../../wire/storage-sync.ts";

const CARVES_MAX = 65_536;
const COUNT = 0;
const ENTRY_WORDS = 4;
const ENTRIES_AT = 4;

export const LATE_CARVES_WORDS = ENTRIES_AT + CARVES_MAX * ENTRY_WORDS;

export class LateCarves {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** More than there is room for are left out: such slots are found in use when they are to be written. */
  add({ storePathIndex, subPathHigh, subPathLow, trunkFileId, offset, size }: TrunkInfo): void {
    const words = this.#words;
    if (words[COUNT]! >= CARVES_MAX) return;
    const at = ENTRIES_AT + words[COUNT]!++ * ENTRY_WORDS;
    words[at] = (storePathIndex << 16) | (subPathHigh << 8) | subPathLow;
    words[at + 1] = trunkFileId;
    words[at + 2] = offset;
    words[at + 3] = size;
  }

  /** Forgets all, and answers them. */
  takeAll(): TrunkInfo[] {
    const words = this.#words;
    const count = words[COUNT]!;
    words[COUNT] = 0;
    return Array.from({ length: count }, (_, index) => {
      const at = ENTRIES_AT + index * ENTRY_WORDS;
      const packed = words[at]!;
      return {
        storePathIndex: (packed >> 16) & 0xff,
        subPathHigh: (packed >> 8) & 0xff,
        subPathLow: packed & 0xff,
        trunkFileId: words[at + 1]!,
        offset: words[at + 2]!,
        size: words[at + 3]!,
      };
    });
  }
}
