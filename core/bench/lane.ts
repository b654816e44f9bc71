// One connection of the load, for as long as the load lasts: sends a packet, counts the answer in without keeping it,
// says how it ended. Which operation comes next, and when, its owner decides.

import { connect, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { decodeHeader } from "../wire/header.ts";
import { HEADER_SIZE } from "../wire/limits.ts";
import { HEAD_ROOM } from "./body-packet.ts";
import type { OperationKind } from "./plan.ts";
import { ANY, type Slot } from "./requests.ts";

/** Longest body of an answer that is kept: group and name of an upload. */
const NAME_ROOM = 256;

export interface LaneOwner {
  readonly target: { readonly host: string; readonly port: number };
  readonly timeoutMs: number;
  /** A connection was made for `lane.begin`: the request can be sent. */
  connected(lane: Lane): void;
  /** The whole answer is there. */
  answered(lane: Lane): void;
  /** The connection is gone with an operation under way. */
  lost(lane: Lane): void;
}

export class Lane implements Slot {
  readonly connection: number;
  contentBytes = 0;
  answerBytes: number = ANY;
  kind: OperationKind = "upload";
  /** Milliseconds of performance.now(): when the operation was due, and when it began. */
  dueAt = 0;
  beganAt = 0;
  isBusy = false;
  /** Keeps the answer's body, of up to NAME_ROOM bytes. */
  keepsAnswer = false;
  status = 0;
  /** Of the answer. */
  bodyBytes = 0;
  readonly #owner: LaneOwner;
  #link: Link | null = null;
  /** What the kernel has not taken of the request. */
  #unsent: Uint8Array | null = null;
  readonly #head = new Uint8Array(HEADER_SIZE);
  #headFill = 0;
  #bodyLeft = 0;
  readonly #kept = new Uint8Array(NAME_ROOM);
  #keptFill = 0;

  constructor(connection: number, owner: LaneOwner) {
    this.connection = connection;
    this.#owner = owner;
  }

  get isConnected(): boolean {
    return this.#link !== null;
  }

  /** The body that was kept; valid until the next answer. */
  get answer(): Uint8Array {
    return this.#kept.subarray(0, this.#keptFill);
  }

  /** Rejects with a coded error. */
  connect(): Promise<void> {
    return this.#establish(new Link(this));
  }

  /** Connects for an operation; `connected` or `lost` follows, unless it is dropped before. */
  open(): void {
    const link = new Link(this);
    this.#establish(link).then(
      () => {
        if (this.#link === link) this.#owner.connected(this);
      },
      () => {
        if (!link.isCut && this.isBusy) this.#owner.lost(this);
      },
    );
  }

  async #establish(link: Link): Promise<void> {
    this.#link = link;
    try {
      await connect({ ...this.#owner.target, timeoutMs: this.#owner.timeoutMs, handlers: (socket) => link.on(socket) });
    } catch (error) {
      if (this.#link === link) this.#link = null;
      throw error;
    }
  }

  /** `packet` is used only until this returns, but for its content behind the head. */
  send(packet: Uint8Array): void {
    this.#headFill = 0;
    this.#bodyLeft = -1;
    this.#keptFill = 0;
    const taken = this.#link?.socket?.write(packet) ?? 0;
    if (taken < packet.length) {
      // The head's place is used by others at once; the content is everybody's.
      this.#unsent = taken < HEAD_ROOM ? packet.slice(taken) : packet.subarray(taken);
    }
  }

  /** Ends the connection, if there is one, without telling. */
  drop(): void {
    this.#link?.cut();
    this.#link = null;
    this.#unsent = null;
  }

  /** Called by the connection. */
  received(chunk: Uint8Array): void {
    let at = 0;
    if (this.isBusy && this.#bodyLeft < 0) {
      at = this.#readHead(chunk);
      if (this.#headFill < HEADER_SIZE) return;
    }
    const length = chunk.length - at;
    // Bytes nobody asked for, a negative length, or more than was announced: no answer of ours.
    if (!this.isBusy || length > this.#bodyLeft) {
      this.closed();
      return;
    }
    this.#bodyLeft -= length;
    if (this.keepsAnswer && length > 0 && this.#keptFill + length <= NAME_ROOM) {
      this.#kept.set(at === 0 ? chunk : chunk.subarray(at), this.#keptFill);
      this.#keptFill += length;
    }
    if (this.#bodyLeft > 0) return;
    // A server that answers before it has read the request does not read the rest of it.
    if (this.#unsent !== null) this.drop();
    this.#owner.answered(this);
  }

  writable(): void {
    const unsent = this.#unsent;
    if (unsent === null) return;
    const taken = this.#link?.socket?.write(unsent) ?? 0;
    this.#unsent = taken < unsent.length ? unsent.subarray(taken) : null;
  }

  closed(): void {
    this.drop();
    if (this.isBusy) this.#owner.lost(this);
  }

  /** Takes the header in; returns where in the chunk the body begins. */
  #readHead(chunk: Uint8Array): number {
    let bytes = chunk;
    let end = HEADER_SIZE;
    if (this.#headFill > 0 || chunk.length < HEADER_SIZE) {
      end = Math.min(HEADER_SIZE - this.#headFill, chunk.length);
      this.#head.set(chunk.subarray(0, end), this.#headFill);
      this.#headFill += end;
      if (this.#headFill < HEADER_SIZE) return end;
      bytes = this.#head;
    }
    const { bodyLength, status } = decodeHeader(bytes);
    this.#headFill = HEADER_SIZE;
    this.status = status;
    this.bodyBytes = bodyLength;
    this.#bodyLeft = bodyLength;
    return end;
  }
}

/** One TCP connection of a lane; what comes from it once it is cut is no longer the lane's. */
class Link implements SocketHandlers {
  #lane: Lane | null;
  socket: Socket | null = null;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  on(socket: Socket): SocketHandlers {
    this.socket = socket;
    if (this.#lane === null) socket.destroy();
    return this;
  }

  get isCut(): boolean {
    return this.#lane === null;
  }

  cut(): void {
    this.#lane = null;
    this.socket?.destroy();
  }

  data(chunk: Uint8Array): void {
    this.#lane?.received(chunk);
  }

  drain(): void {
    this.#lane?.writable();
  }

  close(): void {
    this.#lane?.closed();
  }
}
