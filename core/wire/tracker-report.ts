// What a storage tells and asks its trackers over its life (tracker.md §3, §4).

import { command } from "./command.ts";
import {
  bool8,
  empty,
  type Infer,
  int8,
  int32,
  int64,
  record,
  restBytes,
  restItems,
  restText,
  text,
  uint8,
} from "./layout.ts";
import { GROUP_NAME_NUL_SIZE, GROUP_NAME_SIZE, IPV6_SIZE, STORAGE_ID_SIZE, VERSION_SIZE } from "./limits.ts";

/** FDFSStorageBrief, 67 bytes since 6.11: its address is 46 bytes whatever the response IP size (tracker.md §3). */
export const storageBrief = record({
  status: uint8(),
  port: int32(),
  id: text(STORAGE_ID_SIZE),
  ipAddress: text(IPV6_SIZE),
});
export type StorageBrief = Infer<typeof storageBrief>;

/** STORAGE_JOIN's body: 145 bytes and the tracker lines `host[,host2]:port\n` (tracker.md §4.1). */
export const joinRequest = record({
  groupName: text(GROUP_NAME_NUL_SIZE),
  storagePort: int64(),
  storePathCount: int64(),
  subdirCountPerPath: int64(),
  uploadPriority: int64(),
  joinTime: int64(),
  upTime: int64(),
  version: text(VERSION_SIZE),
  initFlag: bool8(),
  /** Signed: -1 = unknown and not every tracker was joined yet. */
  status: int8(),
  storageId: text(STORAGE_ID_SIZE),
  currentTrackerIp: text(IPV6_SIZE),
  trackerCount: int64(),
  trackerLines: restText(),
});
export type JoinRequest = Infer<typeof joinRequest>;

export const storageJoin = command({
  number: 81,
  name: "STORAGE_JOIN",
  request: joinRequest,
  response: record({ myStatus: uint8(), syncSourceId: text(STORAGE_ID_SIZE) }),
});

/** Bits of the flags byte in front of a report's answer (tracker.md §4.14). */
export const ChangeFlag = { LEADER: 1, TRUNK_SERVER: 2, GROUP: 4 } as const;

/** flags u8, then briefs: one if LEADER, one if TRUNK_SERVER, then all members if GROUP. */
const reportAnswer = record({ flags: uint8(), briefs: restItems(storageBrief) });
export type ReportAnswer = Infer<typeof reportAnswer>;

/** Body empty, or the 348-byte statistics. */
export const storageBeat = command({
  number: 83,
  name: "STORAGE_BEAT",
  request: record({ stat: restBytes() }),
  response: reportAnswer,
});

const pathSpace = record({ totalMb: int64(), freeMb: int64() });
export const reportDiskUsage = command({
  number: 84,
  name: "STORAGE_REPORT_DISK_USAGE",
  request: record({ paths: restItems(pathSpace) }),
  response: reportAnswer,
});

const syncTimestamp = record({ sourceId: text(STORAGE_ID_SIZE), timestamp: int32() });
export const syncReport = command({
  number: 89,
  name: "STORAGE_SYNC_REPORT",
  request: record({ timestamps: restItems(syncTimestamp) }),
  response: reportAnswer,
});

/** Source of old data and the moment up to which it feeds; the empty answer means "none" (tracker.md §4.4-§4.7). */
export const syncSource = record({ sourceId: text(STORAGE_ID_SIZE), untilTimestamp: int64() });
export type SyncSource = Infer<typeof syncSource>;
/** Zero or one `syncSource`. */
const optionalSyncSource = record({ sources: restItems(syncSource) });

export const syncDestRequest = command({
  number: 87,
  name: "STORAGE_SYNC_DEST_REQ",
  request: empty,
  response: optionalSyncSource,
});
export const syncDestQuery = command({
  number: 79,
  name: "STORAGE_SYNC_DEST_QUERY",
  request: empty,
  response: optionalSyncSource,
});
export const syncSourceRequest = command({
  number: 86,
  name: "STORAGE_SYNC_SRC_REQ",
  request: record({ groupName: text(GROUP_NAME_SIZE), destinationId: text(STORAGE_ID_SIZE) }),
  response: optionalSyncSource,
});
export const syncNotify = command({
  number: 88,
  name: "STORAGE_SYNC_NOTIFY",
  request: syncSource,
  response: empty,
});

export const replicaChange = command({
  number: 85,
  name: "STORAGE_REPLICA_CHG",
  request: record({ briefs: restItems(storageBrief) }),
  response: empty,
});
export const reportStatus = command({
  number: 76,
  name: "STORAGE_REPORT_STATUS",
  request: record({ groupName: text(GROUP_NAME_SIZE), brief: storageBrief }),
  response: empty,
});
export const changeStatus = command({
  number: 59,
  name: "STORAGE_CHANGE_STATUS",
  request: record({ status: uint8() }),
  response: empty,
});

/** Joined: empty. Not joined: group 16 | id 16. The answer is raw lines of the changelog file. */
export const changelogRequest = command({
  number: 77,
  name: "STORAGE_CHANGELOG_REQ",
  request: record({ storages: restItems(record({ groupName: text(GROUP_NAME_SIZE), id: text(STORAGE_ID_SIZE) })) }),
  response: record({ lines: restBytes() }),
});
export const reportIpChanged = command({
  number: 78,
  name: "STORAGE_REPORT_IP_CHANGED",
  request: record({ groupName: text(GROUP_NAME_SIZE), oldIp: text(IPV6_SIZE), newIp: text(IPV6_SIZE) }),
  response: empty,
});

/** Answer: `key=value` lines in the settings grammar, below 1024 bytes. */
export const parameterRequest = command({
  number: 75,
  name: "STORAGE_PARAMETER_REQ",
  request: empty,
  response: record({ text: restBytes() }),
});
