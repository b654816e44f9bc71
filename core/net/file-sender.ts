// Sends a packet head and a piece of a file over one socket, at the reader's pace and with bounded memory: small pieces
// by one read and one write, larger ones by sendfile(2) where the runtime has it, else through one chunk buffer.

import { readSync } from "node:fs";
import { native, type Socket } from "../runtime/index.ts";

/** Up to this size head and content leave in one write from the shared scratch buffer: two system calls. */
const ONE_WRITE_MAX = 32 * 1024;
const CHUNK_BYTES = 64 * 1024;
const SENDFILE_SLICE_BYTES = 1024 * 1024;
/** What one connection may send before others get their turn. */
const TURN_BYTES = 4 * 1024 * 1024;
/** After sendfile met a full socket, one small ordinary write makes the runtime watch for room. */
const PROBE_BYTES = 4096;
const EAGAIN = -11;
const EINTR = -4;

/** One a thread: its bytes are handed to the kernel or copied before anything else runs. */
const scratch = new Uint8Array(ONE_WRITE_MAX + 64);

export class FileSender {
  readonly #socket: Socket;
  readonly #fd: number;
  readonly #done: (error: Error | null, bytesSent: number) => void;
  readonly #length: number;
  #position: number;
  #remaining: number;
  /** Bytes that were read but not taken by the socket yet, the head first. */
  #unsent: Uint8Array;
  #started = false;
  #finished = false;

  constructor(
    socket: Socket,
    head: Uint8Array,
    fd: number,
    offset: number,
    length: number,
    done: (error: Error | null, bytesSent: number) => void,
  ) {
    this.#socket = socket;
    this.#fd = fd;
    this.#position = offset;
    this.#length = length;
    this.#remaining = length;
    this.#unsent = head;
    this.#done = done;
  }

  /** Sends as much as the socket takes; called again on every drain. */
  pump(): void {
    if (this.#finished) return;
    try {
      if (!this.#started) {
        this.#started = true;
        this.#sendHead();
      }
      if (this.#flush() && this.#sendBody()) this.#finish(null);
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  cancel(error: Error): void {
    this.#finish(error);
  }

  #finish(error: Error | null): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#done(error, this.#length - this.#remaining);
  }

  #sendHead(): void {
    const head = this.#unsent;
    if (this.#remaining <= ONE_WRITE_MAX && head.length <= scratch.length - ONE_WRITE_MAX) {
      scratch.set(head);
      const size = this.#remaining;
      this.#readFully(scratch, head.length, size);
      const total = head.length + size;
      const taken = this.#socket.write(scratch.subarray(0, total));
      this.#unsent = taken < total ? scratch.slice(taken, total) : scratch.subarray(0, 0);
      return;
    }
    const calls = native();
    if (calls !== null && this.#socket.fd >= 0) {
      const sent = calls.sendMore(this.#socket.fd, head);
      if (sent > 0) this.#unsent = head.subarray(sent);
    }
  }

  /** True when nothing that was read is left over. */
  #flush(): boolean {
    if (this.#unsent.length === 0) return true;
    const taken = this.#socket.write(this.#unsent);
    this.#unsent = this.#unsent.subarray(taken);
    return this.#unsent.length === 0;
  }

  /** True when the whole file piece has been taken by the kernel. */
  #sendBody(): boolean {
    const calls = native();
    let turn = TURN_BYTES;
    while (this.#remaining > 0) {
      if (turn <= 0) {
        setImmediate(() => this.pump());
        return false;
      }
      const fd = this.#socket.fd;
      if (calls !== null && fd >= 0) {
        const sent = calls.sendFile(fd, this.#fd, this.#position, Math.min(this.#remaining, SENDFILE_SLICE_BYTES));
        if (sent > 0) {
          this.#position += sent;
          this.#remaining -= sent;
          turn -= sent;
          continue;
        }
        if (sent === EINTR) continue;
        if (sent === 0) throw new Error(`the file ended ${this.#remaining} bytes early`);
        if (sent !== EAGAIN) throw new Error(`sendfile failed with errno ${-sent}`);
        if (!this.#sendChunk(PROBE_BYTES)) return false;
      } else {
        turn -= Math.min(this.#remaining, CHUNK_BYTES);
        if (!this.#sendChunk(CHUNK_BYTES)) return false;
      }
    }
    return true;
  }

  /** Reads and writes one chunk; false when the socket did not take all of it. */
  #sendChunk(size: number): boolean {
    const chunk = new Uint8Array(Math.min(this.#remaining, size));
    this.#readFully(chunk, 0, chunk.length);
    this.#unsent = chunk;
    return this.#flush();
  }

  #readFully(target: Uint8Array, start: number, size: number): void {
    let done = 0;
    while (done < size) {
      let count = native()?.readAt(this.#fd, target, start + done, size - done, this.#position) ?? -1;
      if (count < 0) count = readSync(this.#fd, target, start + done, size - done, this.#position);
      if (count === 0) throw new Error(`the file ended ${this.#remaining} bytes early`);
      done += count;
      this.#position += count;
      this.#remaining -= count;
    }
  }
}
