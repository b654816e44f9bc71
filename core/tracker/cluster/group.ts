// A group and its storages: membership in id order, the lists of those that serve, and the group's space (tracker.md §6.3).

import { isReadable, isWritable, type StorageRecord } from "./storage-record.ts";

const byId = (a: StorageRecord, b: StorageRecord): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

export class Group {
  readonly name: string;
  /** -1 when members use different ports (tracker.md §4.1). */
  storagePort = 0;
  storePathCount = 0;
  subdirCountPerPath = 0;
  totalMb = 0;
  freeMb = 0;
  trunkFreeMb = 0;
  currentWriteServer = 0;
  currentReadServer = 0;
  currentTrunkFileId = 0;
  trunkServerId = "";
  lastTrunkServerId = "";
  /** Counts every change that members must hear of. */
  changes = 0;
  trunkChanges = 0;
  /** In order of first appearance: the order of the data files. */
  readonly storages: StorageRecord[] = [];
  #readable: StorageRecord[] = [];
  #writable: StorageRecord[] = [];

  constructor(name: string) {
    this.name = name;
  }

  find(id: string): StorageRecord | undefined {
    return this.storages.find((storage) => storage.id === id);
  }

  /** Sorted by id, as lists and reports show them. */
  sorted(): StorageRecord[] {
    return [...this.storages].sort(byId);
  }

  /** Those that serve reads, by id. */
  get readable(): readonly StorageRecord[] {
    return this.#readable;
  }

  /** Those that take uploads and changes, by id. */
  get writable(): readonly StorageRecord[] {
    return this.#writable;
  }

  add(storage: StorageRecord): void {
    this.storages.push(storage);
    this.changed();
  }

  /** A member's status, or membership itself, has changed. */
  changed(): void {
    this.changes++;
    this.#readable = this.storages.filter(isReadable).sort(byId);
    this.#writable = this.storages.filter(isWritable).sort(byId);
  }

  /** The storage that store_server 1 (first by id) or 2 (lowest priority) chooses; the first writable otherwise. */
  storeServer(mode: number): StorageRecord | undefined {
    if (mode !== 2) return this.#writable[0];
    return this.#writable.reduce<StorageRecord | undefined>(
      (best, storage) => (best === undefined || storage.uploadPriority < best.uploadPriority ? storage : best),
      undefined,
    );
  }

  /** Takes in a member's new space (tracker.md §6.3): the group has that of its tightest writable member. */
  spaceReported(reporter: StorageRecord, freeBefore: number): void {
    if (this.freeMb === 0 || reporter.freeMb < this.freeMb) {
      this.totalMb = reporter.totalMb;
      this.freeMb = reporter.freeMb;
    } else if (reporter.freeMb > freeBefore) {
      const [first, ...rest] = this.#writable;
      if (first === undefined) return;
      const tightest = rest.reduce((least, storage) => (storage.freeMb < least.freeMb ? storage : least), first);
      this.totalMb = tightest.totalMb;
      this.freeMb = tightest.freeMb;
    }
  }
}
