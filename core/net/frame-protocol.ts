// The vocabulary between the framed server and the operations above it: routes, sinks and what a connection offers.
// No sockets here and no knowledge of what a tracker or a storage is.

import type { Header } from "../wire/header.ts";

/** A request whose body is collected in memory before it is handled. */
export interface WholeRoute<S> {
  readonly kind: "whole";
  handle(session: S, body: Uint8Array, header: Header): void;
}

/** A request whose fixed part is decoded and whose rest is a stream of content. */
export interface StreamRoute<S> {
  readonly kind: "stream";
  /** Size of the fixed part as far as `head` tells. Asked again when that many bytes are there, until it stops growing. */
  headSize(head: Uint8Array, header: Header): number;
  /**
   * Called once with the whole fixed part; `streamLength` bytes of content follow (possibly 0: `finish` comes next).
   * Returns null after it has replied with an error: the connection then discards the content.
   */
  start(session: S, head: Uint8Array, streamLength: number, header: Header): BodySink | null;
}

export type Route<S> = WholeRoute<S> | StreamRoute<S>;

/** Takes the content of one request. After `finish` the reply may come at any later moment. */
export interface BodySink {
  /** Content in order; the chunk may be kept. */
  write(chunk: Uint8Array): void;
  finish(): void;
  /** The client vanished or stalled before `finish`; no reply is possible any more. */
  abort(): void;
}

/** The little of a logger that this floor needs. */
export interface NetLog {
  warn(text: string): void;
  debug(text: string): void;
  error(text: string): void;
}
