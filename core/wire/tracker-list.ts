// Lists and administration a client asks of a tracker (tracker.md §2.3-§2.12).

import { command } from "./command.ts";
import {
  bool8,
  countedItems,
  empty,
  type Infer,
  int32,
  int64,
  ipAddress,
  record,
  restItems,
  restText,
  restTextNul,
  text,
  uint8,
} from "./layout.ts";
import { GROUP_NAME_NUL_SIZE, GROUP_NAME_SIZE, HOST_PORT_SIZE, STORAGE_ID_SIZE, VERSION_SIZE } from "./limits.ts";
import { storageStat } from "./storage-stat.ts";

/** One group, 113 bytes since 6.13.1 (tracker.md §2.3). */
export const groupStat = record({
  groupName: text(GROUP_NAME_NUL_SIZE),
  totalMb: int64(),
  freeMb: int64(),
  reservedMb: int64(),
  trunkFreeMb: int64(),
  storageCount: int64(),
  storagePort: int64(),
  readableServerCount: int64(),
  writableServerCount: int64(),
  currentWriteServer: int64(),
  storePathCount: int64(),
  subdirCountPerPath: int64(),
  currentTrunkFileId: int64(),
});
export type GroupStat = Infer<typeof groupStat>;

/** One storage, 487 or 517 bytes (tracker.md §2.4). */
export const storageInfo = record({
  status: uint8(),
  rwMode: uint8(),
  id: text(STORAGE_ID_SIZE),
  ipAddress: ipAddress(),
  syncSourceId: text(STORAGE_ID_SIZE),
  version: text(VERSION_SIZE),
  joinTime: int64(),
  upTime: int64(),
  totalMb: int64(),
  freeMb: int64(),
  reservedMb: int64(),
  uploadPriority: int64(),
  storePathCount: int64(),
  subdirCountPerPath: int64(),
  currentWritePath: int64(),
  storagePort: int64(),
  stat: storageStat,
  isTrunkServer: bool8(),
});
export type StorageInfo = Infer<typeof storageInfo>;

const groupRequest = record({ groupName: text(GROUP_NAME_SIZE) });
/** group 16 | storage id text of 0..15 bytes. */
const storageRequest = record({ groupName: text(GROUP_NAME_SIZE), storageId: restText() });

export const listOneGroup = command({
  number: 90,
  name: "SERVER_LIST_ONE_GROUP",
  request: groupRequest,
  response: groupStat,
});
export const listAllGroups = command({
  number: 91,
  name: "SERVER_LIST_ALL_GROUPS",
  request: empty,
  response: record({ groups: restItems(groupStat) }),
});
export const listStorage = command({
  number: 92,
  name: "SERVER_LIST_STORAGE",
  request: storageRequest,
  response: record({ storages: restItems(storageInfo) }),
});
export const deleteStorage = command({
  number: 93,
  name: "SERVER_DELETE_STORAGE",
  request: storageRequest,
  response: empty,
});
export const setTrunkServer = command({
  number: 94,
  name: "SERVER_SET_TRUNK_SERVER",
  request: storageRequest,
  response: record({ storageId: restTextNul() }),
});
export const getLeader = command({
  number: 95,
  name: "SERVER_GET_LEADER",
  request: empty,
  response: record({ address: restText() }),
});
export const deleteGroup = command({
  number: 108,
  name: "SERVER_DELETE_GROUP",
  request: groupRequest,
  response: empty,
});

const connectionStat = { allocCount: int32(), currentCount: int32(), maxCount: int32() };

/** One tracker, 90 bytes (tracker.md §2.10). */
export const trackerStat = record({
  host: text(HOST_PORT_SIZE),
  isLeader: bool8(),
  isActive: bool8(),
  ...connectionStat,
  version: text(VERSION_SIZE),
  upTime: int64(),
  lastHeartbeatTime: int64(),
});

/** One storage, 106 bytes (tracker.md §2.11). */
export const storageClusterStat = record({
  id: text(STORAGE_ID_SIZE),
  host: text(HOST_PORT_SIZE),
  isTrunkServer: bool8(),
  status: uint8(),
  ...connectionStat,
  version: text(VERSION_SIZE),
  upTime: int64(),
  lastHeartbeatTime: int64(),
});

/** One group, 59 bytes (tracker.md §2.12). */
export const volumeStat = record({
  groupName: text(GROUP_NAME_NUL_SIZE),
  totalMb: int64(),
  freeMb: int64(),
  reservedMb: int64(),
  availableMb: int64(),
  trunkFreeMb: int64(),
  isDiskAvailable: bool8(),
  isTrunkAvailable: bool8(),
});

/** filterBy bits: 1 = by isActive, 2 = by isLeader. */
export const trackerClusterStat = command({
  number: 96,
  name: "SERVER_TRACKER_CLUSTER_STAT",
  request: record({ filterBy: uint8(), isActive: bool8(), isLeader: bool8() }),
  response: record({ trackers: countedItems(uint8(), trackerStat) }),
});
/** filterBy bits: 1 = by trunk flag, 2 = by status with operator '=' or '!'. */
export const storageClusterStatCommand = command({
  number: 97,
  name: "SERVER_STORAGE_CLUSTER_STAT",
  request: record({ filterBy: uint8(), operator: uint8(), status: uint8(), isTrunkServer: bool8() }),
  response: record({
    useStorageId: bool8(),
    useTrunkFile: bool8(),
    storages: countedItems(int32(), storageClusterStat),
  }),
});
/** filterBy bits: 1 = disk, 2 = trunk, 4 = disk or trunk. The name's spelling is the protocol's. */
export const storageVolumnStat = command({
  number: 98,
  name: "SERVER_STORAGE_VOLUMN_STAT",
  request: record({
    filterBy: uint8(),
    isDiskAvailable: bool8(),
    isTrunkAvailable: bool8(),
    isSpaceAvailable: bool8(),
  }),
  response: record({ useTrunkFile: bool8(), groups: countedItems(int32(), volumeStat) }),
});
