// storage_sync_timestamp.dat (tracker.md §8.3): for every source a line with the timestamps up to which each member of its
// group has received from it, rows and columns in the order of storage_servers_new.dat.

import type { Cluster } from "../cluster/cluster.ts";
import { savedStorages } from "./servers-file.ts";

export function formatSyncTimestamps(cluster: Cluster): string {
  const storages = savedStorages(cluster);
  return storages
    .map((source) => {
      const members = storages.filter(({ groupName }) => groupName === source.groupName);
      return `${[source.groupName, source.id, ...members.map((member) => member.syncedFrom.get(source.id) ?? 0)].join(",")}\n`;
    })
    .join("");
}

/** Throws when the rows are not those of the servers' file. */
export function readSyncTimestamps(cluster: Cluster, text: string, file: string): void {
  const storages = savedStorages(cluster);
  const rows = text.split("\n").filter((line) => line !== "");
  if (rows.length !== storages.length)
    throw new Error(`Cannot use ${file}: it has ${rows.length} rows for ${storages.length} storages`);
  for (const [index, row] of rows.entries()) {
    const [groupName, id, ...times] = row.split(",");
    const source = storages[index]!;
    if (groupName !== source.groupName || id !== source.id) {
      throw new Error(
        `Cannot use ${file}: row ${index + 1} is of ${groupName} ${id}, expected ${source.groupName} ${source.id}`,
      );
    }
    const members = storages.filter((storage) => storage.groupName === groupName);
    for (const [column, member] of members.entries()) {
      const time = Number.parseInt(times[column] ?? "0", 10) || 0;
      if (time > 0 && member !== source) member.syncedFrom.set(source.id, time);
    }
  }
  for (const storage of storages) {
    const times = [...storage.syncedFrom.values()];
    if (times.length === 0) continue;
    storage.stat.lastSyncedTimestamp = cluster.settings.storeServer === 0 ? Math.min(...times) : Math.max(...times);
  }
}
