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

/**
 * Takes the timestamps in; returns what is wrong when the rows are not those of the servers' file, as after a crash
 * between the two writes. C then refuses to start; but the timestamps only speed up what the storages report again, so
 * here the start goes on without them.
 */
export function readSyncTimestamps(cluster: Cluster, text: string, file: string): string | null {
  const storages = savedStorages(cluster);
  const rows = text.split("\n").filter((line) => line !== "");
  const expected = storages.map(({ groupName, id }) => `${groupName},${id},`);
  if (rows.length !== expected.length || !expected.every((start, index) => rows[index]!.startsWith(start))) {
    return `${file} is left out: its ${rows.length} rows are not those of the ${storages.length} storages`;
  }
  for (const [index, row] of rows.entries()) {
    const [groupName, , ...times] = row.split(",");
    const source = storages[index]!;
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
  return null;
}
