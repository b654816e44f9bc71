// Exclusive access to one file across workers: append, modify, truncate, regenerate, delete, metadata. Waiting is
// asynchronous, so a worker never stands still for another's lock; the connection's timeout bounds it.

import { Scoreboard } from "./scoreboard.ts";

const RETRY_MS = 1;

export class FileLock {
  readonly #scoreboard: Scoreboard;
  readonly #stripe: number;
  #isHeld = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(scoreboard: Scoreboard, name: string) {
    this.#scoreboard = scoreboard;
    this.#stripe = Scoreboard.stripeOf(name);
  }

  /** Calls `granted` once the lock is held: at once when it is free. Returns false when it has to wait. */
  acquire(granted: () => void): boolean {
    if (this.#scoreboard.tryLockStripe(this.#stripe)) {
      this.#isHeld = true;
      granted();
      return true;
    }
    this.#timer = setTimeout(() => this.acquire(granted), RETRY_MS);
    return false;
  }

  /** Gives the lock back, or stops waiting for it. */
  release(): void {
    clearTimeout(this.#timer);
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#scoreboard.unlockStripe(this.#stripe);
  }
}
