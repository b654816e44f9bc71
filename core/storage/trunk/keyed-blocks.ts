// Blocks by trunk file and offset, as the whole trunk binlog is replayed (trunk-dedup-recovery.md §1.11 Loading 3): what is
// there is kept, and goes whatever size the line says. Overlaps are found later, by the map. Pure.

import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { TrunkPlace } from "./trunk-file.ts";

/** Sizes by offset. */
type Sizes = Map<number, number>;

export class KeyedBlocks {
  /** By store path and directories in one number, then by id. */
  readonly #files = new Map<number, Map<number, Sizes>>();

  /** False when one begins there already. */
  add(block: TrunkInfo): boolean {
    const sizes = this.#sizesOf(block);
    if (sizes.has(block.offset)) return false;
    sizes.set(block.offset, block.size);
    return true;
  }

  /** False when none begins there. */
  delete(block: TrunkInfo): boolean {
    return this.#sizesOf(block).delete(block.offset);
  }

  *blocks(): IterableIterator<TrunkInfo> {
    for (const [packed, files] of this.#files) {
      const place = { storePathIndex: packed >> 16, subPathHigh: (packed >> 8) & 0xff, subPathLow: packed & 0xff };
      for (const [trunkFileId, sizes] of files) {
        for (const [offset, size] of sizes) yield { ...place, trunkFileId, offset, size };
      }
    }
  }

  #sizesOf({ storePathIndex, subPathHigh, subPathLow, trunkFileId }: TrunkPlace): Sizes {
    const packed = (storePathIndex << 16) | ((subPathHigh & 0xff) << 8) | (subPathLow & 0xff);
    let files = this.#files.get(packed);
    if (files === undefined) {
      files = new Map();
      this.#files.set(packed, files);
    }
    let sizes = files.get(trunkFileId);
    if (sizes === undefined) {
      sizes = new Map();
      files.set(trunkFileId, sizes);
    }
    return sizes;
  }
}
