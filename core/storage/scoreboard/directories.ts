// Whose turn it is to take new files (storage.md §4.8). Each worker fills a directory of its own before it takes the next:
// two that make files in one directory wait for each other in the kernel. The newest directory that was taken, and how many
// files it has, is what the statistics file keeps; with one client at a time the order is C's.

import { Cell } from "./memory.ts";
import type { SharedLock } from "./shared-lock.ts";

export class Directories {
  readonly #cells: Int32Array;
  readonly #lock: SharedLock;
  #high = 0;
  #low = 0;
  #count = 0;
  #isTaken = false;

  constructor(cells: Int32Array, lock: SharedLock) {
    this.#cells = cells;
    this.#lock = lock;
  }

  /** Where the count was left; nobody has taken it yet. */
  set(high: number, low: number, count: number): void {
    this.#cells[Cell.DIRECTORY_HIGH] = high;
    this.#cells[Cell.DIRECTORY_LOW] = low;
    this.#cells[Cell.DIRECTORY_COUNT] = count;
    this.#cells[Cell.DIRECTORY_TAKEN] = 0;
  }

  get newest(): { high: number; low: number; count: number } {
    return {
      high: this.#cells[Cell.DIRECTORY_HIGH]!,
      low: this.#cells[Cell.DIRECTORY_LOW]!,
      count: this.#cells[Cell.DIRECTORY_COUNT]!,
    };
  }

  /** The directory of this worker's next file, `high << 8 | low`; moves on after `rotateCount` files. */
  next(rotateCount: number, subdirCount: number): number {
    const cells = this.#cells;
    if (!this.#isTaken) this.#take(subdirCount);
    const directory = (this.#high << 8) | this.#low;
    this.#count++;
    this.#isTaken = this.#count < rotateCount;
    if (cells[Cell.DIRECTORY_LOW] !== this.#low || cells[Cell.DIRECTORY_HIGH] !== this.#high) return directory;
    // Not under the lock: should another worker move on just now, its directory gets a few files less or more.
    if (this.#isTaken) cells[Cell.DIRECTORY_COUNT] = this.#count;
    else this.#lock.run(() => this.#moveOn(subdirCount, 0));
    return directory;
  }

  #take(subdirCount: number): void {
    const cells = this.#cells;
    this.#lock.take();
    if (cells[Cell.DIRECTORY_TAKEN] === 1) this.#moveOn(subdirCount, 1);
    else cells[Cell.DIRECTORY_TAKEN] = 1;
    // The count may come from a configuration with more directories.
    this.#high = cells[Cell.DIRECTORY_HIGH]! % subdirCount;
    this.#low = cells[Cell.DIRECTORY_LOW]! % subdirCount;
    this.#count = cells[Cell.DIRECTORY_COUNT]!;
    this.#lock.give();
  }

  #moveOn(subdirCount: number, taken: 0 | 1): void {
    const cells = this.#cells;
    const high = cells[Cell.DIRECTORY_HIGH]! % subdirCount;
    const low = (cells[Cell.DIRECTORY_LOW]! % subdirCount) + 1;
    cells[Cell.DIRECTORY_LOW] = low % subdirCount;
    if (low >= subdirCount) cells[Cell.DIRECTORY_HIGH] = (high + 1) % subdirCount;
    cells[Cell.DIRECTORY_COUNT] = 0;
    cells[Cell.DIRECTORY_TAKEN] = taken;
  }
}
