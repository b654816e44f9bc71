// Trackers among themselves: status, election, system files (tracker.md §7).

import { command } from "./command.ts";
import { bool8, empty, int32, int64, record, restBytes, restItems, restText, text, uint8 } from "./layout.ts";
import { GROUP_NAME_SIZE, STORAGE_ID_SIZE, VERSION_SIZE } from "./limits.ts";

/** Seconds, both truncated to multiples of 300. */
export const trackerGetStatus = command({
  number: 64,
  name: "TRACKER_GET_STATUS",
  request: empty,
  response: record({ isLeader: bool8(), runningTimeSeconds: int64(), restartIntervalSeconds: int64() }),
});

/** The winner's first address, `ip:port`. */
const leaderAddress = record({ address: restText() });
export const notifyNextLeader = command({
  number: 66,
  name: "TRACKER_NOTIFY_NEXT_LEADER",
  request: leaderAddress,
  response: empty,
});
export const commitNextLeader = command({
  number: 67,
  name: "TRACKER_COMMIT_NEXT_LEADER",
  request: leaderAddress,
  response: empty,
});
export const notifyReselectLeader = command({
  number: 68,
  name: "TRACKER_NOTIFY_RESELECT_LEADER",
  request: empty,
  response: empty,
});

export const joinLeader = command({
  number: 58,
  name: "TRACKER_JOIN_LEADER",
  request: record({ upTime: int64(), version: text(VERSION_SIZE), serverPort: int64() }),
  response: empty,
});
const groupTrunkServer = record({ groupName: text(GROUP_NAME_SIZE), trunkServerId: text(STORAGE_ID_SIZE) });
export const pingLeader = command({
  number: 65,
  name: "TRACKER_PING_LEADER",
  request: record({ allocCount: int32(), currentCount: int32(), maxCount: int32() }),
  response: record({ groups: restItems(groupTrunkServer) }),
});

export const getSystemFilesStart = command({
  number: 61,
  name: "TRACKER_GET_SYS_FILES_START",
  request: empty,
  response: empty,
});
export const getSystemFilesEnd = command({
  number: 62,
  name: "TRACKER_GET_SYS_FILES_END",
  request: empty,
  response: empty,
});
export const getOneSystemFile = command({
  number: 63,
  name: "TRACKER_GET_ONE_SYS_FILE",
  request: record({ index: uint8(), offset: int64() }),
  response: record({ fileSize: int64(), content: restBytes() }),
});
