// When operations of an open loop are due: evenly spread, each thread its share. What could not start in time is not left
// out but starts late, and its latency counts from when it was due.

export class Pace {
  /** How often what is due must be looked for. */
  static readonly tickMs = 1;
  readonly #intervalMs: number;
  readonly #shift: number;
  #dueAt = 0;

  constructor(ratePerSecond: number, thread: number, threads: number) {
    this.#intervalMs = (1000 * threads) / ratePerSecond;
    this.#shift = thread / threads;
  }

  start(now: number): void {
    this.#dueAt = now + this.#intervalMs * this.#shift;
  }

  isDue(now: number): boolean {
    return this.#dueAt <= now;
  }

  /**
   * Takes the operation that is due and returns the moment its latency counts from. If it had to wait for a connection that
   * is when it was due. If not, only our timer made it wait: up to two ticks of that are not the server's fault.
   */
  take(now: number, hadToWait: boolean): number {
    const dueAt = this.#dueAt;
    this.#dueAt += this.#intervalMs;
    return hadToWait ? dueAt : Math.min(now, dueAt + 2 * Pace.tickMs);
  }
}
