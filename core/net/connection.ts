// One server-side connection: requests come in through its reader, replies leave through its outbox, which never holds more
// than one reply's remainder. It decides when the connection ends; what requests mean is the routes' business.

import { native, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { encodeStatus } from "../wire/header.ts";
import { Status } from "../wire/status.ts";
import { Outbox, type SentCallback } from "./outbox.ts";
import { type ReadingRules, RequestReader } from "./request-reader.ts";

/** What all connections of one server have in common. */
export interface ConnectionRules<S> extends ReadingRules<S> {
  /** A C storage closes after it has answered EINVAL (storage.md §1.1). */
  readonly closeAfterEinval: boolean;
  readonly networkTimeoutMs: number;
  /** After each answer. */
  readonly answered?: () => void;
}

/** How long a closing connection goes on reading, so that the peer gets the answer instead of a reset. */
const LINGER_MS = 2000;

let nextId = 1;

/** S is what the server above keeps a connection's state in. */
export class Connection<S = unknown> implements SocketHandlers {
  readonly id = nextId++;
  session: S | undefined;
  readonly #socket: Socket;
  readonly #rules: ConnectionRules<S>;
  readonly #onClose: (connection: Connection<S>) => void;
  readonly #reader: RequestReader<S>;
  readonly #outbox: Outbox;
  #closeWhenSent = false;
  #served = 0;
  #progressAt = Date.now();

  constructor(socket: Socket, rules: ConnectionRules<S>, onClose: (connection: Connection<S>) => void) {
    this.#socket = socket;
    this.#rules = rules;
    this.#onClose = onClose;
    this.#outbox = new Outbox(socket);
    this.#reader = new RequestReader(socket, rules, this);
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number {
    return this.#socket.remotePort;
  }

  get localAddress(): string {
    return this.#socket.localAddress;
  }

  get isClosed(): boolean {
    return this.#reader.phase === "closed";
  }

  /** The kernel has every byte of the answers given so far. */
  get isAllSent(): boolean {
    return this.#outbox.isEmpty;
  }

  /** True between requests with nothing left to send. */
  get isIdle(): boolean {
    return this.#reader.isBetweenRequests && this.#outbox.isEmpty;
  }

  // ---- from the socket ----

  data(chunk: Uint8Array): void {
    this.#progressAt = Date.now();
    this.#reader.data(chunk);
    this.#acknowledgePart();
  }

  drain(): void {
    this.#progressAt = Date.now();
    if (!this.#outbox.flush() || !this.#reader.isReplied) return;
    if (this.#closeWhenSent) this.#linger();
    else this.#reader.allSent();
  }

  close(error?: Error): void {
    if (this.isClosed) return;
    const sink = this.#reader.close();
    this.#outbox.cancel(error ?? new Error("the peer closed the connection"));
    sink?.abort();
    this.#onClose(this);
  }

  // ---- for the operations above ----

  /** Answers the current request with a whole packet. */
  reply(packet: Uint8Array): void {
    if (!this.#reader.takeReply()) return;
    this.#outbox.send(packet);
    this.#requestDone();
  }

  /** Answers with a bare header. EINVAL may end the connection, as the C storage does. */
  replyStatus(status: number): void {
    if (!this.#reader.takeReply()) return;
    if (status === Status.EINVAL && this.#rules.closeAfterEinval) this.#closeWhenSent = true;
    this.#outbox.send(encodeStatus(status));
    this.#requestDone();
  }

  /**
   * Answers with `head` and `length` bytes of the file from `offset`; head and first content leave together, memory stays
   * bounded whatever the reader's pace. `done` gets the bytes of content sent; the caller closes `fd` in it.
   */
  replyFile(head: Uint8Array, fd: number, offset: number, length: number, done: SentCallback): void {
    if (!this.#reader.takeReply()) {
      done(new Error("the connection is closed"), 0);
      return;
    }
    this.#outbox.sendFile(head, fd, offset, length, (error, bytesSent) => this.#bodySent(error, bytesSent, done));
  }

  /**
   * Answers with `head` and content that comes from elsewhere, at the pace of the slower of the two; it must yield exactly
   * the bytes that `head` announces. A failure on the way closes the connection; a client that vanishes ends the iteration.
   * `done` is called once with the bytes of content sent.
   */
  replyContent(head: Uint8Array, content: AsyncIterable<Uint8Array>, done: SentCallback): void {
    if (!this.#reader.takeReply()) {
      // Also an iteration that was never begun has something to give back.
      void content[Symbol.asyncIterator]()
        .return?.()
        .catch(() => {});
      done(new Error("the connection is closed"), 0);
      return;
    }
    this.#outbox.sendContent(head, content, {
      progress: () => {
        this.#progressAt = Date.now();
      },
      done: (error, bytesSent) => this.#bodySent(error, bytesSent, done),
    });
  }

  /** Answers with content whose length nobody knows before its end: the connection ends with it. `head` announces OPEN_LENGTH. */
  replyOpenContent(head: Uint8Array, content: AsyncIterable<Uint8Array>, done: SentCallback): void {
    this.#closeWhenSent = true;
    this.replyContent(head, content, done);
  }

  /** Stops the arrival of content until `resumeBody`; the kernel's buffer then holds the sender back. */
  pauseBody(): void {
    this.#reader.pauseBody();
  }

  resumeBody(): void {
    if (!this.#reader.isBodyPaused) return;
    this.#progressAt = Date.now();
    this.#reader.resumeBody();
  }

  /** Content bytes of the current request that have not been handed on. */
  get contentToCome(): number {
    return this.#reader.contentToCome;
  }

  /**
   * Leaves the rest of the content to somebody who reads the socket: `begin` gets its descriptor and how many bytes are to
   * come, and returns what ends that early, or null when it cannot be done. `contentTaken` and `resumeBody` end it.
   */
  leaveContent(begin: (socketFd: number, length: number) => (() => void) | null): void {
    this.#reader.leaveContent((length) => begin(this.#socket.fd, length));
  }

  contentTaken(size: number): void {
    this.#reader.contentTaken(size);
  }

  /** Ends the connection after what was sent; what the peer still sends is read and thrown away for a moment. */
  endGracefully(): void {
    if (this.isClosed) return;
    if (!this.#outbox.isEmpty) {
      this.#closeWhenSent = true;
      return;
    }
    this.#linger();
  }

  /** Ends the connection at once. */
  destroy(): void {
    if (!this.isClosed) this.#socket.destroy();
  }

  /** Called about once a second: closes what has made no progress for the network timeout (tracker.md §1.2). */
  checkTimeout(now: number): void {
    const { phase, isMidRequest, isBodyPaused } = this.#reader;
    const limit = phase === "linger" ? LINGER_MS : this.#rules.networkTimeoutMs;
    if (now - this.#progressAt < limit) return;
    const { isEmpty } = this.#outbox;
    const waitsForUs = (phase === "busy" && isEmpty) || this.#outbox.awaitsContent;
    const idleBetweenRequests = phase === "head" && !isMidRequest && isEmpty && this.#served > 0;
    if (waitsForUs || idleBetweenRequests || (isBodyPaused && isEmpty)) return;
    if (phase !== "linger") {
      this.#rules.log.debug(`Connection of ${this.remoteAddress} closed: no progress for ${now - this.#progressAt} ms`);
    }
    this.destroy();
  }

  // ---- inside ----

  /**
   * C's clients send a request's head and its content in two writes and leave Nagle's algorithm on: the second write waits
   * for the acknowledgement of the first, which the kernel would hold back for 40 ms in the hope of an answer.
   */
  #acknowledgePart(): void {
    if (!this.#reader.isShortOfLittle) return;
    const fd = this.#socket.fd;
    if (fd >= 0) native()?.acknowledge(fd);
  }

  #bodySent(error: Error | null, bytesSent: number, done: SentCallback): void {
    done(error, bytesSent);
    if (this.isClosed) return;
    // The announced length can no longer be kept: only closing tells the peer (storage.md §2.7).
    if (error !== null) this.destroy();
    else this.#requestDone();
  }

  #requestDone(): void {
    this.#served++;
    this.#progressAt = Date.now();
    if (this.#closeWhenSent) {
      this.#reader.forgetSink();
      this.endGracefully();
      return;
    }
    this.#reader.replied();
    this.#rules.answered?.();
  }

  #linger(): void {
    this.#progressAt = Date.now();
    this.#reader.linger();
    this.#socket.end();
  }
}
