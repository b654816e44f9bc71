// The server's end of a simulated connection to a tracker: what the real operations need of one, without a socket.

import { decodeHeader } from "../../../core/wire/header.ts";
import { HEADER_SIZE } from "../../../core/wire/limits.ts";

export interface TrackerAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

const EMPTY = new Uint8Array(0);

export class SimConnection {
  readonly remoteAddress: string;
  readonly localAddress: string;
  isClosed = false;
  #answered: ((answer: TrackerAnswer) => void) | null = null;

  constructor(remoteAddress: string, localAddress: string) {
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
  }

  /** What the next reply is handed to. */
  expect(answered: (answer: TrackerAnswer) => void): void {
    this.#answered = answered;
  }

  reply(packet: Uint8Array): void {
    this.#answer({ status: decodeHeader(packet).status, body: packet.subarray(HEADER_SIZE) });
  }

  replyStatus(status: number): void {
    this.#answer({ status, body: EMPTY });
  }

  destroy(): void {
    this.isClosed = true;
  }

  #answer(answer: TrackerAnswer): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(answer);
  }
}
