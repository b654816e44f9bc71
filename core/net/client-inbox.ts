// Bytes that have arrived on a client's connection and wait to be read. The queue is bounded: above the limit the socket is
// paused, and it goes on when the reader has caught up.

/** Received bytes that may wait for a slow reader before the socket is paused. */
const QUEUE_LIMIT = 1024 * 1024;

/** The two verbs of a socket that slow its sender down. */
interface Flow {
  pause(): void;
  resume(): void;
}

export class ClientInbox {
  readonly #flow: Flow;
  readonly #queue: Uint8Array[] = [];
  #size = 0;
  #isPaused = false;
  /** Why nothing more will come. */
  #end: { failure: unknown } | undefined;
  #reader: { resolve(): void; reject(failure: unknown): void } | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** True while someone waits for bytes that have not come. */
  get isAwaited(): boolean {
    return this.#reader !== undefined;
  }

  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#size += chunk.length;
    if (this.#size > QUEUE_LIMIT && !this.#isPaused) {
      this.#isPaused = true;
      this.#flow.pause();
    }
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve();
  }

  /** Nothing more will come: what is queued can still be read, then `failure` is thrown. */
  end(failure: unknown): void {
    this.#end ??= { failure };
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(failure);
  }

  /** The next 1 to `limit` bytes. */
  async readSome(limit: number): Promise<Uint8Array> {
    while (this.#size === 0) {
      if (this.#end !== undefined) throw this.#end.failure;
      this.#resumeBelow(QUEUE_LIMIT);
      await new Promise<void>((resolve, reject) => {
        this.#reader = { resolve, reject };
      });
    }
    const first = this.#queue[0]!;
    const chunk = first.subarray(0, limit);
    if (chunk.length === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(limit);
    this.#size -= chunk.length;
    this.#resumeBelow(QUEUE_LIMIT / 2);
    return chunk;
  }

  /** Exactly `size` bytes, in one piece. */
  async readExactly(size: number): Promise<Uint8Array> {
    if (size === 0) return new Uint8Array(0);
    const first = await this.readSome(size);
    if (first.length === size) return first;
    const whole = new Uint8Array(size);
    whole.set(first);
    for (let done = first.length; done < size; ) {
      const chunk = await this.readSome(size - done);
      whole.set(chunk, done);
      done += chunk.length;
    }
    return whole;
  }

  #resumeBelow(size: number): void {
    if (!this.#isPaused || this.#size >= size) return;
    this.#isPaused = false;
    this.#flow.resume();
  }
}
