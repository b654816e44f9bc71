// Sends a packet head and content that comes piece by piece from elsewhere, at the pace of the slower side: the next piece is
// asked for when the socket has taken the last one. Holds one piece; where the content comes from is its maker's business.

import { releaseBuffers, type Socket } from "../runtime/index.ts";
import { decodeHeader } from "../wire/header.ts";

/** From this size on, buffers of pieces that were sent are released on the way. */
const HUGE_BODY_BYTES = 64 * 1024 * 1024;
const RELEASE_EVERY_BYTES = 8 * 1024 * 1024;
/** A first piece up to this size leaves in one write with the head. */
const ONE_WRITE_MAX = 64 * 1024;

export interface ContentEvents {
  /** A piece has come. */
  readonly progress: () => void;
  /** The end, once: what went wrong, and the bytes of content sent. */
  readonly done: (error: Error | null, bytesSent: number) => void;
}

/** What a head announces when its content ends with the connection: more than any content has (C: the same number). */
export const OPEN_LENGTH = 2 ** 58;

const NOTHING = new Uint8Array(0);

export class ContentSender {
  readonly #socket: Socket;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #events: ContentEvents;
  readonly #length: number;
  /** Content bytes that have come from the iterator. */
  #arrived = 0;
  #unsent: Uint8Array;
  #sinceRelease = 0;
  #isAwaiting = false;
  #isContentOver = false;
  #isFinished = false;

  /** `head` announces the length of the content; more or fewer bytes are an error, unless it announces OPEN_LENGTH. */
  constructor(socket: Socket, head: Uint8Array, content: AsyncIterable<Uint8Array>, events: ContentEvents) {
    this.#socket = socket;
    this.#iterator = content[Symbol.asyncIterator]();
    this.#events = events;
    this.#length = decodeHeader(head).bodyLength;
    this.#unsent = head;
  }

  /** True while the next piece has not come. */
  get awaitsContent(): boolean {
    return this.#isAwaiting;
  }

  /** Sends as much as the socket takes; called again on every drain. */
  pump(): void {
    // While a piece is awaited, only the head can be unsent: it leaves with that piece.
    if (this.#isFinished || this.#isAwaiting) return;
    if (this.#arrived > 0 || this.#isContentOver) {
      const taken = this.#socket.write(this.#unsent);
      this.#unsent = taken === this.#unsent.length ? NOTHING : this.#unsent.subarray(taken);
      if (this.#unsent.length > 0) return;
      this.#release();
    }
    if (this.#isContentOver) this.#finish(null);
    else this.#next();
  }

  /** The peer is gone: what is on its way is given up. */
  cancel(error: Error): void {
    this.#finish(error);
  }

  #next(): void {
    this.#isAwaiting = true;
    this.#iterator.next().then(
      (step) => {
        this.#isAwaiting = false;
        if (this.#isFinished) return;
        if (step.done === true) this.#ended();
        else this.#take(step.value);
      },
      (error: unknown) => {
        this.#isAwaiting = false;
        this.#isContentOver = true;
        this.#finish(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #take(piece: Uint8Array): void {
    this.#events.progress();
    this.#arrived += piece.length;
    this.#sinceRelease += piece.length;
    if (this.#arrived > this.#length) {
      this.#finish(new Error(`the content has more than the announced ${this.#length} bytes`));
      return;
    }
    this.#unsent = this.#unsent.length === 0 ? piece : this.#afterHead(piece);
    this.pump();
  }

  /** Head and first piece together. */
  #afterHead(piece: Uint8Array): Uint8Array {
    const head = this.#unsent;
    if (piece.length > ONE_WRITE_MAX) {
      const taken = this.#socket.write(head);
      if (taken === head.length) return piece;
      this.#unsent = head.subarray(taken);
    }
    const both = new Uint8Array(this.#unsent.length + piece.length);
    both.set(this.#unsent);
    both.set(piece, this.#unsent.length);
    return both;
  }

  #ended(): void {
    this.#isContentOver = true;
    if (this.#arrived === this.#length || this.#length === OPEN_LENGTH) this.pump();
    else this.#finish(new Error(`the content ended after ${this.#arrived} of ${this.#length} bytes`));
  }

  /** Pieces arrive in fresh buffers faster than the collector would look for dead ones. */
  #release(): void {
    if (this.#length < HUGE_BODY_BYTES || this.#sinceRelease < RELEASE_EVERY_BYTES) return;
    this.#sinceRelease = 0;
    releaseBuffers();
  }

  #finish(error: Error | null): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const sent = Math.max(0, this.#arrived - this.#unsent.length);
    this.#unsent = NOTHING;
    // A maker that waits for its next piece hears of it when that has come; `done` may hurry it.
    if (!this.#isContentOver) void this.#iterator.return?.().catch(() => {});
    this.#events.done(error, sent);
  }
}
