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
  /** What trackers have chosen for a storage since it last served: they may have chosen differently. */
  readonly #fillings = new Map<string, Filling[]>();
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
    const fillings = this.#fillings.get(storage.id) ?? [];
    this.#fillings.set(storage.id, [...fillings, { source, names: recordedNames(source) }]);
  }

  #end(storage: SimStorage, tracker: string): void {
    const fillings = this.#fillings.get(storage.id)!;
    this.#fillings.delete(storage.id);
    this.filled++;
    const missing = fillings.map((filling) => missingOf(storage, filling));
    if (missing.every((name) => name !== undefined)) {
      this.#complain(`${tracker} has ${storage.id} ACTIVE without ${missing.join(" and ")} of its source`);
    }
  }
}

/** What a crash kept from being recorded was never confirmed to anybody: its own source sends it again. */
function recordedNames({ disk }: SimStorage): string[] {
  const names = new Set(disk.lines.map(({ record }) => (typeof record === "string" ? "" : record.name)));
  return [...names].filter((name) => disk.files.has(name));
}

function missingOf(storage: SimStorage, { source, names }: Filling): string | undefined {
  const { files } = storage.disk;
  return names.find((name) => source.disk.files.has(name) && !files.has(name) && !hasHeardOfEnd(storage, name));
}

function hasHeardOfEnd({ disk }: SimStorage, name: string): boolean {
  return disk.lines.some(({ record }) => {
    if (typeof record === "string") return false;
    const kind = upperOf(record.op);
    return (kind === Op.DELETE && record.name === name) || (kind === Op.RENAME && record.otherName === name);
  });
}
