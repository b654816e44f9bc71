// One storage as the tracker knows it. A plain record: join.ts, life.ts and reports.ts change it, nothing else.

import { emptyStorageStat, type StorageStat } from "../../wire/storage-stat.ts";
import { RwMode, StorageStatus } from "../../wire/storage-status.ts";

export interface PathSpace {
  readonly totalMb: number;
  readonly freeMb: number;
}

export interface StorageRecord {
  id: string;
  groupName: string;
  /** As its connection or storage_ids.conf says: the inner one first. */
  addresses: readonly string[];
  /** The one of them it last joined from: that of the data files, and of old file names. */
  currentIp: string;
  port: number;
  status: number;
  rwMode: number;
  version: string;
  /** Unix seconds. */
  joinTime: number;
  /** Unix seconds of its start; 0 while it is not connected. */
  upTime: number;
  syncSourceId: string;
  syncUntilTimestamp: number;
  totalMb: number;
  freeMb: number;
  /** Empty until the first disk report. */
  pathSpaces: readonly PathSpace[];
  /** What of the changelog file it has been sent. */
  changelogOffset: number;
  storePathCount: number;
  subdirCountPerPath: number;
  uploadPriority: number;
  currentWritePath: number;
  stat: StorageStat;
  /** Newest timestamp received from each source, by the source's id. */
  syncedFrom: Map<string, number>;
  /** The group's counters as this storage was last told them. */
  toldGroupChanges: number;
  toldTrunkChanges: number;
  /** The joined connection; null while there is none. */
  connection: object | null;
}

export function createStorage(
  id: string,
  groupName: string,
  addresses: readonly string[],
  port: number,
): StorageRecord {
  return {
    id,
    groupName,
    addresses,
    currentIp: addresses[0] ?? "",
    port,
    status: StorageStatus.INIT,
    rwMode: RwMode.BOTH,
    version: "",
    joinTime: 0,
    upTime: 0,
    syncSourceId: "",
    syncUntilTimestamp: 0,
    totalMb: 0,
    freeMb: 0,
    pathSpaces: [],
    changelogOffset: 0,
    storePathCount: 0,
    subdirCountPerPath: 0,
    uploadPriority: 0,
    currentWritePath: 0,
    stat: emptyStorageStat(),
    syncedFrom: new Map(),
    toldGroupChanges: 0,
    toldTrunkChanges: 0,
    connection: null,
  };
}

export const isReadable = (storage: StorageRecord): boolean =>
  storage.status === StorageStatus.ACTIVE && (storage.rwMode & RwMode.READ) !== 0;
export const isWritable = (storage: StorageRecord): boolean =>
  storage.status === StorageStatus.ACTIVE && (storage.rwMode & RwMode.WRITE) !== 0;
