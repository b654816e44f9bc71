// How far each other storage's operations have been received here: the newest source timestamp by storage id, for
// SYNC_REPORT (storage.md §7.5). A fixed table in shared memory; written by the workers, read by the control thread.

import type { SharedLock } from "./shared-lock.ts";

const SOURCES_MAX = 64;
const ID_SIZE = 16;

/** Bytes of shared memory for the ids, and cells for count and times. */
export const SOURCE_IDS_BYTES = SOURCES_MAX * ID_SIZE;
export const SOURCE_TIME_CELLS = SOURCES_MAX + 1;

export class SourceTimes {
  /** The count, then the times. */
  readonly #times: Int32Array;
  readonly #ids: Uint8Array;
  readonly #lock: SharedLock;

  constructor(times: Int32Array, ids: Uint8Array, lock: SharedLock) {
    this.#times = times;
    this.#ids = ids;
    this.#lock = lock;
  }

  /** Keeps the newest timestamp of a storage. Storages beyond the table are not counted. */
  received(id: string, timestamp: number): void {
    this.#lock.run(() => {
      const slot = this.#take(id);
      if (slot >= 0 && timestamp > this.#times[slot + 1]!) Atomics.store(this.#times, slot + 1, timestamp);
    });
  }

  /** The storage's place in the table, -1 when that is full. */
  slotOf(id: string): number {
    const slot = this.#find(id);
    return slot >= 0 ? slot : this.#lock.run(() => this.#take(id));
  }

  /** Newest timestamp received from `id`, 0 when none. */
  of(id: string): number {
    const slot = this.#find(id);
    return slot < 0 ? 0 : Atomics.load(this.#times, slot + 1);
  }

  /** Under the lock. */
  #take(id: string): number {
    const slot = this.#find(id);
    const count = this.#times[0]!;
    if (slot >= 0 || count === SOURCES_MAX) return slot;
    for (let at = 0; at < ID_SIZE; at++) this.#ids[count * ID_SIZE + at] = id.charCodeAt(at) || 0;
    Atomics.store(this.#times, 0, count + 1);
    return count;
  }

  #find(id: string): number {
    const count = Atomics.load(this.#times, 0);
    for (let slot = 0; slot < count; slot++) {
      let at = 0;
      while (at < ID_SIZE && this.#ids[slot * ID_SIZE + at] === (id.charCodeAt(at) || 0)) at++;
      if (at === ID_SIZE) return slot;
    }
    return -1;
  }
}
