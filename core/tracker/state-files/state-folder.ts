// The tracker's data folder (tracker.md §8): loads the state at start, writes what a change made stale, keeps the
// changelog. Files are replaced as a whole; the changelog is appended and flushed.

import { closeSync, fdatasyncSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseConfText } from "../../../conf/index.ts";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { formatGroups, readGroups } from "./groups-file.ts";
import { formatServers, readServers } from "./servers-file.ts";
import { formatSyncTimestamps, readSyncTimestamps } from "./sync-timestamp-file.ts";

/** Index of GET_ONE_SYS_FILE to name (§7.6). */
export const systemFiles = [
  "storage_groups_new.dat",
  "storage_servers_new.dat",
  "storage_sync_timestamp.dat",
  "storage_changelog.dat",
] as const;
const [GROUPS, SERVERS, SYNC_TIMESTAMPS, CHANGELOG] = systemFiles;
const STATUS = ".tracker_status";

export class StateFolder {
  readonly #folder: string;
  readonly #cluster: Cluster;

  constructor(basePath: string, cluster: Cluster) {
    this.#folder = join(basePath, "data");
    this.#cluster = cluster;
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Fills the cluster from the files; those that are missing are those of a first start. */
  load(): void {
    const readers = [
      [GROUPS, readGroups],
      [SERVERS, readServers],
      [SYNC_TIMESTAMPS, readSyncTimestamps],
    ] as const;
    for (const [name, read] of readers) {
      const text = readTextFile(this.path(name));
      if (text !== null) read(this.#cluster, text, this.path(name));
    }
    Object.assign(this.#cluster.stale, { groups: false, servers: false, syncTimestamps: false });
  }

  /** Writes what has changed since the last call; `all` writes everything. */
  save(all = false): void {
    const { stale, changelog } = this.#cluster;
    if (changelog.length > 0) this.#appendChangelog(changelog.splice(0).join(""));
    if (all || stale.groups) writeFileAtomically(this.path(GROUPS), formatGroups(this.#cluster));
    if (all || stale.servers) writeFileAtomically(this.path(SERVERS), formatServers(this.#cluster));
    if (all || stale.syncTimestamps)
      writeFileAtomically(this.path(SYNC_TIMESTAMPS), formatSyncTimestamps(this.#cluster));
    Object.assign(stale, { groups: false, servers: false, syncTimestamps: false });
  }

  get changelogSize(): number {
    return this.sizeOf(CHANGELOG);
  }

  /** Up to `limit` bytes of the changelog from `offset`. */
  readChangelog(offset: number, limit: number): Uint8Array {
    return this.readPart(CHANGELOG, offset, limit);
  }

  sizeOf(name: string): number {
    return statSync(this.path(name), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Up to `limit` bytes of a file from `offset`; empty when it is missing. */
  readPart(name: string, offset: number, limit: number): Uint8Array {
    const size = Math.max(Math.min(this.sizeOf(name) - offset, limit), 0);
    const bytes = new Uint8Array(size);
    if (size === 0) return bytes;
    const fd = openSync(this.path(name), "r");
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, size, offset));
    } finally {
      closeSync(fd);
    }
  }

  /** When this tracker was last known to run, Unix seconds; 0 for never. */
  readLastCheckTime(): number {
    const document = parseConfText(readTextFile(this.path(STATUS)) ?? "", STATUS);
    return Number.parseInt(document.get("last_check_time") ?? "0", 10) || 0;
  }

  writeStatus(upTime: number, now: number): void {
    writeFileAtomically(this.path(STATUS), `up_time=${upTime}\nlast_check_time=${now}\n`);
  }

  #appendChangelog(lines: string): void {
    const fd = openSync(this.path(CHANGELOG), "a", 0o644);
    try {
      writeSync(fd, lines);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}
