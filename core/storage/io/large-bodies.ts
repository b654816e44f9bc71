// The way of large bodies: from a certain size on another thread takes the content from the socket into the file
// (body-receiver.ts), so that neither the bytes nor a disk that makes writes wait hold up the other connections of this
// worker. Where there are no threads the content comes through the worker like any other.

import { closeSync } from "node:fs";
import { native } from "../../runtime/index.ts";
import type { BodyResult, BodyTask } from "./body-receiver.ts";
import { codedErrno } from "./errno.ts";

/** From this size on a body is received by another thread. */
export const LARGE_BODY_BYTES = 16 * 1024 * 1024;

/** To the thread. */
export type BodyCommand =
  | { readonly kind: "receive"; readonly task: BodyTask }
  /** Nobody waits for it any more; `id` undefined: for none of this worker's. */
  | { readonly kind: "cancel"; readonly worker: number; readonly id?: number };

/** From the thread. */
export interface BodyMessage {
  readonly worker: number;
  readonly id: number;
  readonly result: BodyResult;
}

/** The line to the thread of a store path. */
export type BodyLine = (storePath: number, command: BodyCommand) => void;

interface Running {
  readonly storePath: number;
  readonly done: (result: BodyResult) => void;
}

/** One worker's large bodies that are on their way. */
export class LargeBodies {
  readonly #worker: number;
  readonly #timeoutMs: number;
  readonly #line: BodyLine;
  readonly #running = new Map<number, Running>();
  #lastId = 0;

  constructor(worker: number, timeoutMs: number, line: BodyLine) {
    this.#worker = worker;
    this.#timeoutMs = timeoutMs;
    this.#line = line;
  }

  /**
   * Lets the thread of the store path receive `length` bytes from the socket into the file; `done` hears of the end. Returns
   * what ends it early, or null when it cannot be done.
   */
  receive(
    storePath: number,
    { socketFd, fileFd, length, crc }: Pick<BodyTask, "socketFd" | "fileFd" | "length" | "crc">,
    done: (result: BodyResult) => void,
  ): (() => void) | null {
    // Copies: whatever becomes of this worker's descriptors, the thread's stay what they are.
    const socketCopy = copyOf(socketFd);
    const fileCopy = copyOf(fileFd);
    if (socketCopy < 0 || fileCopy < 0) {
      if (socketCopy >= 0) closeSync(socketCopy);
      if (fileCopy >= 0) closeSync(fileCopy);
      return null;
    }
    const id = ++this.#lastId;
    const worker = this.#worker;
    this.#running.set(id, { storePath, done });
    const task: BodyTask = {
      worker,
      id,
      socketFd: socketCopy,
      fileFd: fileCopy,
      length,
      crc,
      timeoutMs: this.#timeoutMs,
    };
    this.#line(storePath, { kind: "receive", task });
    return () => {
      if (this.#running.delete(id)) this.#line(storePath, { kind: "cancel", worker, id });
    };
  }

  /** A message of the thread. */
  ended(id: number, result: BodyResult): void {
    const running = this.#running.get(id);
    if (!this.#running.delete(id)) return;
    running?.done(result);
  }
}

function copyOf(fd: number): number {
  return fd < 0 ? -1 : (native()?.duplicate(fd) ?? -1);
}

/** What the system said of a file that could not be written. */
export function errorOf({ code, message }: BodyResult): Error {
  return codedErrno(code as Parameters<typeof codedErrno>[0], message);
}
