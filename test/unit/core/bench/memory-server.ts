// A storage and tracker that answers from memory: what the load program's counts are checked against, and the lightest
// server it can be measured with. It stores nothing; uploads get one and the same name.

import { listen, type Socket, type SocketHandlers } from "../../../../core/runtime/index.ts";
import { decodeHeader, encodeHeader, RESPONSE_COMMAND } from "../../../../core/wire/header.ts";
import { HEADER_SIZE } from "../../../../core/wire/limits.ts";
import * as storage from "../../../../core/wire/storage-client.ts";
import * as query from "../../../../core/wire/tracker-query.ts";

/** Of 4096 bytes, as its own text tells. */
const FIXED_NAME = "M00/0D/0D/fwAHWGsBkteAIGahAAAQAKxeiiQ641.bin";
export const FIXED_ID = `group1/${FIXED_NAME}`;

interface Misbehaviour {
  /** Each n-th request is answered with `status`, gets its connection closed, or is never answered. */
  readonly refuseEvery?: number;
  readonly status?: number;
  readonly closeEvery?: number;
  readonly ignoreEvery?: number;
  /** Answers leave in pieces of so many bytes, one a turn of the event loop. */
  readonly pieceBytes?: number;
  /** What a download answers with. Default 4096. */
  readonly downloadBytes?: number;
}

export class MemoryServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  port = 0;
  requests = 0;
  connections = 0;
  /** Bytes of request bodies. */
  received = 0;
  /** Answers wait while this is true; `release` sends them. */
  isHolding = false;
  readonly misbehaviour: Misbehaviour;
  readonly answers = new Map<number, Uint8Array>();
  readonly #held: (() => void)[] = [];
  readonly #sockets = new Set<Socket>();
  #close = (): void => {};

  constructor(misbehaviour: Misbehaviour) {
    this.misbehaviour = misbehaviour;
    const name = Buffer.concat([Buffer.from("group1".padEnd(16, "\0")), Buffer.from(FIXED_NAME)]);
    const content = new Uint8Array(misbehaviour.downloadBytes ?? 4096).fill(7);
    const location = Buffer.alloc(40);
    for (const { number } of [storage.uploadFile, storage.uploadAppenderFile]) this.answers.set(number, answer(name));
    for (const { number } of [storage.appendFile, storage.setMetadata, storage.deleteFile]) {
      this.answers.set(number, answer(new Uint8Array(0)));
    }
    this.answers.set(storage.downloadFile.number, answer(content));
    this.answers.set(query.queryStoreWithoutGroupOne.number, answer(location));
    this.answers.set(query.queryFetchOne.number, answer(location.subarray(1)));
  }

  async start(port = 0): Promise<this> {
    const listener = await listen({ hostname: this.host, port, accept: (socket) => this.#accept(socket) });
    this.port = listener.port;
    this.#close = () => listener.close();
    return this;
  }

  release(): void {
    this.isHolding = false;
    for (const send of this.#held.splice(0)) send();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): SocketHandlers {
    this.connections++;
    this.#sockets.add(socket);
    let head: Uint8Array = new Uint8Array(0);
    let command = 0;
    let left = -1;
    let unsent: Uint8Array | null = null;
    const send = (bytes: Uint8Array): void => {
      const { pieceBytes } = this.misbehaviour;
      const piece = pieceBytes === undefined ? bytes : bytes.subarray(0, pieceBytes);
      const taken = socket.write(piece);
      const rest = bytes.subarray(taken);
      if (rest.length === 0) return;
      if (taken === piece.length) setImmediate(send, rest);
      else unsent = rest;
    };
    return {
      data: (chunk) => {
        let bytes = chunk;
        while (bytes.length > 0) {
          if (left < 0) {
            if (head.length > 0) bytes = Buffer.concat([head, bytes]);
            if (bytes.length < HEADER_SIZE) {
              head = bytes;
              return;
            }
            head = new Uint8Array(0);
            const header = decodeHeader(bytes);
            command = header.command;
            left = header.bodyLength;
            this.received += left;
            bytes = bytes.subarray(HEADER_SIZE);
          }
          const part = Math.min(left, bytes.length);
          left -= part;
          bytes = bytes.subarray(part);
          if (left > 0) return;
          left = -1;
          this.#answer(socket, command, send);
        }
      },
      drain: () => {
        const bytes = unsent;
        unsent = null;
        if (bytes !== null) send(bytes);
      },
      close: () => this.#sockets.delete(socket),
    };
  }

  #answer(socket: Socket, command: number, send: (bytes: Uint8Array) => void): void {
    const { refuseEvery, status = 2, closeEvery, ignoreEvery } = this.misbehaviour;
    const request = ++this.requests;
    const isNth = (every: number | undefined): boolean => every !== undefined && request % every === 0;
    if (isNth(closeEvery)) socket.destroy();
    else if (isNth(refuseEvery)) send(encodeHeader({ bodyLength: 0, command: RESPONSE_COMMAND, status }));
    else if (!isNth(ignoreEvery)) {
      const bytes = this.answers.get(command)!;
      if (this.isHolding) this.#held.push(() => send(bytes));
      else send(bytes);
    }
  }
}

export function startMemoryServer(misbehaviour: Misbehaviour = {}): Promise<MemoryServer> {
  return new MemoryServer(misbehaviour).start();
}

function answer(body: Uint8Array): Uint8Array {
  return Buffer.concat([encodeHeader({ bodyLength: body.length, command: RESPONSE_COMMAND, status: 0 }), body]);
}
