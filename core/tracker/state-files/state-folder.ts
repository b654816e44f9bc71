// The tracker's data folder (tracker.md §8): loads the state at start, writes what a change made stale, keeps the
// changelog. Files are replaced as a whole; the changelog is appended and flushed.

import { Buffer } from "node:buffer";
import { closeSync, fdatasyncSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseConfText } from "../../../conf/index.ts";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { formatGroups, readGroups } from "./groups-file.ts";
import { LEGACY_GROUPS, LEGACY_SERVERS, readLegacyGroups, readLegacyServers } from "./legacy-files.ts";
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

/** Fills an empty cluster from the contents of the system files in their order; throws a sentence when they are no such. */
export function readSystemFiles(cluster: Cluster, contents: readonly Uint8Array[]): void {
  const [groups, servers, timestamps] = contents.map((content) => Buffer.from(content).toString());
  readGroups(cluster, groups ?? "", GROUPS);
  readServers(cluster, servers ?? "", SERVERS, contents[systemFiles.indexOf(CHANGELOG)]?.length ?? 0);
  readSyncTimestamps(cluster, timestamps ?? "", SYNC_TIMESTAMPS);
}

/** Files that are written in less time are written with every change. */
const QUICK_MS = 20;
/** So many times as long as the last writing took nothing is written. */
const REST_FACTOR = 20;

export class StateFolder {
  readonly #folder: string;
  readonly #cluster: Cluster;
  readonly #log: Pick<Logger, "warn" | "error">;
  /** A full disk is told once, not once a second. */
  #hasComplained = false;
  /** By performance.now(): earlier the files are not written again. */
  #notBeforeMs = 0;

  constructor(basePath: string, cluster: Cluster, log: Pick<Logger, "warn" | "error">) {
    this.#folder = join(basePath, "data");
    this.#cluster = cluster;
    this.#log = log;
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Fills the cluster from the files; those that are missing are those of a first start. */
  load(): void {
    /** null: there is no such file. */
    const read = <T>(name: string, take: (text: string, path: string) => T): T | null => {
      const text = readTextFile(this.path(name));
      return text === null ? null : take(text, this.path(name));
    };
    const cluster = this.#cluster;
    const hasGroups = read(GROUPS, (text, path) => readGroups(cluster, text, path)) !== null;
    if (!hasGroups) read(LEGACY_GROUPS, (text, path) => readLegacyGroups(cluster, text, path));
    const hasServers = read(SERVERS, (text, path) => readServers(cluster, text, path, this.changelogSize)) !== null;
    if (!hasServers) read(LEGACY_SERVERS, (text, path) => readLegacyServers(cluster, text, path, this.changelogSize));
    const problem = read(SYNC_TIMESTAMPS, (text, path) => readSyncTimestamps(cluster, text, path));
    if (problem !== null) this.#log.warn(problem);
    // What was read needs no writing, unless it came from files of old names.
    const isLegacy = cluster.groups.length > 0 && !(hasGroups && hasServers);
    Object.assign(cluster.stale, { groups: isLegacy, servers: isLegacy, syncTimestamps: isLegacy });
  }

  /**
   * Writes what has changed since the last call; `all` writes everything. A disk that takes nothing is reported, and
   * what could not be written stays to be written with the next call: the cluster goes on from memory. The files of a large
   * cluster take their time: when thousands of storages join at once it goes into answering them, and a later
   * call (there is one every second) writes.
   */
  save(all = false): void {
    const { stale, changelog } = this.#cluster;
    if (all)
      Object.assign(stale, {
        groups: true,
        servers: true,
        syncTimestamps: true,
      });
    try {
      if (changelog.length > 0) {
        this.#appendChangelog(changelog.join(""));
        changelog.length = 0;
      }
      if (all || performance.now() >= this.#notBeforeMs) this.#replaceStale();
      this.#hasComplained = false;
    } catch (error) {
      this.#complain(error);
    }
  }

  #replaceStale(): void {
    const { stale } = this.#cluster;
    const beginMs = performance.now();
    if (stale.groups) this.#replace(GROUPS, formatGroups(this.#cluster));
    stale.groups = false;
    if (stale.servers) this.#replace(SERVERS, formatServers(this.#cluster));
    stale.servers = false;
    if (stale.syncTimestamps) this.#replace(SYNC_TIMESTAMPS, formatSyncTimestamps(this.#cluster));
    stale.syncTimestamps = false;
    const endMs = performance.now();
    const tookMs = endMs - beginMs;
    this.#notBeforeMs = tookMs < QUICK_MS ? 0 : endMs + tookMs * REST_FACTOR;
  }

  /** Takes over what another tracker knows: its files as they are, and the cluster that they describe (§7.6). */
  replaceAll(contents: readonly Uint8Array[], fresh: Cluster): void {
    const cluster = this.#cluster;
    cluster.changelog.length = 0;
    try {
      // Offsets into the changelog stand in the other files: it comes first.
      for (const name of [...systemFiles].reverse())
        writeFileAtomically(this.path(name), contents[systemFiles.indexOf(name)] ?? new Uint8Array(0));
      Object.assign(cluster.stale, { groups: false, servers: false, syncTimestamps: false });
    } catch (error) {
      this.#complain(error);
      Object.assign(cluster.stale, { groups: true, servers: true, syncTimestamps: true });
    }
    cluster.takeGroups(fresh);
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
    try {
      this.#replace(STATUS, `up_time=${upTime}\nlast_check_time=${now}\n`);
    } catch (error) {
      this.#complain(error);
    }
  }

  #replace(name: string, text: string): void {
    writeFileAtomically(this.path(name), text);
  }

  #complain(error: unknown): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    this.#log.error(`Cannot write the tracker's data files in ${this.#folder}: ${String(error)}`);
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
