// The data folder of a simulated tracker: the real files' texts, in memory. What was not saved is lost in a crash.

import type { Cluster } from "../../../core/tracker/cluster/cluster.ts";
import { formatGroups, readGroups } from "../../../core/tracker/state-files/groups-file.ts";
import { formatServers, readServers } from "../../../core/tracker/state-files/servers-file.ts";
import { systemFiles } from "../../../core/tracker/state-files/state-folder.ts";
import { formatSyncTimestamps, readSyncTimestamps } from "../../../core/tracker/state-files/sync-timestamp-file.ts";
import type { Life } from "../world/life.ts";

const [GROUPS, SERVERS, SYNC_TIMESTAMPS, CHANGELOG] = systemFiles;

/** What is on disk. */
export class TrackerDisk {
  readonly files = new Map<string, string>();
  lastCheckTime = 0;
}

/** Stands in for the real StateFolder of one process. */
export class DataFolder {
  readonly #disk: TrackerDisk;
  readonly #cluster: Cluster;
  readonly #life: Life;

  constructor(disk: TrackerDisk, cluster: Cluster, life: Life) {
    this.#disk = disk;
    this.#cluster = cluster;
    this.#life = life;
  }

  load(): void {
    const { files } = this.#disk;
    const read = (name: string, take: (text: string) => unknown): void => {
      const text = files.get(name);
      if (text !== undefined) take(text);
    };
    read(GROUPS, (text) => readGroups(this.#cluster, text, GROUPS));
    read(SERVERS, (text) => readServers(this.#cluster, text, SERVERS, this.changelogSize));
    read(SYNC_TIMESTAMPS, (text) => readSyncTimestamps(this.#cluster, text, SYNC_TIMESTAMPS));
    Object.assign(this.#cluster.stale, { groups: false, servers: false, syncTimestamps: false });
  }

  /** The process may die between the files. */
  save(all = false): void {
    const { stale, changelog } = this.#cluster;
    if (all) Object.assign(stale, { groups: true, servers: true, syncTimestamps: true });
    if (changelog.length > 0) this.#put(CHANGELOG, this.#text(CHANGELOG) + changelog.splice(0).join(""));
    if (stale.groups) this.#put(GROUPS, formatGroups(this.#cluster));
    if (stale.servers) this.#put(SERVERS, formatServers(this.#cluster));
    if (stale.syncTimestamps) this.#put(SYNC_TIMESTAMPS, formatSyncTimestamps(this.#cluster));
    Object.assign(stale, { groups: false, servers: false, syncTimestamps: false });
  }

  replaceAll(contents: readonly Uint8Array[], fresh: Cluster): void {
    for (const name of [...systemFiles].reverse()) {
      this.#put(name, new TextDecoder().decode(contents[systemFiles.indexOf(name)]));
    }
    Object.assign(this.#cluster.stale, { groups: false, servers: false, syncTimestamps: false });
    this.#cluster.takeGroups(fresh);
  }

  get changelogSize(): number {
    return this.sizeOf(CHANGELOG);
  }

  readChangelog(offset: number, limit: number): Uint8Array {
    return this.readPart(CHANGELOG, offset, limit);
  }

  sizeOf(name: string): number {
    return this.#text(name).length;
  }

  readPart(name: string, offset: number, limit: number): Uint8Array {
    return new TextEncoder().encode(this.#text(name).slice(offset, offset + limit));
  }

  #text(name: string): string {
    return this.#disk.files.get(name) ?? "";
  }

  #put(name: string, text: string): void {
    this.#life.step();
    this.#disk.files.set(name, text);
  }
}
