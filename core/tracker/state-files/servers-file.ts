// storage_servers_new.dat (tracker.md §8.2): every storage that is not gone, with its counters.

import { parseConfText } from "../../../conf/index.ts";
import type { StorageStat } from "../../wire/storage-stat.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { orderAddresses } from "../cluster/storage-ids.ts";
import { createStorage, type StorageRecord } from "../cluster/storage-record.ts";

/** Counters in file order; modify and truncate are not saved. */
const counters: readonly (keyof StorageStat)[] = [
  "totalUploadCount",
  "successUploadCount",
  "totalAppendCount",
  "successAppendCount",
  "totalSetMetaCount",
  "successSetMetaCount",
  "totalDeleteCount",
  "successDeleteCount",
  "totalDownloadCount",
  "successDownloadCount",
  "totalGetMetaCount",
  "successGetMetaCount",
  "totalCreateLinkCount",
  "successCreateLinkCount",
  "totalDeleteLinkCount",
  "successDeleteLinkCount",
  "totalUploadBytes",
  "successUploadBytes",
  "totalAppendBytes",
  "successAppendBytes",
  "totalDownloadBytes",
  "successDownloadBytes",
  "totalSyncInBytes",
  "successSyncInBytes",
  "totalSyncOutBytes",
  "successSyncOutBytes",
  "totalFileOpenCount",
  "successFileOpenCount",
  "totalFileReadCount",
  "successFileReadCount",
  "totalFileWriteCount",
  "successFileWriteCount",
  "lastSourceUpdate",
  "lastSyncUpdate",
  "lastSyncedTimestamp",
  "lastHeartBeatTime",
];
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const section = (index: number): string => `Storage${String(index + 1).padStart(3, "0")}`;

/** The storages that the data files speak of: groups by name, inside a group in order of first appearance. */
export function savedStorages(cluster: Cluster): StorageRecord[] {
  const { DELETED, IP_CHANGED } = StorageStatus;
  return cluster.groups.flatMap((group) =>
    group.storages.filter(({ status }) => status !== DELETED && status !== IP_CHANGED),
  );
}

/** Nobody is connected after a start: who had all its data is OFFLINE, the others go on waiting for it. */
export function statusAfterStart(saved: number): number {
  const { INIT, WAIT_SYNC, SYNCING, OFFLINE } = StorageStatus;
  return saved === INIT || saved === WAIT_SYNC || saved === SYNCING ? saved : OFFLINE;
}

export function formatServers(cluster: Cluster): string {
  const storages = savedStorages(cluster);
  const blocks = storages.map((storage, index) => {
    const ip = storage.currentIp;
    const lines = [
      `# storage: ${ip}:${storage.port}`,
      `[${section(index)}]`,
      ...(cluster.settings.useStorageId ? [`\tid=${storage.id}`] : []),
      `\tgroup_name=${storage.groupName}`,
      `\tip_addr=${ip}`,
      `\tstatus=${storage.status}`,
      `\tversion=${storage.version}`,
      `\tjoin_time=${storage.joinTime}`,
      `\tstorage_port=${storage.port}`,
      `\tsync_src_server=${storage.syncSourceId}`,
      `\tsync_until_timestamp=${storage.syncUntilTimestamp}`,
      `\ttotal_mb=${storage.totalMb}`,
      `\tfree_mb=${storage.freeMb}`,
      `\tchangelog_offset=${storage.changelogOffset}`,
      `\tstore_path_count=${storage.storePathCount}`,
      `\tsubdir_count_per_path=${storage.subdirCountPerPath}`,
      `\tupload_priority=${storage.uploadPriority}`,
      ...counters.map((name) => `\t${snake(name)}=${storage.stat[name]}`),
      "",
      "",
    ];
    return lines.join("\n");
  });
  return `${blocks.join("")}\n[Global]\n\tstorage_count=${storages.length}\n`;
}

/** Adds the storages of the text to their groups; throws a sentence when it cannot be used. */
export function readServers(cluster: Cluster, text: string, file: string, changelogSize: number): void {
  const document = parseConfText(text, file);
  const count = Number.parseInt(document.get("storage_count", "Global") ?? "", 10);
  if (!Number.isInteger(count)) throw new Error(`Cannot use ${file}: it has no storage_count`);
  for (let index = 0; index < count; index++) {
    const get = (key: string): string => document.get(key, section(index)) ?? "";
    const number = (key: string): number => Number.parseInt(get(key), 10) || 0;
    const group = cluster.find(get("group_name"));
    const ip = get("ip_addr");
    if (group === undefined)
      throw new Error(`Cannot use ${file}: [${section(index)}] is of group '${get("group_name")}', which is not known`);
    const id = cluster.settings.useStorageId
      ? get("id") || (cluster.ids.byAddress(group.name, ip, number("storage_port"))?.id ?? ip)
      : ip;
    if (id === "") throw new Error(`Cannot use ${file}: [${section(index)}] has no address`);
    if (group.find(id) !== undefined) continue;
    const entry = cluster.ids.byId(id);
    const addresses = entry === undefined ? [ip] : orderAddresses(entry.hosts);
    const storage = createStorage(id, group.name, addresses, number("storage_port") || group.storagePort);
    if (addresses.includes(ip)) storage.currentIp = ip;
    storage.status = statusAfterStart(number("status"));
    storage.rwMode = entry?.rwMode ?? storage.rwMode;
    storage.version = get("version");
    storage.joinTime = number("join_time");
    storage.syncSourceId = get("sync_src_server");
    storage.syncUntilTimestamp = number("sync_until_timestamp");
    storage.totalMb = number("total_mb");
    storage.freeMb = number("free_mb");
    storage.changelogOffset = Math.min(Math.max(number("changelog_offset"), 0), changelogSize);
    storage.storePathCount = number("store_path_count");
    storage.subdirCountPerPath = number("subdir_count_per_path");
    storage.uploadPriority = number("upload_priority");
    for (const name of counters) storage.stat[name] = number(snake(name));
    group.add(storage);
  }
}
