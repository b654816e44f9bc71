// How many connections each worker has, which of them takes more, and how many answers they have given. By owner: 0 is
// nobody, 1 the control thread, workers follow.

import { Cell, type Views } from "./memory.ts";

export const FIRST_OWNER = 2;

export class Connections {
  readonly #owner: number;
  readonly #cells: Int32Array;
  readonly #byOwner: Int32Array;
  readonly #serving: Int32Array;
  readonly #answers: Int32Array;

  constructor({ cells, ownerConnections, serving, answers }: Views, owner: number) {
    this.#owner = owner;
    this.#cells = cells;
    this.#byOwner = ownerConnections;
    this.#serving = serving;
    this.#answers = answers;
  }

  /** Counts a connection in; false when `limit` are open already. */
  opened(limit: number): boolean {
    const open = Atomics.add(this.#cells, Cell.CONNECTIONS, 1) + 1;
    if (open > limit) {
      Atomics.sub(this.#cells, Cell.CONNECTIONS, 1);
      return false;
    }
    Atomics.add(this.#byOwner, this.#owner, 1);
    if (open > Atomics.load(this.#cells, Cell.CONNECTIONS_MAX)) Atomics.store(this.#cells, Cell.CONNECTIONS_MAX, open);
    return true;
  }

  closed(): void {
    Atomics.sub(this.#cells, Cell.CONNECTIONS, 1);
    Atomics.sub(this.#byOwner, this.#owner, 1);
  }

  get current(): number {
    return Atomics.load(this.#cells, Cell.CONNECTIONS);
  }

  get max(): number {
    return Atomics.load(this.#cells, Cell.CONNECTIONS_MAX);
  }

  // ---- between workers ----

  /** The worker that a new connection of this one, counted in already, had better go to; -1: none has fewer. */
  lessBusyWorker(): number {
    let least = Atomics.load(this.#byOwner, this.#owner) - 1;
    let chosen = -1;
    for (let worker = 0; worker < this.#serving.length; worker++) {
      if (Atomics.load(this.#serving, worker) === 0) continue;
      const count = Atomics.load(this.#byOwner, worker + FIRST_OWNER);
      if (count >= least) continue;
      least = count;
      chosen = worker;
    }
    return chosen;
  }

  /** A connection that was counted in here is the other worker's from now on. */
  passTo(worker: number): void {
    Atomics.sub(this.#byOwner, this.#owner, 1);
    Atomics.add(this.#byOwner, worker + FIRST_OWNER, 1);
  }

  /** This worker listens and takes connections from others. */
  setServing(): void {
    Atomics.store(this.#serving, this.#owner - FIRST_OWNER, 1);
  }

  /** Gives back what an earlier thread in this worker's place had when it died. */
  reclaim(): void {
    Atomics.store(this.#serving, this.#owner - FIRST_OWNER, 0);
    const lost = Atomics.exchange(this.#byOwner, this.#owner, 0);
    Atomics.sub(this.#cells, Cell.CONNECTIONS, lost);
  }

  // ---- answers ----

  /** Counts an answer of this worker. */
  answered(): void {
    // Nobody else writes this cell.
    this.#answers[this.#owner - FIRST_OWNER]! += 1;
  }

  /** A number that is another one after each answer of any worker. */
  get answers(): number {
    let sum = 0;
    for (let worker = 0; worker < this.#answers.length; worker++) sum += this.#answers[worker]!;
    return sum;
  }
}
