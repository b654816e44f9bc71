// What a connection has answered and the kernel has not taken yet: the rest of a packet, or a file or other content on
// its way. Never more than one answer, so a slow reader costs a bounded buffer.

import type { Socket } from "../runtime/index.ts";
import { type ContentEvents, ContentSender } from "./content-sender.ts";
import { FileSender } from "./file-sender.ts";

/** The end of an answer with content: what went wrong, and the bytes of content sent. */
export type SentCallback = (error: Error | null, bytesSent: number) => void;

export class Outbox {
  readonly #socket: Socket;
  #rest: Uint8Array[] = [];
  #sender: FileSender | ContentSender | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The kernel has everything. */
  get isEmpty(): boolean {
    return this.#rest.length === 0 && this.#sender === undefined;
  }

  /** True while the next bytes have to come from elsewhere: the peer cannot do anything. */
  get awaitsContent(): boolean {
    return this.#sender instanceof ContentSender && this.#sender.awaitsContent;
  }

  send(bytes: Uint8Array): void {
    if (this.#rest.length > 0) {
      this.#rest.push(bytes);
      return;
    }
    const taken = this.#socket.write(bytes);
    if (taken < bytes.length) this.#rest.push(bytes.subarray(taken));
  }

  /** Sends `head` and a piece of a file; `done` is called once, also when the file or the peer fails. */
  sendFile(head: Uint8Array, fd: number, offset: number, length: number, done: SentCallback): void {
    this.#sender = new FileSender(this.#socket, head, fd, offset, length, (error, bytesSent) => {
      this.#sender = undefined;
      done(error, bytesSent);
    });
    this.flush();
  }

  /** Sends `head` and what `content` yields; `events.done` is called once, also when the content or the peer fails. */
  sendContent(head: Uint8Array, content: AsyncIterable<Uint8Array>, events: ContentEvents): void {
    this.#sender = new ContentSender(this.#socket, head, content, {
      progress: events.progress,
      done: (error, bytesSent) => {
        this.#sender = undefined;
        events.done(error, bytesSent);
      },
    });
    this.flush();
  }

  /** Hands over as much as the kernel takes. True when nothing waited behind a file and nothing is left. */
  flush(): boolean {
    while (this.#rest.length > 0) {
      const first = this.#rest[0]!;
      const taken = this.#socket.write(first);
      if (taken < first.length) {
        this.#rest[0] = first.subarray(taken);
        return false;
      }
      this.#rest.shift();
    }
    if (this.#sender === undefined) return true;
    // Its `done` says the rest.
    this.#sender.pump();
    return false;
  }

  /** The connection is gone. */
  cancel(error: Error): void {
    this.#rest = [];
    const sender = this.#sender;
    this.#sender = undefined;
    sender?.cancel(error);
  }
}
