// storage_groups.dat and storage_servers.dat, the comma-separated files of trackers before 2.x and 3.x (tracker.md §8.7, C:
// tracker_load_groups_old, tracker_load_storages_old). Read once, when the files of today are missing; never written.

import type { StorageStat } from "../../wire/storage-stat.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { createStorage } from "../cluster/storage-record.ts";
import { statusAfterStart } from "./servers-file.ts";

export const LEGACY_GROUPS = "storage_groups.dat";
export const LEGACY_SERVERS = "storage_servers.dat";

const GROUP_COLUMNS = [2, 4];
const SERVER_COLUMNS = [17, 18, 20, 22];
/** Columns 5 to 16. */
const counters: readonly (keyof StorageStat)[] = [
  "totalUploadCount",
  "successUploadCount",
  "totalSetMetaCount",
  "successSetMetaCount",
  "totalDeleteCount",
  "successDeleteCount",
  "totalDownloadCount",
  "successDownloadCount",
  "totalGetMetaCount",
  "successGetMetaCount",
  "lastSourceUpdate",
  "lastSyncUpdate",
];
const FIRST_COUNTER = 5;

function readRows(text: string, file: string, columns: readonly number[]): string[][] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => {
    const row = line.split(",").map((column) => column.trim());
    if (columns.includes(row.length)) return row;
    throw new Error(
      `Cannot use ${file}: line ${index + 1} has ${row.length} columns, expected ${columns.join(" or ")}`,
    );
  });
}

const numberOf = (text: string | undefined): number => Number.parseInt(text ?? "", 10) || 0;

/** `name,port[,store paths,subdirectories]` */
export function readLegacyGroups(cluster: Cluster, text: string, file: string): void {
  for (const [name = "", port, paths, subdirs] of readRows(text, file, GROUP_COLUMNS)) {
    const group = cluster.addGroup(name);
    group.storagePort = numberOf(port);
    group.storePathCount = numberOf(paths);
    group.subdirCountPerPath = numberOf(subdirs);
  }
}

/**
 * `group,ip,status,sync source,until,ten counters,last source update,last sync update`, later followed by the changelog
 * offset, then by storage port and HTTP port, then by join time and version.
 */
export function readLegacyServers(cluster: Cluster, text: string, file: string, changelogSize: number): void {
  for (const row of readRows(text, file, SERVER_COLUMNS)) {
    const [groupName = "", ip = "", status, source = "", until] = row;
    const group = cluster.find(groupName);
    if (group === undefined)
      throw new Error(`Cannot use ${file}: ${ip} is of group '${groupName}', which is not known`);
    const port = numberOf(row[18]) || group.storagePort;
    const id = cluster.settings.useStorageId ? (cluster.ids.byAddress(groupName, ip, port)?.id ?? ip) : ip;
    const storage = createStorage(id, groupName, [ip], port);
    storage.status = statusAfterStart(numberOf(status));
    storage.syncSourceId = source;
    storage.syncUntilTimestamp = numberOf(until);
    for (const [index, name] of counters.entries()) storage.stat[name] = numberOf(row[FIRST_COUNTER + index]);
    storage.changelogOffset = Math.min(Math.max(numberOf(row[17]), 0), changelogSize);
    storage.joinTime = numberOf(row[20]);
    storage.version = row[21] ?? "";
    group.add(storage);
  }
}
