// Whether the index of duplicates is worth asking: after a failure it is left alone for a while, so that uploads do not wait
// for it one after the other. What an operator has to hear of it is said here, too. Pure but for the log.

import type { NetLog } from "../../net/frame-protocol.ts";

const FIRST_REST_MS = 1000;
const LAST_REST_MS = 15_000;
/** While it stays away that is said so often. */
const REMIND_MS = 60_000;

export class Reachability {
  readonly #log: NetLog;
  readonly #clock: () => number;
  #restUntilMs = 0;
  #restMs = FIRST_REST_MS;
  #isAway = false;
  #saidMs = 0;
  /** Uploads that were stored as they are since it went away. */
  #misses = 0;

  constructor(log: NetLog, clock: () => number = Date.now) {
    this.#log = log;
    this.#clock = clock;
  }

  /** True when it may be asked. While it is away one request tries, the others do not wait for it. */
  mayAsk(): boolean {
    if (!this.#isAway) return true;
    const now = this.#clock();
    if (now < this.#restUntilMs) return false;
    this.#restUntilMs = now + this.#restMs;
    return true;
  }

  /** It did not answer. */
  failed(error: unknown): void {
    const now = this.#clock();
    const reason = error instanceof Error ? error.message : String(error);
    if (!this.#isAway || now - this.#saidMs >= REMIND_MS) {
      const since = this.#isAway ? `; ${this.#misses} so far` : "";
      this.#log.warn(`${reason}; uploads are stored without looking for their equals until it answers${since}`);
      this.#saidMs = now;
    }
    this.#restMs = this.#isAway ? Math.min(this.#restMs * 2, LAST_REST_MS) : FIRST_REST_MS;
    this.#isAway = true;
    this.#restUntilMs = now + this.#restMs;
  }

  missed(): void {
    this.#misses++;
  }

  /** It has answered. True when it was away until now. */
  answered(): boolean {
    if (!this.#isAway) return false;
    this.#log.warn(`The index of duplicates answers again; ${this.#misses} uploads were stored without it`);
    this.#isAway = false;
    this.#misses = 0;
    return true;
  }
}
