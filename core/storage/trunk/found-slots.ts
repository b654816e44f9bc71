// What start-up finds out about slots that were being filled or emptied when this storage or one of its workers died. Their
// lines in the trunk binlog may be missing: whoever keeps the map puts it right.

import type { TrunkInfo } from "../../wire/storage-sync.ts";

export class FoundSlots {
  readonly #inUse: TrunkInfo[] = [];
  #empty: TrunkInfo[] = [];
  #listener: (block: TrunkInfo) => void = () => {};

  /** Slots that hold whole files. */
  get inUse(): readonly TrunkInfo[] {
    return this.#inUse;
  }

  addInUse(block: TrunkInfo): void {
    this.#inUse.push(block);
    this.#listener(block);
  }

  /** Who is told of slots in use that are found later. */
  onInUse(listener: (block: TrunkInfo) => void): void {
    this.#listener = listener;
  }

  /** Nothing is in it, and nobody is about to write it: the process that would have done so is gone. */
  addEmpty(block: TrunkInfo): void {
    this.#empty.push(block);
  }

  /**
   * Empty slots, once: true only until the map is loaded for the first time, and only where no other storage has been the trunk
   * server meanwhile.
   */
  takeEmpty(): TrunkInfo[] {
    const empty = this.#empty;
    this.#empty = [];
    return empty;
  }
}
