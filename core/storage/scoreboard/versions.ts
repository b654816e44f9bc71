// What was lately done to names: deletions of all names, changes of names that can be used again (slaves, links, metadata).
// Replicas apply the same operations in different orders; with the time of a name's last change at hand a late message of
// an older one is recognised, and a deleted file never comes back. A bounded table in shared memory: the oldest entries of
// a full bucket make room. It is filled from the binlog's end at start-up.

import type { SharedLock } from "./shared-lock.ts";

/** Entries in all: 2^17 buckets of 8. */
const BUCKETS = 131_072;
const WAYS = 8;
/** Two halves of the name's hash, seconds, and origin with the deletion's flag. */
const CELLS = 4;
const DELETED = 0x1_0000;
const ORIGIN_MASK = 0xffff;

export const VERSION_CELLS = BUCKETS * WAYS * CELLS;

/** Origin of a change: not known, this storage, or one of the others from 2 on. */
export const ORIGIN_UNKNOWN = 0;
export const ORIGIN_OWN = 1;
export const ORIGIN_OTHERS = 2;

export interface Version {
  /** Unix seconds of the change, by the clock of its source. */
  readonly timestamp: number;
  readonly isDeleted: boolean;
  readonly origin: number;
}

export class Versions {
  readonly #cells: Int32Array;
  readonly #lock: SharedLock;

  constructor(cells: Int32Array, lock: SharedLock) {
    this.#cells = cells;
    this.#lock = lock;
  }

  /** Remembers a change; one that is older than what is known is not taken. */
  note(name: string, { timestamp, isDeleted, origin }: Version): void {
    const [high, low] = hashOf(name);
    const marks = origin | (isDeleted ? DELETED : 0);
    this.#lock.run(() => {
      const cells = this.#cells;
      const start = bucketOf(low) * WAYS * CELLS;
      let victim = start;
      for (let at = start; at < start + WAYS * CELLS; at += CELLS) {
        if (cells[at] === high && cells[at + 1] === low) {
          if (timestamp < cells[at + 2]!) return;
          victim = at;
          break;
        }
        if (cells[at + 2]! < cells[victim + 2]!) victim = at;
      }
      cells[victim] = high;
      cells[victim + 1] = low;
      cells[victim + 2] = timestamp;
      cells[victim + 3] = marks;
    });
  }

  /** The last known change of the name; null when none is remembered. */
  of(name: string): Version | null {
    const [high, low] = hashOf(name);
    return this.#lock.run(() => {
      const cells = this.#cells;
      const start = bucketOf(low) * WAYS * CELLS;
      for (let at = start; at < start + WAYS * CELLS; at += CELLS) {
        if (cells[at] !== high || cells[at + 1] !== low || cells[at + 2] === 0) continue;
        const marks = cells[at + 3]!;
        return { timestamp: cells[at + 2]!, isDeleted: (marks & DELETED) !== 0, origin: marks & ORIGIN_MASK };
      }
      return null;
    });
  }
}

const bucketOf = (low: number): number => (low >>> 0) % BUCKETS;

/** 64 bits in two halves: FNV-1a twice, with different starts and multipliers. */
function hashOf(name: string): [number, number] {
  let high = 0x811c9dc5 | 0;
  let low = 0x2f0b4a87 | 0;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995);
    low ^= low >>> 15;
  }
  return [high, low];
}
