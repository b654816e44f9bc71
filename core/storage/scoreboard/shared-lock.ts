// A lock between threads that is held for microseconds: a waiting thread sleeps on the cell. For what takes longer, or
// waits for a client, there is LockTable.

const WAIT_MS = 1;

export class SharedLock {
  readonly #cells: Int32Array;
  readonly #cell: number;
  readonly #owner: number;

  /** `owner` is written into the cell while it is held, so that the lock of a thread that died can be given back. */
  constructor(cells: Int32Array, cell: number, owner: number) {
    this.#cells = cells;
    this.#cell = cell;
    this.#owner = owner;
  }

  /** Runs `section` while no other thread is in one of the same lock. */
  run<T>(section: () => T): T {
    this.take();
    try {
      return section();
    } finally {
      this.give();
    }
  }

  take(): void {
    for (;;) {
      const holder = Atomics.compareExchange(this.#cells, this.#cell, 0, this.#owner);
      if (holder === 0) return;
      Atomics.wait(this.#cells, this.#cell, holder, WAIT_MS);
    }
  }

  give(): void {
    Atomics.store(this.#cells, this.#cell, 0);
    Atomics.notify(this.#cells, this.#cell, 1);
  }

  /** Gives the lock back if this owner holds it: it died inside a section. */
  reclaim(): void {
    if (Atomics.compareExchange(this.#cells, this.#cell, this.#owner, 0) === this.#owner) {
      Atomics.notify(this.#cells, this.#cell, 1);
    }
  }
}
