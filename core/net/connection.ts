// One server-side connection: cuts the byte stream into requests, hands them to their routes one at a time, and sends
// the replies without ever holding more than one reply's remainder. It knows headers and nothing of what they mean.

import { native, releaseBuffers, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { decodeHeader, encodeStatus, type Header } from "../wire/header.ts";
import { HEADER_SIZE } from "../wire/limits.ts";
import { Status } from "../wire/status.ts";
import type { BodySink, NetLog, Route } from "./frame-protocol.ts";
import { Outbox } from "./outbox.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";

/** What all connections of one server have in common. */
export interface ConnectionRules<S> {
  readonly routes: ReadonlyMap<number, Route<S>>;
  /** Largest body that is collected in memory; also the largest fixed part of a stream. */
  readonly maxBodyBytes: number;
  /** What happens to a larger one: "drop" closes at once (tracker.md §1.2), "einval" answers 22 (storage.md §1.1). */
  readonly oversize: "drop" | "einval";
  /** A C storage closes after it has answered EINVAL (storage.md §1.1). */
  readonly closeAfterEinval: boolean;
  readonly networkTimeoutMs: number;
  readonly log: NetLog;
}

/** Received bytes that may wait while a reply is under way; beyond it the socket is paused. */
const BACKLOG_LIMIT = 64 * 1024;
/** From this size on, the buffers of a body are released while it streams. */
const HUGE_BODY_BYTES = 64 * 1024 * 1024;
const RELEASE_EVERY_BYTES = 4 * 1024 * 1024;
/** Far more than this is missing: the sender's segments are full ones, which wait for nothing. */
const SMALL_PART_BYTES = 64 * 1024;
/** How long a closing connection goes on reading, so that the peer gets the answer instead of a reset. */
const LINGER_MS = 2000;

type Phase =
  /** Between requests, or in the middle of a header or fixed part. */
  | "head"
  /** Content goes to the sink. */
  | "body"
  /** Content of a refused request is thrown away. */
  | "discard"
  /** A request is being worked on; its reply is awaited. */
  | "busy"
  /** The last answer is out; what still arrives is thrown away until the peer closes. */
  | "linger"
  | "closed";

let nextId = 1;

/** S is what the server above keeps a connection's state in. */
export class Connection<S = unknown> implements SocketHandlers {
  readonly id = nextId++;
  session: S | undefined;
  readonly #socket: Socket;
  readonly #rules: ConnectionRules<S>;
  readonly #onClose: (connection: Connection<S>) => void;

  #phase: Phase = "head";
  readonly #pending = new ReceiveBuffer();
  #header: Header | undefined;
  #sink: BodySink | undefined;
  #route: Route<S> | undefined;
  /** Content bytes of the current request that have not arrived yet. */
  #remaining = 0;
  #streamed = 0;
  #replied = false;
  readonly #outbox: Outbox;
  #bodyPaused = false;
  #socketPaused = false;
  #pumping = false;
  #closeWhenSent = false;
  #served = 0;
  #progressAt = Date.now();

  constructor(socket: Socket, rules: ConnectionRules<S>, onClose: (connection: Connection<S>) => void) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.#rules = rules;
    this.#onClose = onClose;
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
    return this.#phase === "closed";
  }

  /** True between requests with nothing left to send. */
  get isIdle(): boolean {
    return this.#phase === "head" && this.#pending.length === 0 && this.#header === undefined && this.#outbox.isEmpty;
  }

  // ---- from the socket ----

  data(chunk: Uint8Array): void {
    this.#progressAt = Date.now();
    if (this.#phase === "linger" || this.#phase === "closed") return;
    this.#pending.append(chunk);
    this.#pump();
    this.#acknowledgePart();
  }

  drain(): void {
    this.#progressAt = Date.now();
    this.#flush();
  }

  close(error?: Error): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    const sink = this.#sink;
    this.#sink = undefined;
    this.#pending.clear();
    this.#outbox.cancel(error ?? new Error("the peer closed the connection"));
    sink?.abort();
    this.#onClose(this);
  }

  // ---- for the operations above ----

  /** Answers the current request with a whole packet. */
  reply(packet: Uint8Array): void {
    if (!this.#mayReply()) return;
    this.#outbox.send(packet);
    this.#requestDone();
  }

  /** Answers with a bare header. EINVAL may end the connection, as the C storage does. */
  replyStatus(status: number): void {
    if (!this.#mayReply()) return;
    if (status === Status.EINVAL && this.#rules.closeAfterEinval) this.#closeWhenSent = true;
    this.#outbox.send(encodeStatus(status));
    this.#requestDone();
  }

  /**
   * Answers with `head` and `length` bytes of the file from `offset`; head and first content leave together, memory stays
   * bounded whatever the reader's pace. `done` gets the bytes of content sent; the caller closes `fd` in it.
   */
  replyFile(
    head: Uint8Array,
    fd: number,
    offset: number,
    length: number,
    done: (error: Error | null, bytesSent: number) => void,
  ): void {
    if (!this.#mayReply()) {
      done(new Error("the connection is closed"), 0);
      return;
    }
    this.#outbox.sendFile(head, fd, offset, length, (error, bytesSent) => {
      done(error, bytesSent);
      if (this.#phase === "closed") return;
      // The announced length can no longer be kept: only closing tells the peer (storage.md §2.7).
      if (error !== null) this.destroy();
      else this.#requestDone();
    });
  }

  /** Stops the arrival of content until `resumeBody`; the kernel's buffer then holds the sender back. */
  pauseBody(): void {
    this.#bodyPaused = true;
    this.#pauseSocket();
  }

  resumeBody(): void {
    if (!this.#bodyPaused) return;
    this.#bodyPaused = false;
    this.#progressAt = Date.now();
    this.#resumeSocket();
    this.#pump();
  }

  /** Ends the connection after what was sent; what the peer still sends is read and thrown away for a moment. */
  endGracefully(): void {
    if (this.#phase === "closed") return;
    if (!this.#outbox.isEmpty) {
      this.#closeWhenSent = true;
      return;
    }
    this.#linger();
  }

  /** Ends the connection at once. */
  destroy(): void {
    if (this.#phase !== "closed") this.#socket.destroy();
  }

  /** Called about once a second: closes what has made no progress for the network timeout (tracker.md §1.2). */
  checkTimeout(now: number): void {
    const limit = this.#phase === "linger" ? LINGER_MS : this.#rules.networkTimeoutMs;
    if (now - this.#progressAt < limit) return;
    const midRequest = this.#phase === "body" || this.#phase === "discard" || this.#pending.length > 0;
    const waitsForUs = this.#phase === "busy" && this.#outbox.isEmpty;
    const idleBetweenRequests = this.#phase === "head" && !midRequest && this.#outbox.isEmpty && this.#served > 0;
    if (waitsForUs || idleBetweenRequests || (this.#bodyPaused && this.#outbox.isEmpty)) return;
    if (this.#phase !== "linger") {
      this.#rules.log.debug(`Connection of ${this.remoteAddress} closed: no progress for ${now - this.#progressAt} ms`);
    }
    this.destroy();
  }

  // ---- incoming ----

  #pump(): void {
    // A handler that replies at once must not re-enter: the loop below goes on with the next request.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#step());
    } finally {
      this.#pumping = false;
    }
    if (this.#phase === "busy" && this.#pending.length > BACKLOG_LIMIT) this.#pauseSocket();
  }

  /** Advances by one request part; false when more bytes or a reply are needed first. */
  #step(): boolean {
    switch (this.#phase) {
      case "head":
        return this.#stepHead();
      case "body":
      case "discard":
        return this.#stepBody();
      default:
        return false;
    }
  }

  #stepHead(): boolean {
    if (this.#header === undefined) {
      if (this.#pending.length < HEADER_SIZE) return false;
      const header = decodeHeader(this.#pending.bytes);
      // Negative, or so large that it cannot be counted: closed without an answer.
      if (header.bodyLength < 0 || !Number.isSafeInteger(header.bodyLength)) {
        this.#rules.log.warn(`Connection of ${this.remoteAddress} closed: body length ${header.bodyLength}`);
        this.destroy();
        return false;
      }
      this.#header = header;
      this.#route = this.#rules.routes.get(header.command);
      this.#replied = false;
    }
    const header = this.#header;
    const available = this.#pending.length - HEADER_SIZE;
    const route = this.#route;
    if (route === undefined) return this.#refuse(header, Status.EINVAL);
    if (route.kind === "whole") {
      if (header.bodyLength > this.#rules.maxBodyBytes) return this.#oversized(header);
      if (available < header.bodyLength) return false;
      const body = this.#pending.take(HEADER_SIZE + header.bodyLength).subarray(HEADER_SIZE);
      this.#phase = "busy";
      this.#guard(() => route.handle(this.session as S, body, header));
      return true;
    }
    let head = this.#pending.bytes.subarray(HEADER_SIZE, HEADER_SIZE + Math.min(available, header.bodyLength));
    let size = 0;
    try {
      for (;;) {
        const wanted = route.headSize(head.subarray(0, size), header);
        if (wanted > header.bodyLength) return this.#refuse(header, Status.EINVAL);
        if (wanted > this.#rules.maxBodyBytes) return this.#oversized(header);
        if (wanted > head.length) return false;
        if (wanted === size) break;
        size = wanted;
      }
    } catch (error) {
      return this.#refuse(header, this.#statusOf(error));
    }
    head = head.subarray(0, size);
    this.#pending.take(HEADER_SIZE + size);
    this.#remaining = header.bodyLength - size;
    this.#phase = "body";
    this.#guard(() => {
      const sink = route.start(this.session as S, head, this.#remaining, header);
      // An operation may have answered already, or the peer may be gone: then nobody wants the content.
      if (this.#phase !== "body") sink?.abort();
      else if (sink !== null) this.#sink = sink;
    });
    if (this.#sink === undefined && this.#phase === "body") this.#phase = "discard";
    return true;
  }

  #stepBody(): boolean {
    if (this.#bodyPaused) return false;
    if (this.#remaining > 0) {
      if (this.#pending.length === 0) return false;
      const chunk = this.#pending.take(this.#remaining);
      this.#remaining -= chunk.length;
      if (this.#phase === "body") this.#guard(() => this.#sink?.write(chunk));
      this.#releaseStreamed(chunk.length);
      if (this.#remaining > 0 || this.#bodyPaused) return true;
    }
    if (this.#phase === "discard" || this.#sink === undefined) {
      this.#phase = "busy";
      // The refusal may have been answered before its content had arrived.
      if (this.#replied) this.#nextRequest();
      return this.#phase !== "busy";
    }
    const sink = this.#sink;
    this.#sink = undefined;
    this.#phase = "busy";
    this.#guard(() => sink.finish());
    return true;
  }

  /** A huge body arrives in fresh buffers faster than the collector would look for dead ones. */
  #releaseStreamed(size: number): void {
    if (this.#header === undefined || this.#header.bodyLength < HUGE_BODY_BYTES) return;
    this.#streamed += size;
    if (this.#streamed < RELEASE_EVERY_BYTES) return;
    this.#streamed = 0;
    releaseBuffers();
  }

  #oversized(header: Header): boolean {
    this.#rules.log.warn(
      `Request ${header.command} of ${this.remoteAddress} refused: body of ${header.bodyLength} bytes, at most ${this.#rules.maxBodyBytes}`,
    );
    if (this.#rules.oversize === "drop") {
      this.destroy();
      return false;
    }
    return this.#refuse(header, Status.EINVAL);
  }

  /** Answers `status` and throws the request's body away. */
  #refuse(header: Header, status: number): boolean {
    this.#pending.take(HEADER_SIZE);
    this.#remaining = header.bodyLength;
    this.#phase = "discard";
    this.replyStatus(status);
    return true;
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      const status = this.#statusOf(error);
      const sink = this.#sink;
      this.#sink = undefined;
      sink?.abort();
      if (this.#phase === "body") this.#phase = "discard";
      if (!this.#replied) this.replyStatus(status);
    }
  }

  /** Refusals carry their status; anything else is our own mistake and is logged. */
  #statusOf(error: unknown): number {
    if (error instanceof Error && "status" in error && typeof error.status === "number") return error.status;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#rules.log.error(`Request ${this.#header?.command} of ${this.remoteAddress} failed: ${text}`);
    return Status.EIO;
  }

  /**
   * C's clients send a request's head and its content in two writes and leave Nagle's algorithm on: the second write waits
   * for the acknowledgement of the first, which the kernel would hold back for 40 ms in the hope of an answer.
   */
  #acknowledgePart(): void {
    const isPart = this.#phase === "body" || (this.#phase === "head" && !this.isIdle);
    if (!isPart || this.#remaining > SMALL_PART_BYTES) return;
    const fd = this.#socket.fd;
    if (fd >= 0) native()?.acknowledge(fd);
  }

  // ---- outgoing ----

  #mayReply(): boolean {
    if (this.#phase === "closed" || this.#phase === "linger" || this.#replied) return false;
    this.#replied = true;
    return true;
  }

  #requestDone(): void {
    this.#served++;
    this.#progressAt = Date.now();
    if (this.#closeWhenSent) {
      this.#sink = undefined;
      this.endGracefully();
      return;
    }
    if (this.#phase === "body") {
      // Answered although content is still to come: the rest is not for the operation any more.
      this.#sink = undefined;
      this.#phase = "discard";
    }
    if (this.#phase !== "discard") this.#nextRequest();
    else if (this.#bodyPaused) this.resumeBody();
  }

  #nextRequest(): void {
    this.#header = undefined;
    this.#route = undefined;
    this.#bodyPaused = false;
    this.#phase = this.#outbox.isEmpty ? "head" : "busy";
    if (this.#phase === "head") {
      this.#resumeSocket();
      if (!this.#pumping && this.#pending.length > 0) this.#pump();
    }
  }

  #flush(): void {
    if (!this.#outbox.flush() || !this.#replied) return;
    if (this.#closeWhenSent) this.#linger();
    else if (this.#phase === "busy") this.#nextRequest();
  }

  #linger(): void {
    this.#phase = "linger";
    this.#pending.clear();
    this.#progressAt = Date.now();
    this.#resumeSocket();
    this.#socket.end();
  }

  #pauseSocket(): void {
    if (this.#socketPaused) return;
    this.#socketPaused = true;
    this.#socket.pause();
  }

  #resumeSocket(): void {
    if (!this.#socketPaused) return;
    this.#socketPaused = false;
    this.#socket.resume();
  }
}
