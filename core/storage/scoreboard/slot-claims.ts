// Which piece of a trunk file each thread is writing just now. Two threads never write overlapping pieces at once, and those
// that write beside each other, as nearly all do, do not wait: a lock on the file made them sleep and wake for every upload.
//
// Every thread has one claim. It is made public first and then compared with all others; whoever sees an overlapping one
// takes his own back and tries again. Of two that begin at the same moment at least one sees the other.

import { CLAIM_CELLS } from "./memory.ts";

const ACTIVE = 0;
const FILE = 1;
const START = 2;
const END = 3;
const WAIT_MS = 1;

export class SlotClaims {
  readonly #cells: Int32Array;
  readonly #owner: number;
  readonly #own: number;
  readonly #ownerCount: number;

  constructor(cells: Int32Array, owner: number) {
    this.#cells = cells;
    this.#owner = owner;
    this.#own = owner * CLAIM_CELLS;
    this.#ownerCount = cells.length / CLAIM_CELLS - 1;
  }

  /** Runs `section` while no other thread is in one for an overlapping piece. Not while this thread is in another one. */
  run<T>(trunkFileId: number, offset: number, size: number, section: () => T): T {
    const cells = this.#cells;
    this.#noteOwner();
    Atomics.store(cells, this.#own + FILE, trunkFileId);
    Atomics.store(cells, this.#own + START, offset);
    Atomics.store(cells, this.#own + END, offset + size);
    for (;;) {
      Atomics.store(cells, this.#own + ACTIVE, 1);
      const other = this.#overlapping(trunkFileId, offset, offset + size);
      if (other < 0) break;
      this.#end();
      // Not all the same time: two that see each other must not go on doing so.
      Atomics.wait(cells, other, 1, Math.random() * WAIT_MS);
    }
    try {
      return section();
    } finally {
      this.#end();
    }
  }

  /** A thread that died inside a section. */
  reclaim(): void {
    this.#end();
  }

  #end(): void {
    Atomics.store(this.#cells, this.#own + ACTIVE, 0);
    Atomics.notify(this.#cells, this.#own + ACTIVE);
  }

  /** The cell to wait for, or -1. */
  #overlapping(file: number, start: number, end: number): number {
    const cells = this.#cells;
    const count = Atomics.load(cells, this.#ownerCount * CLAIM_CELLS);
    for (let at = 0; at < count * CLAIM_CELLS; at += CLAIM_CELLS) {
      if (at === this.#own || Atomics.load(cells, at + ACTIVE) === 0) continue;
      const isOverlapping =
        Atomics.load(cells, at + FILE) === file &&
        Atomics.load(cells, at + START) < end &&
        Atomics.load(cells, at + END) > start;
      if (isOverlapping) return at + ACTIVE;
    }
    return -1;
  }

  /** Only owners that ever claimed anything are looked at. */
  #noteOwner(): void {
    const cells = this.#cells;
    const cell = this.#ownerCount * CLAIM_CELLS;
    for (let count = Atomics.load(cells, cell); count <= this.#owner; count = Atomics.load(cells, cell)) {
      Atomics.compareExchange(cells, cell, count, this.#owner + 1);
    }
  }
}
