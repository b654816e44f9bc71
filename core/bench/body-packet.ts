// The packet of an operation that sends content. One buffer serves all connections and sizes of a thread: the content
// stays where it is, the head is written in front of it, so that both leave with one write.

import type { Random } from "./random.ts";

/** Room in front of the content; no head of such a request is longer. */
export const HEAD_ROOM = 512;
const STAMP_SIZE = 8;

export class BodyPacket {
  readonly #bytes: Uint8Array;
  readonly #stamp: DataView;
  readonly #salt: number;
  #count = 0;
  #head: Uint8Array | null = null;
  #packet: Uint8Array = new Uint8Array(0);
  #size = -1;

  /** For contents of up to `greatest` bytes. */
  constructor(greatest: number, random: Random) {
    this.#bytes = new Uint8Array(HEAD_ROOM + Math.max(greatest, STAMP_SIZE));
    this.#stamp = new DataView(this.#bytes.buffer, HEAD_ROOM, STAMP_SIZE);
    for (let at = HEAD_ROOM; at < this.#bytes.length; at++) this.#bytes[at] = random.below(256);
    this.#salt = random.below(0x1_0000_0000);
  }

  /** Head and `size` bytes of a content that no other packet has. Valid until the next call. */
  with(head: Uint8Array, size: number): Uint8Array {
    if (head !== this.#head || size !== this.#size) {
      const start = HEAD_ROOM - head.length;
      this.#bytes.set(head, start);
      this.#packet = this.#bytes.subarray(start, HEAD_ROOM + size);
      this.#head = head;
      this.#size = size;
    }
    this.#stamp.setUint32(0, this.#count++);
    this.#stamp.setUint32(4, this.#salt);
    return this.#packet;
  }
}
