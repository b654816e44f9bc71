// The two-storage cluster of the protocol document's fdfs_monitor example (http-config-tools.md §4.3) as plain records.

import { emptyStorageStat } from "../../../../core/wire/storage-stat.ts";
import type { GroupStat, StorageInfo } from "../../../../core/wire/tracker-list.ts";

/** Local wall-clock time of the document's day as Unix seconds. */
export function at(clock: string): number {
  const [hours, minutes, seconds] = clock.split(":").map(Number) as [number, number, number];
  return new Date(2026, 10, 21, hours, minutes, seconds).getTime() / 1000;
}

export function group(changes: Partial<GroupStat> = {}): GroupStat {
  return {
    groupName: "group1",
    totalMb: 252 * 1024,
    freeMb: 68 * 1024,
    reservedMb: 2560,
    trunkFreeMb: 0,
    storageCount: 2,
    storagePort: 23801,
    readableServerCount: 2,
    writableServerCount: 2,
    currentWriteServer: 0,
    storePathCount: 1,
    subdirCountPerPath: 8,
    currentTrunkFileId: -1,
    ...changes,
  };
}

export function storage(changes: Partial<StorageInfo> = {}, stat: Partial<StorageInfo["stat"]> = {}): StorageInfo {
  return {
    status: 7,
    rwMode: 6,
    id: "127.0.0.93",
    ipAddress: "127.0.0.93",
    syncSourceId: "",
    version: "6.16.1",
    joinTime: at("03:50:04"),
    upTime: at("03:50:04"),
    totalMb: 252 * 1024,
    freeMb: 69 * 1024,
    reservedMb: 2560,
    uploadPriority: 10,
    storePathCount: 1,
    subdirCountPerPath: 8,
    currentWritePath: 0,
    storagePort: 23801,
    stat: { ...emptyStorageStat(), ...stat },
    isTrunkServer: false,
    ...changes,
  };
}

/** The counters of the document's storage 1. */
export const documentStat: Partial<StorageInfo["stat"]> = {
  connectionAllocCount: 64,
  connectionCurrentCount: 2,
  connectionMaxCount: 3,
  totalUploadCount: 4,
  successUploadCount: 4,
  totalAppendCount: 1,
  successAppendCount: 1,
  totalSetMetaCount: 2,
  successSetMetaCount: 2,
  totalUploadBytes: 6028,
  successUploadBytes: 6028,
  totalAppendBytes: 14,
  successAppendBytes: 14,
  totalSyncInBytes: 6126,
  successSyncInBytes: 6126,
  totalFileOpenCount: 14,
  successFileOpenCount: 14,
  totalFileReadCount: 3,
  successFileReadCount: 3,
  totalFileWriteCount: 11,
  successFileWriteCount: 11,
  lastHeartBeatTime: at("03:51:08"),
  lastSourceUpdate: at("03:50:52"),
  lastSyncUpdate: at("03:51:04"),
  lastSyncedTimestamp: at("03:50:53"),
};
