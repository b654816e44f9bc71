// A queue of free blocks that may not be handed out yet, first come first out, in words of the map. There are two: those that
// cool after a deletion and those in quarantine. Pure.

import { Row, type SpaceMemory } from "./space-memory.ts";

export class RowQueue {
  readonly #memory: SpaceMemory;
  readonly #words: Int32Array;
  readonly #headAt: number;
  readonly #tailAt: number;

  constructor(memory: SpaceMemory, headAt: number, tailAt: number) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#headAt = headAt;
    this.#tailAt = tailAt;
  }

  /** 0: empty. */
  get first(): number {
    return this.#words[this.#headAt]!;
  }

  /** 0: empty. */
  get last(): number {
    return this.#words[this.#tailAt]!;
  }

  push(row: number): void {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const last = words[this.#tailAt]!;
    words[at + Row.PREVIOUS] = last;
    words[at + Row.NEXT] = 0;
    words[last === 0 ? this.#headAt : this.#memory.rowAt(last) + Row.NEXT] = row;
    words[this.#tailAt] = row;
  }

  remove(row: number): void {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const previous = words[at + Row.PREVIOUS]!;
    const next = words[at + Row.NEXT]!;
    words[previous === 0 ? this.#headAt : this.#memory.rowAt(previous) + Row.NEXT] = next;
    words[next === 0 ? this.#tailAt : this.#memory.rowAt(next) + Row.PREVIOUS] = previous;
  }
}
