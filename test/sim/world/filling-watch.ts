// Watches that a new storage serves only when it has what its source had when it was chosen.

import { Op, upperOf } from "../../../core/storage/binlog/record.ts";
import { StorageStatus } from "../../../core/wire/storage-status.ts";
import type { SimStorage } from "../storage/sim-storage.ts";
import type { SimTracker } from "../tracker/sim-tracker.ts";

interface Filling {
  readonly source: SimStorage;
  readonly names: readonly string[];
}

export class FillingWatch {
  readonly #storages: readonly SimStorage[];
  readonly #complain: (text: string) => void;
  /** By storage and until-timestamp. */
  readonly #known = new Set<string>();
  readonly #fillings = new Map<string, Filling>();
  filled = 0;

  constructor(storages: readonly SimStorage[], complain: (text: string) => void) {
    this.#storages = storages;
    this.#complain = complain;
  }

  look(tracker: SimTracker): void {
    for (const storage of this.#storages) {
      const order = tracker.sourceOf(storage.id);
      const source = this.#storages.find(({ id }) => id === order?.sourceId);
      if (order !== null && source !== undefined) this.#begin(storage, source, order.untilTimestamp);
      const isActive = tracker.statuses.get(storage.id) === StorageStatus.ACTIVE;
      if (isActive && this.#fillings.has(storage.id)) this.#end(storage, tracker.host);
    }
  }

  #begin(storage: SimStorage, source: SimStorage, until: number): void {
    const key = `${storage.id} ${until}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#fillings.set(storage.id, { source, names: [...source.disk.files.keys()] });
  }

  #end(storage: SimStorage, tracker: string): void {
    const { source, names } = this.#fillings.get(storage.id)!;
    this.#fillings.delete(storage.id);
    this.filled++;
    for (const name of names) {
      if (!source.disk.files.has(name) || storage.disk.files.has(name) || hasHeardOfEnd(storage, name)) continue;
      this.#complain(`${tracker} has ${storage.id} ACTIVE without ${name} of its source ${source.id}`);
    }
  }
}

function hasHeardOfEnd({ disk }: SimStorage, name: string): boolean {
  return disk.lines.some(({ record }) => {
    if (typeof record === "string") return false;
    const kind = upperOf(record.op);
    return (kind === Op.DELETE && record.name === name) || (kind === Op.RENAME && record.otherName === name);
  });
}
