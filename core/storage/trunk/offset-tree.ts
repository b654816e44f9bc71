// The free blocks of one trunk file in order of their offsets: a treap whose links are words of the map, so that all threads
// see it. It answers who lies at, before or behind an offset; blocks that overlap are kept out by space.ts. Pure.

import { Row, type SpaceMemory } from "./space-memory.ts";

export class OffsetTree {
  readonly #memory: SpaceMemory;
  readonly #words: Int32Array;

  constructor(memory: SpaceMemory) {
    this.#memory = memory;
    this.#words = memory.words;
  }

  /** Puts a row whose offset is set into the tree whose root stands at the word `rootAt`. */
  insert(rootAt: number, row: number): void {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const offset = words[at + Row.OFFSET]!;
    const weight = weightOf(row);
    let link = rootAt;
    let next = words[link]!;
    while (next !== 0 && weightOf(next) >= weight) {
      const nextAt = this.#memory.rowAt(next);
      link = offset < words[nextAt + Row.OFFSET]! ? nextAt + Row.LEFT : nextAt + Row.RIGHT;
      next = words[link]!;
    }
    words[link] = row;
    // What hung there is parted into what lies before the new row and what lies behind it.
    let before = at + Row.LEFT;
    let behind = at + Row.RIGHT;
    while (next !== 0) {
      const nextAt = this.#memory.rowAt(next);
      if (words[nextAt + Row.OFFSET]! < offset) {
        words[before] = next;
        before = nextAt + Row.RIGHT;
        next = words[before]!;
      } else {
        words[behind] = next;
        behind = nextAt + Row.LEFT;
        next = words[behind]!;
      }
    }
    words[before] = 0;
    words[behind] = 0;
  }

  /** Takes out a row that is in the tree. */
  remove(rootAt: number, row: number): void {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const offset = words[at + Row.OFFSET]!;
    let link = rootAt;
    while (words[link] !== row) {
      const nextAt = this.#memory.rowAt(words[link]!);
      link = offset < words[nextAt + Row.OFFSET]! ? nextAt + Row.LEFT : nextAt + Row.RIGHT;
    }
    let left = words[at + Row.LEFT]!;
    let right = words[at + Row.RIGHT]!;
    while (left !== 0 && right !== 0) {
      if (weightOf(left) >= weightOf(right)) {
        words[link] = left;
        link = this.#memory.rowAt(left) + Row.RIGHT;
        left = words[link]!;
      } else {
        words[link] = right;
        link = this.#memory.rowAt(right) + Row.LEFT;
        right = words[link]!;
      }
    }
    words[link] = left === 0 ? right : left;
  }

  /** The last row that begins at `offset` or before; 0: none. */
  floor(rootAt: number, offset: number): number {
    const words = this.#words;
    let found = 0;
    let row = words[rootAt]!;
    while (row !== 0) {
      const at = this.#memory.rowAt(row);
      if (words[at + Row.OFFSET]! <= offset) {
        found = row;
        row = words[at + Row.RIGHT]!;
      } else {
        row = words[at + Row.LEFT]!;
      }
    }
    return found;
  }

  /** All rows by offset. */
  rows(rootAt: number): number[] {
    const words = this.#words;
    const rows: number[] = [];
    const above: number[] = [];
    let row = words[rootAt]!;
    for (;;) {
      while (row !== 0) {
        above.push(row);
        row = words[this.#memory.rowAt(row) + Row.LEFT]!;
      }
      const next = above.pop();
      if (next === undefined) return rows;
      rows.push(next);
      row = words[this.#memory.rowAt(next) + Row.RIGHT]!;
    }
  }
}

/** As good as random, and always the same for a row: parents are heavier than their children. */
function weightOf(row: number): number {
  let mixed = Math.imul(row, 0x9e37_79b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
