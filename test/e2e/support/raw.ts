// Raw packets to a server under test: what a broken or hostile client sends, and what it gets back.

import net from "node:net";
import { encodeHeader } from "../../../core/wire/header.ts";

const ANSWER_TIMEOUT_MS = 15_000;

export interface Answer {
  /** Everything received before the end or before `wanted` bytes were there. */
  readonly bytes: Buffer;
  /** The server closed the connection. */
  readonly closed: boolean;
}

/** Status byte of the first answer; -1 when there was none. */
export function statusOf(answer: Answer): number {
  return answer.bytes.length >= 10 ? answer.bytes[9]! : -1;
}

export function packet(command: number, body: Uint8Array, status = 0): Buffer {
  return Buffer.concat([encodeHeader({ bodyLength: body.length, command, status }), body]);
}

/** Sends `bytes`, then reads until the server closes, `wanted` bytes are there, or the timeout. */
export function exchange(
  host: string,
  port: number,
  bytes: Uint8Array,
  wanted = Number.POSITIVE_INFINITY,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host);
    const received: Buffer[] = [];
    let size = 0;
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: Buffer.concat(received), closed });
    };
    const timer = setTimeout(() => finish(false), ANSWER_TIMEOUT_MS);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      size += chunk.length;
      if (size >= wanted) finish(false);
    });
    socket.on("end", () => finish(true));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") finish(true);
      else {
        clearTimeout(timer);
        reject(error);
      }
    });
  });
}
