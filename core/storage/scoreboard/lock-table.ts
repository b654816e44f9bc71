// Exclusive access to one file across workers: append, modify, truncate, regenerate, delete, metadata. Names share a
// fixed number of stripes in shared memory. Waiting is asynchronous and bounded, so no worker ever stands still for a
// lock; those who wait in one worker are served in order, workers take turns.

import type { Scoreboard } from "./scoreboard.ts";

/** How often a worker looks whether another one has given a stripe back. */
const POLL_MS = 1;
/** After so many hand-overs within one worker the others get their chance. */
const HANDOVERS_MAX = 32;

/** Those of one worker who want one stripe. */
interface Line {
  readonly stripe: number;
  readonly waiting: FileLock[];
  isHeld: boolean;
  handovers: number;
  poll: ReturnType<typeof setTimeout> | undefined;
}

export interface FileLockEvents {
  /** The lock is held, until its `release`. */
  granted(lock: FileLock): void;
  /** It was not free for too long. */
  refused(): void;
}

/** One wish for a lock. */
export class FileLock {
  readonly #table: LockTable;
  readonly #line: Line;
  readonly #events: FileLockEvents;
  #state: "waiting" | "held" | "over" = "waiting";
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(table: LockTable, line: Line, events: FileLockEvents) {
    this.#table = table;
    this.#line = line;
    this.#events = events;
  }

  get isWaiting(): boolean {
    return this.#state === "waiting";
  }

  /** Gives the lock back, or stops waiting for it. */
  release(): void {
    const state = this.#state;
    this.#state = "over";
    clearTimeout(this.#deadline);
    if (state === "waiting") this.#table.leave(this.#line, this);
    else if (state === "held") this.#table.give(this.#line);
  }

  grant(): void {
    clearTimeout(this.#deadline);
    this.#state = "held";
    this.#events.granted(this);
  }

  expireAfter(patienceMs: number): void {
    this.#deadline = setTimeout(() => {
      this.release();
      this.#events.refused();
    }, patienceMs);
  }
}

/** The locks of one worker. */
export class LockTable {
  readonly #scoreboard: Scoreboard;
  readonly #patienceMs: number;
  readonly #lines = new Map<number, Line>();

  constructor(scoreboard: Scoreboard, patienceMs: number) {
    this.#scoreboard = scoreboard;
    this.#patienceMs = patienceMs;
  }

  /** Asks for the lock of `name`; `granted` is called before this returns when it is free. */
  acquire(name: string, events: FileLockEvents): FileLock {
    const stripe = this.#scoreboard.stripeOf(name);
    let line = this.#lines.get(stripe);
    if (line === undefined) {
      line = {
        stripe,
        waiting: [],
        isHeld: false,
        handovers: 0,
        poll: undefined,
      };
      this.#lines.set(stripe, line);
    }
    const lock = new FileLock(this, line, events);
    line.waiting.push(lock);
    this.#advance(line);
    if (lock.isWaiting) lock.expireAfter(this.#patienceMs);
    return lock;
  }

  /** For FileLock: one that waits goes away. */
  leave(line: Line, lock: FileLock): void {
    const place = line.waiting.indexOf(lock);
    if (place >= 0) line.waiting.splice(place, 1);
    this.#advance(line);
  }

  /** For FileLock: the stripe is handed to the next in line, or back to all workers. */
  give(line: Line): void {
    const next = line.handovers < HANDOVERS_MAX ? line.waiting.shift() : undefined;
    if (next !== undefined) {
      line.handovers++;
      next.grant();
      return;
    }
    line.isHeld = false;
    line.handovers = 0;
    this.#scoreboard.unlockStripe(line.stripe);
    if (line.waiting.length === 0) this.#lines.delete(line.stripe);
    else this.#pollLater(line);
  }

  #advance(line: Line): void {
    if (line.isHeld) return;
    if (line.waiting.length === 0) {
      clearTimeout(line.poll);
      this.#lines.delete(line.stripe);
      return;
    }
    if (line.poll !== undefined) return;
    if (!this.#scoreboard.tryLockStripe(line.stripe)) {
      this.#pollLater(line);
      return;
    }
    line.isHeld = true;
    line.waiting.shift()!.grant();
  }

  #pollLater(line: Line): void {
    line.poll = setTimeout(() => {
      line.poll = undefined;
      this.#advance(line);
    }, POLL_MS);
  }
}
