// Receives the content of large requests from their sockets into their files, in turn and through one buffer: memory does
// not grow with the size or the number of bodies, and a write that the disk makes wait keeps only other large ones waiting.

import { closeSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Native } from "../../runtime/index.ts";
import { codedErrno } from "./errno.ts";

/** What is to be received; the descriptors are the receiver's own, it closes them. */
export interface BodyTask {
  /** Of the worker that waits for it, and its number there. */
  readonly worker: number;
  readonly id: number;
  readonly socketFd: number;
  /** Written where it stands. */
  readonly fileFd: number;
  readonly length: number;
  /** Of what the file has already; null: nobody asks for it. */
  readonly crc: number | null;
  readonly timeoutMs: number;
}

/** How it ended: everything came, the peer or the network failed, or the file (a full disk ...). */
export interface BodyResult {
  /** Taken from the socket. */
  readonly received: number;
  readonly writeCount: number;
  readonly crc: number | null;
  readonly end: "complete" | "peer-lost" | "file-failed";
  /** For "file-failed": the code and what the system said. */
  readonly code: string;
  readonly message: string;
}

/** What the receiver needs of the world around it. */
export interface ReceiverHelp {
  readonly calls: Native;
  readonly report: (task: BodyTask, result: BodyResult) => void;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** A number that is another one after each answer that a worker has given. */
  readonly answers: () => number;
  readonly pause: (ms: number) => void;
}

const PIECE_BYTES = 256 * 1024;
const EAGAIN = -11;
const EINTR = -4;
/** New tasks and cancellations are heard of that often while nothing arrives. */
const WAIT_MS = 5;
/** Others are being served if one of them had an answer within this time. */
const OTHERS_MS = 100;

class Transfer {
  readonly task: BodyTask;
  received = 0;
  writeCount = 0;
  crc: number | null;
  progressAt: number;

  constructor(task: BodyTask, now: number) {
    this.task = task;
    this.crc = task.crc;
    this.progressAt = now;
  }
}

export class BodyReceiver {
  readonly #help: ReceiverHelp;
  readonly #transfers = new Set<Transfer>();
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #answers = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(help: ReceiverHelp) {
    this.#help = help;
    this.#answers = help.answers();
  }

  get isIdle(): boolean {
    return this.#transfers.size === 0;
  }

  add(task: BodyTask): void {
    this.#transfers.add(new Transfer(task, this.#help.now()));
  }

  /** Ends the task without a report; `id` undefined: all of the worker's. */
  cancel(worker: number, id?: number): void {
    for (const transfer of this.#transfers) {
      const { task } = transfer;
      if (task.worker === worker && (id === undefined || task.id === id)) this.#drop(transfer);
    }
  }

  /**
   * Takes a piece of each body that has one; waits a moment when none has. While others are served it rests after each
   * piece for as long as that took: sender and receiver of one body would otherwise take a processor each.
   */
  turn(): void {
    const { now, pause, calls } = this.#help;
    const beginMs = now();
    let hasMoved = false;
    for (const transfer of this.#transfers) if (this.#take(transfer)) hasMoved = true;
    if (this.isIdle) return;
    if (!hasMoved) {
      calls.awaitReadable(
        [...this.#transfers].map(({ task }) => task.socketFd),
        WAIT_MS,
      );
    } else if (this.#servesOthers(beginMs)) pause(now() - beginMs);
  }

  #servesOthers(nowMs: number): boolean {
    const answers = this.#help.answers();
    if (answers !== this.#answers) this.#answeredAt = nowMs;
    this.#answers = answers;
    return nowMs - this.#answeredAt < OTHERS_MS;
  }

  #take(transfer: Transfer): boolean {
    const { task } = transfer;
    const wanted = Math.min(task.length - transfer.received, PIECE_BYTES);
    const count = this.#help.calls.receive(task.socketFd, this.#piece, wanted);
    if (count === EAGAIN || count === EINTR) {
      if (this.#help.now() - transfer.progressAt >= task.timeoutMs) this.#end(transfer, "peer-lost");
      return false;
    }
    if (count <= 0) {
      this.#end(transfer, "peer-lost");
      return true;
    }
    transfer.progressAt = this.#help.now();
    transfer.received += count;
    const piece = this.#piece.subarray(0, count);
    if (transfer.crc !== null) transfer.crc = crc32(piece, transfer.crc);
    try {
      for (let done = 0; done < count; ) {
        const written = writeSync(task.fileFd, piece, done, count - done);
        if (written === 0) throw codedErrno("ENOSPC", "nothing could be written");
        transfer.writeCount++;
        done += written;
      }
    } catch (error) {
      this.#end(transfer, "file-failed", error);
      return true;
    }
    if (transfer.received === task.length) this.#end(transfer, "complete");
    return true;
  }

  #end(transfer: Transfer, end: BodyResult["end"], error?: unknown): void {
    const { task, received, writeCount, crc } = transfer;
    this.#drop(transfer);
    const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
    const message = error instanceof Error ? error.message : "";
    this.#help.report(task, { received, writeCount, crc, end, code, message });
  }

  #drop(transfer: Transfer): void {
    this.#transfers.delete(transfer);
    closeSync(transfer.task.socketFd);
    closeSync(transfer.task.fileFd);
  }
}
