// The tables of fdfs_tracker_stat, fdfs_storage_stat and fdfs_volumn_stat as the C release prints them
// (http-config-tools.md §4.4). An empty result prints nothing. Data in, text out.

import type { Infer } from "../../core/wire/layout.ts";
import { storageStatusName } from "../../core/wire/storage-status.ts";
import type {
  storageClusterStat,
  storageClusterStatCommand,
  storageVolumnStat,
  trackerStat,
  volumeStat,
} from "../../core/wire/tracker-list.ts";
import { formatMegabytes, formatTime } from "./units.ts";

type TrackerStat = Infer<typeof trackerStat>;
type StorageClusterStat = Infer<typeof storageClusterStat>;
type VolumeStat = Infer<typeof volumeStat>;
type StorageStatResult = Infer<(typeof storageClusterStatCommand)["response"]>;
type VolumeStatResult = Infer<(typeof storageVolumnStat)["response"]>;

const bit = (value: boolean): number => (value ? 1 : 0);

const connections = (stat: { allocCount: number; currentCount: number; maxCount: number }): string =>
  `connections {alloc: ${stat.allocCount}, current: ${stat.currentCount}, max: ${stat.maxCount}}`;

export function trackerStatText(trackers: readonly TrackerStat[], detail: boolean): string {
  if (trackers.length === 0) return "";
  const lines = trackers.map((tracker) => {
    const flags = `is_leader: ${bit(tracker.isLeader)}, is_active: ${bit(tracker.isActive)}`;
    const line = `${tracker.host}, ${flags}, ${connections(tracker)}\n`;
    if (!detail) return line;
    // The leader receives no heartbeat, so it has no time of the last one.
    const beat = tracker.isLeader ? "" : `, last_heartbeat_time: ${formatTime(tracker.lastHeartbeatTime)}`;
    return `${line}  version: ${tracker.version}, up_time: ${formatTime(tracker.upTime)}${beat}\n\n`;
  });
  return `\n${lines.join("")}\ntracker server count: ${trackers.length}\n\n`;
}

export function storageStatText(result: StorageStatResult, detail: boolean): string {
  const { storages } = result;
  if (storages.length === 0) return "";
  const lines = storages.map((storage) => storageStatLine(storage, result) + (detail ? detailLine(storage) : ""));
  return `\n${lines.join("")}\nstorage server count: ${storages.length}\n\n`;
}

function storageStatLine(storage: StorageClusterStat, result: StorageStatResult): string {
  const id = result.useStorageId ? `${storage.id} ` : "";
  const trunk = result.useTrunkFile ? `is_trunk_server: ${bit(storage.isTrunkServer)}, ` : "";
  return `${id}${storage.host} ${storageStatusName(storage.status)}, ${trunk}${connections(storage)}\n`;
}

function detailLine(storage: StorageClusterStat): string {
  const times = `up_time: ${formatTime(storage.upTime)}, last_heartbeat_time: ${formatTime(storage.lastHeartbeatTime)}`;
  return `  version: ${storage.version}, ${times}\n\n`;
}

const SUMMARY_RULE = "=".repeat(32);

export function volumeStatText(result: VolumeStatResult): string {
  const { groups, useTrunkFile } = result;
  if (groups.length === 0) return "";
  const lines = groups.map((group) => volumeLine(group, useTrunkFile)).join("");
  if (groups.length === 1) return `\n${lines}storage volumn / group count: 1\n\n`;
  const available = groups.filter((group) => group.isDiskAvailable || group.isTrunkAvailable).length;
  return [
    `\n${lines}${SUMMARY_RULE} VOLUMNS SUMMARY ${SUMMARY_RULE}\n`,
    volumeLine(sumOf(groups), useTrunkFile),
    `volumn / group counts {total: ${groups.length}, available: ${available}}\n\n`,
  ].join("");
}

function volumeLine(group: VolumeStat, useTrunkFile: boolean): string {
  const usable = group.totalMb - group.reservedMb;
  const percent = (part: number): string => (usable > 0 ? ((part / usable) * 100).toFixed(2) : "0.00");
  const total = group.availableMb + group.trunkFreeMb;
  const space = [
    `total: ${formatMegabytes(group.totalMb)}`,
    `free: ${formatMegabytes(group.freeMb)}`,
    `reserved: ${formatMegabytes(group.reservedMb)}`,
    `avail: ${formatMegabytes(group.availableMb)}`,
    `util: ${percent(usable - group.availableMb)}%`,
  ].join(", ");
  const flags = `disk_available: ${bit(group.isDiskAvailable)}`;
  if (!useTrunkFile) return `${group.groupName} ${flags}, disk space {${space}}\n\n`;
  const trunk = `trunk free space: ${formatMegabytes(group.trunkFreeMb)}`;
  const sum = `total available {space: ${formatMegabytes(total)}, ratio: ${percent(total)}%}`;
  const trunkFlag = `trunk_available: ${bit(group.isTrunkAvailable)}`;
  return `${group.groupName} ${flags}, ${trunkFlag}, disk space {${space}}, ${trunk}, ${sum}\n\n`;
}

/** The summary line's record; its name stays empty as in the C release. */
function sumOf(groups: readonly VolumeStat[]): VolumeStat {
  const sum = (pick: (group: VolumeStat) => number): number => groups.reduce((total, group) => total + pick(group), 0);
  return {
    groupName: "",
    totalMb: sum((group) => group.totalMb),
    freeMb: sum((group) => group.freeMb),
    reservedMb: sum((group) => group.reservedMb),
    availableMb: sum((group) => group.availableMb),
    trunkFreeMb: sum((group) => group.trunkFreeMb),
    isDiskAvailable: groups.some((group) => group.isDiskAvailable),
    isTrunkAvailable: groups.some((group) => group.isTrunkAvailable),
  };
}
