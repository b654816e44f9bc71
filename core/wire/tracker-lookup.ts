// Look-ups a storage or client makes by name or address (tracker.md §4.16) and the trunk file id reports (§4.17).

import { command } from "./command.ts";
import { bool8, empty, int32, int64, record, restBytes, restText, text } from "./layout.ts";
import { GROUP_NAME_NUL_SIZE, GROUP_NAME_SIZE } from "./limits.ts";
import { storageBrief } from "./tracker-report.ts";

/** Answer: the peer's address, or all configured addresses of that storage, comma separated. */
export const getMyIp = command({
  number: 60,
  name: "STORAGE_GET_MY_IP",
  request: record({ groupName: text(GROUP_NAME_NUL_SIZE), port: int32() }),
  response: record({ addresses: restText() }),
});

/** `[ip text] port i32`: the text has no length field, the port stands in the last four bytes. */
export const getGroupName = command({
  number: 109,
  name: "STORAGE_GET_GROUP_NAME",
  request: record({ ipAndPort: restBytes() }),
  response: record({ groupName: text(GROUP_NAME_SIZE) }),
});

const groupAndHost = record({ groupName: text(GROUP_NAME_SIZE), host: restText() });

export const getServerId = command({
  number: 70,
  name: "STORAGE_GET_SERVER_ID",
  request: groupAndHost,
  response: record({ storageId: restText() }),
});
export const getStorageStatus = command({
  number: 71,
  name: "STORAGE_GET_STATUS",
  request: groupAndHost,
  response: storageBrief,
});

/** Lines `id SP group SP ips[:port][ SP rw=mode]\n`, `current` of `total` from `startIndex`. */
export const fetchStorageIds = command({
  number: 69,
  name: "STORAGE_FETCH_STORAGE_IDS",
  request: record({ startIndex: int32(), allowEmpty: bool8() }),
  response: record({ total: int32(), current: int32(), lines: restText() }),
});

export const fetchTrunkFileId = command({
  number: 72,
  name: "STORAGE_FETCH_TRUNK_FID",
  request: empty,
  response: record({ trunkFileId: int32() }),
});
export const reportTrunkFileId = command({
  number: 73,
  name: "STORAGE_REPORT_TRUNK_FID",
  request: record({ trunkFileId: int32() }),
  response: empty,
});
export const reportTrunkFree = command({
  number: 74,
  name: "STORAGE_REPORT_TRUNK_FREE",
  request: record({ freeMb: int64() }),
  response: empty,
});
