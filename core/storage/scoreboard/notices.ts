// What the control thread tells the I/O workers now and then: the members of the group, the state of replication, the trunk
// server. Each topic is one text in shared memory with a generation, so that a worker reads it again only when it has changed.

import type { SharedLock } from "./shared-lock.ts";

const TOPICS = ["members", "replication", "trunk", "trunk-status"] as const;
export type NoticeTopic = (typeof TOPICS)[number];

const TEXT_BYTES = 64 * 1024;
/** Generation and length. */
const CELLS = 2;

export const NOTICE_CELLS = TOPICS.length * CELLS;
export const NOTICE_BYTES = TOPICS.length * TEXT_BYTES;

export class Notices {
  readonly #cells: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #lock: SharedLock;

  constructor(cells: Int32Array, bytes: Uint8Array, lock: SharedLock) {
    this.#cells = cells;
    this.#bytes = bytes;
    this.#lock = lock;
  }

  /** Replaces the topic's text; one that is too long for its place (64 KB) is refused with false. */
  publish(topic: NoticeTopic, text: string): boolean {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > TEXT_BYTES) return false;
    const at = TOPICS.indexOf(topic);
    this.#lock.run(() => {
      this.#bytes.set(bytes, at * TEXT_BYTES);
      this.#cells[at * CELLS + 1] = bytes.length;
      Atomics.add(this.#cells, at * CELLS, 1);
    });
    return true;
  }

  /** Changes with every `publish`; 0 = nothing was ever published. */
  generation(topic: NoticeTopic): number {
    return Atomics.load(this.#cells, TOPICS.indexOf(topic) * CELLS);
  }

  read(topic: NoticeTopic): { readonly generation: number; readonly text: string } {
    const at = TOPICS.indexOf(topic);
    return this.#lock.run(() => {
      const start = at * TEXT_BYTES;
      // A copy: text decoders refuse shared memory.
      const bytes = this.#bytes.slice(start, start + this.#cells[at * CELLS + 1]!);
      return { generation: this.generation(topic), text: new TextDecoder().decode(bytes) };
    });
  }
}
