// Changes of the free-space map that are not in the trunk binlog yet: a ring of words in shared memory. Threads push under the
// allocator's lock and take out under the journal's, so that neither side waits for the other.

import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { JournalOp } from "./space.ts";

export interface JournalEntry {
  /** Unix seconds. */
  readonly seconds: number;
  readonly op: JournalOp;
  readonly block: TrunkInfo;
}

const ENTRIES = 65_536;
const ENTRY_WORDS = 5;
/** Entries that were taken out, and that were pushed; both count round at 2^32. */
const TAKEN = 0;
const PUSHED = 1;
const HEADER_WORDS = 4;
const DELETES = 0x0100_0000;

export const JOURNAL_RING_WORDS = HEADER_WORDS + ENTRIES * ENTRY_WORDS;

export class JournalRing {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  get length(): number {
    return (Atomics.load(this.#words, PUSHED) - Atomics.load(this.#words, TAKEN)) >>> 0;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#words, PUSHED) === Atomics.load(this.#words, TAKEN);
  }

  /** Entries that find room. */
  get room(): number {
    return ENTRIES - this.length;
  }

  /** False when there is no room. Under the allocator's lock. */
  push(seconds: number, op: JournalOp, block: TrunkInfo): boolean {
    if (this.room === 0) return false;
    const words = this.#words;
    const pushed = words[PUSHED]!;
    const at = wordOf(pushed);
    words[at] = seconds;
    words[at + 1] =
      (op === "D" ? DELETES : 0) | (block.storePathIndex << 16) | (block.subPathHigh << 8) | block.subPathLow;
    words[at + 2] = block.trunkFileId;
    words[at + 3] = block.offset;
    words[at + 4] = block.size;
    Atomics.store(words, PUSHED, (pushed + 1) | 0);
    return true;
  }

  /** The oldest entries, at most `max`; they stay. Under the journal's lock. */
  peek(max: number): JournalEntry[] {
    const words = this.#words;
    const taken = words[TAKEN]!;
    const count = Math.min(max, this.length);
    return Array.from({ length: count }, (_, index) => {
      const at = wordOf((taken + index) | 0);
      const packed = words[at + 1]!;
      return {
        seconds: words[at]! >>> 0,
        op: (packed & DELETES) === 0 ? "A" : "D",
        block: {
          storePathIndex: (packed >> 16) & 0xff,
          subPathHigh: (packed >> 8) & 0xff,
          subPathLow: packed & 0xff,
          trunkFileId: words[at + 2]!,
          offset: words[at + 3]!,
          size: words[at + 4]!,
        },
      };
    });
  }

  /** Lets the oldest entries go. Under the journal's lock. */
  advance(count: number): void {
    Atomics.store(this.#words, TAKEN, (this.#words[TAKEN]! + count) | 0);
  }
}

const wordOf = (counted: number): number => HEADER_WORDS + ((counted >>> 0) % ENTRIES) * ENTRY_WORDS;
