// Cuts the bytes of one connection into requests and hands them to their routes, one at a time. It knows headers and
// nothing of what they mean; what leaves and when the connection ends is connection.ts's business.

import type { Socket } from "../runtime/index.ts";
import { decodeHeader, type Header } from "../wire/header.ts";
import { HEADER_SIZE } from "../wire/limits.ts";
import { Status } from "../wire/status.ts";
import { DeadBuffers } from "./dead-buffers.ts";
import type { BodySink, NetLog, Route } from "./frame-protocol.ts";
import { LeftContent, type TakeContent } from "./left-content.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";

/** How requests of one server are read. */
export interface ReadingRules<S> {
  readonly routes: ReadonlyMap<number, Route<S>>;
  /** Largest body that is collected in memory; also the largest fixed part of a stream. */
  readonly maxBodyBytes: number;
  /** What happens to a larger one: "drop" closes at once (tracker.md §1.2), "einval" answers 22 (storage.md §1.1). */
  readonly oversize: "drop" | "einval";
  readonly log: NetLog;
}

/** The connection around the reader. */
interface Host<S> {
  readonly session: S | undefined;
  readonly remoteAddress: string;
  /** The kernel has every byte of the last answer. */
  readonly isAllSent: boolean;
  replyStatus(status: number): void;
  destroy(): void;
}

/** Received bytes that may wait while a reply is under way; beyond it the socket is paused. */
const BACKLOG_LIMIT = 64 * 1024;
/** Far more than this is missing: the sender's segments are full ones, which wait for nothing. */
const SMALL_PART_BYTES = 64 * 1024;

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

export class RequestReader<S> {
  readonly #socket: Socket;
  readonly #rules: ReadingRules<S>;
  readonly #host: Host<S>;
  readonly #pending = new ReceiveBuffer();
  readonly #dead = new DeadBuffers();
  readonly #left = new LeftContent();
  #phase: Phase = "head";
  #header: Header | undefined;
  #route: Route<S> | undefined;
  #sink: BodySink | undefined;
  /** Content bytes of the current request that have not arrived yet. */
  #remaining = 0;
  #replied = false;
  #bodyPaused = false;
  #socketPaused = false;
  #pumping = false;

  constructor(socket: Socket, rules: ReadingRules<S>, host: Host<S>) {
    this.#socket = socket;
    this.#rules = rules;
    this.#host = host;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get isReplied(): boolean {
    return this.#replied;
  }

  /** Content bytes of the current request that have not been handed on. */
  get contentToCome(): number {
    return this.#remaining;
  }

  get isBodyPaused(): boolean {
    return this.#bodyPaused;
  }

  /** True when not even a part of a request has arrived since the last one. */
  get isBetweenRequests(): boolean {
    return this.#phase === "head" && this.#pending.length === 0 && this.#header === undefined;
  }

  /** True in the middle of a request that has not arrived as a whole. */
  get isMidRequest(): boolean {
    return this.#phase === "body" || this.#phase === "discard" || this.#pending.length > 0;
  }

  /** True when little is missing of a request: its sender may wait for us to acknowledge what came. */
  get isShortOfLittle(): boolean {
    const isPart = this.#phase === "body" || (this.#phase === "head" && !this.isBetweenRequests);
    return isPart && this.#remaining <= SMALL_PART_BYTES;
  }

  // ---- from the connection ----

  data(chunk: Uint8Array): void {
    if (this.#phase === "linger" || this.#phase === "closed") return;
    if (this.#left.isUnderWay) {
      // A paused socket gives nothing: whatever this is, the order of the content is lost.
      this.#rules.log.error(`Connection of ${this.#host.remoteAddress} closed: content came two ways at once`);
      this.#host.destroy();
      return;
    }
    this.#pending.append(chunk);
    this.#pump();
  }

  /** Claims the one reply of the current request; false when it has had one or nobody can get it. */
  takeReply(): boolean {
    if (this.#phase === "closed" || this.#phase === "linger" || this.#replied) return false;
    this.#replied = true;
    return true;
  }

  /** The current request has its answer; the next one's turn comes when all of it has been sent. */
  replied(): void {
    if (this.#phase === "body") {
      // Answered although content is still to come: the rest is not for the operation any more.
      this.#sink = undefined;
      this.#phase = "discard";
    }
    if (this.#phase !== "discard") this.#nextRequest();
    else if (this.#bodyPaused) this.resumeBody();
  }

  /** The kernel has taken the last bytes of an answer. */
  allSent(): void {
    if (this.#phase === "busy") this.#nextRequest();
  }

  /** Stops the arrival of content until `resumeBody`; the kernel's buffer then holds the sender back. */
  pauseBody(): void {
    this.#bodyPaused = true;
    this.#pauseSocket();
  }

  resumeBody(): void {
    this.#bodyPaused = false;
    this.#resumeSocket();
    this.#pump();
  }

  /** Leaves the rest of the content to somebody who reads the socket; `contentTaken` and `resumeBody` end it. */
  leaveContent(take: TakeContent): void {
    this.pauseBody();
    const declined = (): void => {
      if (this.#phase === "body") this.resumeBody();
    };
    this.#left.plan(() => this.#handOnEarly(), take, declined);
  }

  /** Somebody else has taken so many bytes of the content and takes no more. */
  contentTaken(size: number): void {
    this.#left.done();
    this.#remaining -= size;
  }

  /** The operation has answered for the last time and wants no more content. */
  forgetSink(): void {
    this.#sink = undefined;
  }

  /** What still arrives is thrown away. */
  linger(): void {
    this.#phase = "linger";
    this.#pending.clear();
    this.#resumeSocket();
  }

  /** Nothing more will arrive. Returns the sink of a request that was cut off: it is to be told. */
  close(): BodySink | undefined {
    this.#phase = "closed";
    this.#left.stop();
    const sink = this.#sink;
    this.#sink = undefined;
    this.#pending.clear();
    return sink;
  }

  // ---- inside ----

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
        this.#rules.log.warn(`Connection of ${this.#host.remoteAddress} closed: body length ${header.bodyLength}`);
        this.#host.destroy();
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
      this.#guard(() => route.handle(this.#host.session as S, body, header));
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
      const sink = route.start(this.#host.session as S, head, this.#remaining, header);
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
      this.#dead.add(chunk.length, this.#header?.bodyLength ?? 0);
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

  /** Hands on what came after the pause; returns how much of the content is still to come, 0 when nobody wants it. */
  #handOnEarly(): number {
    if (this.#phase !== "body" || !this.#bodyPaused) return 0;
    const early = this.#pending.take(this.#remaining);
    this.#remaining -= early.length;
    if (early.length > 0) this.#guard(() => this.#sink?.write(early));
    return this.#phase === "body" ? this.#remaining : 0;
  }

  #oversized(header: Header): boolean {
    this.#rules.log.warn(
      `Request ${header.command} of ${this.#host.remoteAddress} refused: body of ${header.bodyLength} bytes, at most ${this.#rules.maxBodyBytes}`,
    );
    if (this.#rules.oversize === "drop") {
      this.#host.destroy();
      return false;
    }
    return this.#refuse(header, Status.EINVAL);
  }

  /** Answers `status` and throws the request's body away. */
  #refuse(header: Header, status: number): boolean {
    this.#pending.take(HEADER_SIZE);
    this.#remaining = header.bodyLength;
    this.#phase = "discard";
    this.#host.replyStatus(status);
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
      if (!this.#replied) this.#host.replyStatus(status);
    }
  }

  /** Refusals carry their status; anything else is our own mistake and is logged. */
  #statusOf(error: unknown): number {
    if (error instanceof Error && "status" in error && typeof error.status === "number") return error.status;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#rules.log.error(`Request ${this.#header?.command} of ${this.#host.remoteAddress} failed: ${text}`);
    return Status.EIO;
  }

  #nextRequest(): void {
    this.#header = undefined;
    this.#route = undefined;
    this.#bodyPaused = false;
    this.#phase = this.#host.isAllSent ? "head" : "busy";
    if (this.#phase === "head") {
      this.#resumeSocket();
      if (!this.#pumping && this.#pending.length > 0) this.#pump();
    }
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
