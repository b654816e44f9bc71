// Content that somebody else takes from the socket, from the moment it is left to them until they are done. Where it goes
// is the operation's business, how many bytes are missing the reader's.

/** Starts taking `length` bytes; returns what ends that early, or null when it cannot be done. */
export type TakeContent = (length: number) => (() => void) | null;

export class LeftContent {
  #isPlanned = false;
  #stop: (() => void) | undefined;

  /** Somebody else reads the socket. */
  get isUnderWay(): boolean {
    return this.#stop !== undefined;
  }

  /**
   * `remaining` is asked at the end of this turn, when everything that the paused socket had in hand has come: how much is
   * to be taken, 0 for nothing any more. `declined`: it cannot be done.
   */
  plan(remaining: () => number, take: TakeContent, declined: () => void): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      const length = remaining();
      const stop = length === 0 ? null : take(length);
      this.#isPlanned = false;
      if (stop !== null) this.#stop = stop;
      else declined();
    });
  }

  /** They are done. */
  done(): void {
    this.#stop = undefined;
  }

  /** Ends it early, if it is under way. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
