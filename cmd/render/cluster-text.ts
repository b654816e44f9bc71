// The state of groups and storages as text, byte for byte what the C release's fdfs_monitor prints
// (http-config-tools.md §4.3), so that scripts which read it go on. Data in, text out; colour is laid over by the caller.

import type { StorageStat } from "../../core/wire/storage-stat.ts";
import { rwModeName, storageStatusName } from "../../core/wire/storage-status.ts";
import type { GroupStat, StorageInfo } from "../../core/wire/tracker-list.ts";
import { formatDuration, formatMegabytes, formatTime } from "./units.ts";

/** A group with its storages as one tracker lists them. */
export interface GroupState {
  readonly group: GroupStat;
  readonly storages: readonly StorageInfo[];
}

/** How a status word is shown: unchanged in a pipe, coloured on a terminal. */
export type StatusStyle = (word: string) => string;
const plain: StatusStyle = (word) => word;

/** Lines that the C release's monitor does not have, at the end of a group's head and of a storage. */
export interface Annotations {
  readonly ofGroup: (groupName: string) => readonly string[];
  readonly ofStorage: (groupName: string, storageId: string) => readonly string[];
}
const none: Annotations = { ofGroup: () => [], ofStorage: () => [] };

/** Counters in the order and under the labels of the C release; `stotal_` is its spelling and scripts depend on it. */
const counters: readonly (readonly [string, keyof StorageStat])[] = [
  ["total_upload_count", "totalUploadCount"],
  ["success_upload_count", "successUploadCount"],
  ["total_append_count", "totalAppendCount"],
  ["success_append_count", "successAppendCount"],
  ["total_modify_count", "totalModifyCount"],
  ["success_modify_count", "successModifyCount"],
  ["total_truncate_count", "totalTruncateCount"],
  ["success_truncate_count", "successTruncateCount"],
  ["total_set_meta_count", "totalSetMetaCount"],
  ["success_set_meta_count", "successSetMetaCount"],
  ["total_delete_count", "totalDeleteCount"],
  ["success_delete_count", "successDeleteCount"],
  ["total_download_count", "totalDownloadCount"],
  ["success_download_count", "successDownloadCount"],
  ["total_get_meta_count", "totalGetMetaCount"],
  ["success_get_meta_count", "successGetMetaCount"],
  ["total_create_link_count", "totalCreateLinkCount"],
  ["success_create_link_count", "successCreateLinkCount"],
  ["total_delete_link_count", "totalDeleteLinkCount"],
  ["success_delete_link_count", "successDeleteLinkCount"],
  ["total_upload_bytes", "totalUploadBytes"],
  ["success_upload_bytes", "successUploadBytes"],
  ["total_append_bytes", "totalAppendBytes"],
  ["success_append_bytes", "successAppendBytes"],
  ["total_modify_bytes", "totalModifyBytes"],
  ["success_modify_bytes", "successModifyBytes"],
  ["stotal_download_bytes", "totalDownloadBytes"],
  ["success_download_bytes", "successDownloadBytes"],
  ["total_sync_in_bytes", "totalSyncInBytes"],
  ["success_sync_in_bytes", "successSyncInBytes"],
  ["total_sync_out_bytes", "totalSyncOutBytes"],
  ["success_sync_out_bytes", "successSyncOutBytes"],
  ["total_file_open_count", "totalFileOpenCount"],
  ["success_file_open_count", "successFileOpenCount"],
  ["total_file_read_count", "totalFileReadCount"],
  ["success_file_read_count", "successFileReadCount"],
  ["total_file_write_count", "totalFileWriteCount"],
  ["success_file_write_count", "successFileWriteCount"],
];

/** All groups with their count, or the one group named. */
export function clusterText(
  groups: readonly GroupState[],
  groupName: string | null,
  style = plain,
  annotations = none,
): string {
  if (groupName !== null) {
    const named = groups.find((state) => state.group.groupName === groupName);
    return named === undefined ? "" : groupText(named, style, annotations);
  }
  const blocks = groups.map((state, index) => `\nGroup ${index + 1}:\n${groupText(state, style, annotations)}`);
  return `group count: ${groups.length}\n${blocks.join("")}`;
}

function groupText({ group, storages }: GroupState, style: StatusStyle, annotations: Annotations): string {
  const head = [
    `group name = ${group.groupName}`,
    ...spaceLines(group),
    ...(usesTrunk(group) ? [`trunk free space = ${formatMegabytes(group.trunkFreeMb).padStart(7)}`] : []),
    `storage server count = ${group.storageCount}`,
    `readable server count = ${group.readableServerCount}`,
    `writable server count = ${group.writableServerCount}`,
    `storage server port = ${group.storagePort}`,
    `store path count = ${group.storePathCount}`,
    `subdir count per path = ${group.subdirCountPerPath}`,
    `current write server index = ${group.currentWriteServer}`,
    ...trunkServerLines(group, storages),
    ...annotations.ofGroup(group.groupName),
    "",
  ];
  const blocks = storages.map((storage, index) => {
    const more = annotations.ofStorage(group.groupName, storage.id);
    return storageText(storage, index + 1, storages, style, more);
  });
  return `${head.join("\n")}\n${blocks.join("")}`;
}

function storageText(
  storage: StorageInfo,
  number: number,
  members: readonly StorageInfo[],
  style: StatusStyle,
  more: readonly string[],
): string {
  const { stat } = storage;
  const lines = [
    `id = ${storage.id}`,
    `host = ${formatHost(storage.ipAddress)}:${storage.storagePort}  ${style(storageStatusName(storage.status))}`,
    `read write mode = ${rwModeName(storage.rwMode)}`,
    `version = ${storage.version}`,
    `join time = ${formatTime(storage.joinTime)}`,
    `up time = ${storage.upTime === 0 ? "" : formatTime(storage.upTime)}`,
    ...spaceLines(storage),
    `upload priority = ${storage.uploadPriority}`,
    `store_path_count = ${storage.storePathCount}`,
    `subdir_count_per_path = ${storage.subdirCountPerPath}`,
    `current_write_path = ${storage.currentWritePath}`,
    `source storage id = ${storage.syncSourceId}`,
    `if_trunk_server = ${storage.isTrunkServer ? 1 : 0}`,
    `connection.alloc_count = ${stat.connectionAllocCount}`,
    `connection.current_count = ${stat.connectionCurrentCount}`,
    `connection.max_count = ${stat.connectionMaxCount}`,
    ...counters.map(([label, field]) => `${label} = ${stat[field]}`),
    `last_heart_beat_time = ${formatTime(stat.lastHeartBeatTime)}`,
    `last_source_update = ${formatTime(stat.lastSourceUpdate)}`,
    `last_sync_update = ${formatTime(stat.lastSyncUpdate)}`,
    `last_synced_timestamp = ${formatTime(stat.lastSyncedTimestamp)} ${delayText(storage, members)}`,
    ...more,
  ];
  return `\tStorage ${number}:\n${lines.map((line) => `\t\t${line}\n`).join("")}`;
}

interface Space {
  totalMb: number;
  freeMb: number;
  reservedMb: number;
}

function spaceLines(space: Space): string[] {
  const line = (label: string, megabytes: number): string =>
    `${label.padEnd(20)} = ${formatMegabytes(megabytes).padStart(7)}`;
  return [
    line("disk total space", space.totalMb),
    line("disk free space", space.freeMb),
    line("disk reserved space", space.reservedMb),
    line("disk available space", availableMegabytes(space)),
  ];
}

/** Space files may still take: free minus reserved, never negative. */
function availableMegabytes(space: Space): number {
  return Math.max(0, space.freeMb - space.reservedMb);
}

/** The tracker reports -1 while trunk mode is off. */
function usesTrunk(group: GroupStat): boolean {
  return group.currentTrunkFileId >= 0;
}

function trunkServerLines(group: GroupStat, storages: readonly StorageInfo[]): string[] {
  const server = usesTrunk(group) ? storages.find((storage) => storage.isTrunkServer) : undefined;
  if (server === undefined) return [];
  return [
    `current trunk server = ${server.id} (${server.ipAddress})`,
    `current trunk file id = ${group.currentTrunkFileId}`,
  ];
}

/** Seconds this storage is behind the other members; null when none of them ever had an update, -1 when never synced. */
export function syncDelaySeconds(storage: StorageInfo, members: readonly StorageInfo[]): number | null {
  const others = members.filter((member) => member !== storage).map((member) => member.stat.lastSourceUpdate);
  const latest = Math.max(0, ...others);
  if (latest === 0) return null;
  if (storage.stat.lastSyncedTimestamp === 0) return -1;
  return Math.max(0, latest - storage.stat.lastSyncedTimestamp);
}

function delayText(storage: StorageInfo, members: readonly StorageInfo[]): string {
  const delay = syncDelaySeconds(storage, members);
  if (delay === null) return "";
  return delay < 0 ? "(never synced)" : `(${formatDuration(delay)} delay)`;
}

/** IPv6 addresses stand in brackets before a port. */
export function formatHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
