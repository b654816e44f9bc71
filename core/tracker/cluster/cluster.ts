// The whole state of a tracker in memory: groups, the settings that rule them, and what must be written to disk after a
// change. Pure: no clock, no sockets, no files.

import type { TrackerSettings } from "../../../conf/index.ts";
import { Group } from "./group.ts";
import { StorageIds } from "./storage-ids.ts";
import type { StorageRecord } from "./storage-record.ts";

/** Which data files a change makes stale (tracker.md §8). */
interface StaleFiles {
  groups: boolean;
  servers: boolean;
  syncTimestamps: boolean;
}

export class Cluster {
  readonly settings: TrackerSettings;
  readonly ids: StorageIds;
  readonly stale: StaleFiles = {
    groups: false,
    servers: false,
    syncTimestamps: false,
  };
  /** C: g_trunk_server_chg_count. Followers hear of a change with their next ping. */
  trunkServerChanges = 1;
  /** Since the start: every thousandth is written (tracker.md §4.2, §4.8). */
  statBeats = 0;
  syncReports = 0;
  /** Lines to be appended to the changelog file. */
  readonly changelog: string[] = [];
  #groups: Group[] = [];
  readonly #byName = new Map<string, Group>();
  #writeGroup = 0;

  constructor(settings: TrackerSettings) {
    this.settings = settings;
    this.ids = new StorageIds(settings.storageIds);
  }

  /** By name. */
  get groups(): readonly Group[] {
    return this.#groups;
  }

  find(name: string): Group | undefined {
    return this.#byName.get(name);
  }

  /** Index of the group whose turn it is for uploads (store_lookup 0). */
  get writeGroup(): number {
    return this.#writeGroup >= this.#groups.length ? 0 : this.#writeGroup;
  }

  set writeGroup(index: number) {
    this.#writeGroup = index;
  }

  addGroup(name: string): Group {
    const group = new Group(name);
    this.#groups = [...this.#groups, group].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#byName.set(name, group);
    this.stale.groups = true;
    return group;
  }

  removeGroup(group: Group): void {
    this.#groups = this.#groups.filter((other) => other !== group);
    this.#byName.delete(group.name);
    this.stale.groups = true;
  }

  /** Replaces all groups by those of another cluster, which is not used afterwards (tracker.md §7.6). */
  takeGroups(other: Cluster): void {
    this.#groups = [...other.groups];
    this.#byName.clear();
    for (const group of this.#groups) this.#byName.set(group.name, group);
    this.#writeGroup = 0;
    this.trunkServerChanges++;
  }

  /** Sets a status and everything that follows from a changed one. */
  setStatus(group: Group, storage: StorageRecord, status: number): void {
    if (storage.status === status) return;
    storage.status = status;
    group.changed();
    this.stale.servers = true;
  }
}
