// Slots that another storage was given (27) and of which it has not told yet what became of them (28), in words of shared
// memory. Used under the allocator's lock only.

import type { TrunkInfo } from "../../wire/storage-sync.ts";

const HOLDS_MAX = 16_384;
const BUCKETS = 4096;
const UNUSED = 0;
const TOP = 1;
const COUNT = 2;
const BUCKETS_AT = 4;
const ROWS_AT = BUCKETS_AT + BUCKETS;
/** Words of a row. */
const NEXT = 0;
const PLACE = 1;
const ID = 2;
const OFFSET = 3;
const SIZE = 4;
const TERM = 5;
const SINCE = 6;
const ROW_WORDS = 7;

export const HELD_BLOCKS_WORDS = ROWS_AT + (HOLDS_MAX + 1) * ROW_WORDS;

export class HeldBlocks {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  clear(): void {
    this.#words.fill(0, 0, ROWS_AT);
    this.#words[TOP] = 1;
  }

  get count(): number {
    return this.#words[COUNT]!;
  }

  /** False when too many are held. */
  add(block: TrunkInfo, term: number, seconds: number): boolean {
    const words = this.#words;
    let row = words[UNUSED]!;
    if (row !== 0) words[UNUSED] = words[rowAt(row) + NEXT]!;
    else if (words[TOP]! > HOLDS_MAX) return false;
    else row = words[TOP]!++;
    const at = rowAt(row);
    const bucket = bucketAt(block);
    words[at + PLACE] = placeOf(block);
    words[at + ID] = block.trunkFileId;
    words[at + OFFSET] = block.offset;
    words[at + SIZE] = block.size;
    words[at + TERM] = term;
    words[at + SINCE] = seconds;
    words[at + NEXT] = words[bucket]!;
    words[bucket] = row;
    words[COUNT]!++;
    return true;
  }

  /** Forgets the hold of exactly this block and term; false when there is none. */
  take(block: TrunkInfo, term: number): boolean {
    const words = this.#words;
    for (let link = bucketAt(block); words[link] !== 0; link = rowAt(words[link]!) + NEXT) {
      const at = rowAt(words[link]!);
      const isIt =
        words[at + ID] === block.trunkFileId &&
        words[at + OFFSET] === block.offset &&
        words[at + SIZE] === block.size &&
        words[at + PLACE] === placeOf(block) &&
        words[at + TERM] === term;
      if (!isIt) continue;
      this.#unlink(link);
      return true;
    }
    return false;
  }

  /** Forgets those that are held since before `seconds`, and answers them. */
  takeOlderThan(seconds: number): TrunkInfo[] {
    const words = this.#words;
    const blocks: TrunkInfo[] = [];
    if (this.count === 0) return blocks;
    for (let bucket = BUCKETS_AT; bucket < ROWS_AT; bucket++) {
      for (let link = bucket; words[link] !== 0; ) {
        const at = rowAt(words[link]!);
        if (words[at + SINCE]! >= seconds) {
          link = at + NEXT;
          continue;
        }
        const packed = words[at + PLACE]!;
        blocks.push({
          storePathIndex: (packed >> 16) & 0xff,
          subPathHigh: (packed >> 8) & 0xff,
          subPathLow: packed & 0xff,
          trunkFileId: words[at + ID]!,
          offset: words[at + OFFSET]!,
          size: words[at + SIZE]!,
        });
        this.#unlink(link);
      }
    }
    return blocks;
  }

  #unlink(link: number): void {
    const words = this.#words;
    const row = words[link]!;
    const at = rowAt(row);
    words[link] = words[at + NEXT]!;
    words[at + NEXT] = words[UNUSED]!;
    words[UNUSED] = row;
    words[COUNT]!--;
  }
}

const rowAt = (row: number): number => ROWS_AT + row * ROW_WORDS;

const bucketAt = ({ trunkFileId, offset }: TrunkInfo): number => {
  const mixed = Math.imul(trunkFileId, 0x9e37_79b1) ^ Math.imul(offset, 0x85eb_ca6b);
  return BUCKETS_AT + ((mixed ^ (mixed >>> 16)) & (BUCKETS - 1));
};

const placeOf = ({ storePathIndex, subPathHigh, subPathLow }: TrunkInfo): number =>
  (storePathIndex << 16) | (subPathHigh << 8) | subPathLow;
