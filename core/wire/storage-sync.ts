// Storage to storage: replication, disk recovery, trunk allocation (storage.md §2.14, §3; trunk-dedup-recovery.md §1.10).

import { command } from "./command.ts";
import {
  empty,
  type Infer,
  int32,
  int64,
  lengthOf,
  record,
  restBytes,
  restText,
  sizedText,
  text,
  uint8,
} from "./layout.ts";
import { GROUP_NAME_SIZE, STORAGE_ID_SIZE } from "./limits.ts";

export const reportServerId = command({
  number: 9,
  name: "REPORT_SERVER_ID",
  request: record({ storageId: text(STORAGE_ID_SIZE) }),
  response: empty,
});

/** name length | file size | source time i32 | group 16 | name | content unless header status is EEXIST (storage.md §3.2). */
const syncCopyRequest = record({
  fileNameLength: lengthOf("fileName"),
  fileSize: int64(),
  timestamp: int32(),
  groupName: text(GROUP_NAME_SIZE),
  fileName: sizedText("fileName"),
});
export const syncCreateFile = command({
  number: 16,
  name: "SYNC_CREATE_FILE",
  request: syncCopyRequest,
  requestStream: true,
  response: empty,
});
export const syncUpdateFile = command({
  number: 18,
  name: "SYNC_UPDATE_FILE",
  request: syncCopyRequest,
  requestStream: true,
  response: empty,
});
export const syncDeleteFile = command({
  number: 17,
  name: "SYNC_DELETE_FILE",
  request: record({ timestamp: int32(), groupName: text(GROUP_NAME_SIZE), fileName: restText() }),
  response: empty,
});

/** name length | start offset | byte count | source time i32 | group 16 | name | content (storage.md §3.4). */
const syncRangeRequest = record({
  fileNameLength: lengthOf("fileName"),
  offset: int64(),
  byteCount: int64(),
  timestamp: int32(),
  groupName: text(GROUP_NAME_SIZE),
  fileName: sizedText("fileName"),
});
export const syncAppendFile = command({
  number: 25,
  name: "SYNC_APPEND_FILE",
  request: syncRangeRequest,
  requestStream: true,
  response: empty,
});
export const syncModifyFile = command({
  number: 35,
  name: "SYNC_MODIFY_FILE",
  request: syncRangeRequest,
  requestStream: true,
  response: empty,
});
export const syncTruncateFile = command({
  number: 37,
  name: "SYNC_TRUNCATE_FILE",
  request: record({
    fileNameLength: lengthOf("fileName"),
    oldSize: int64(),
    newSize: int64(),
    timestamp: int32(),
    groupName: text(GROUP_NAME_SIZE),
    fileName: sizedText("fileName"),
  }),
  response: empty,
});

/** first name length | second name length | source time i32 | group 16 | names (storage.md §3.6, §3.7). */
export const syncRenameFile = command({
  number: 40,
  name: "SYNC_RENAME_FILE",
  request: record({
    newNameLength: lengthOf("newName"),
    oldNameLength: lengthOf("oldName"),
    timestamp: int32(),
    groupName: text(GROUP_NAME_SIZE),
    newName: sizedText("newName"),
    oldName: sizedText("oldName"),
  }),
  // A C receiver echoes the request on success; what comes is drained, never interpreted.
  response: record({ echo: restBytes() }),
});
export const syncCreateLink = command({
  number: 19,
  name: "SYNC_CREATE_LINK",
  request: record({
    linkNameLength: lengthOf("linkName"),
    sourceNameLength: lengthOf("sourceName"),
    timestamp: int32(),
    groupName: text(GROUP_NAME_SIZE),
    linkName: sizedText("linkName"),
    sourceName: sizedText("sourceName"),
  }),
  response: empty,
});

/** Answer: binlog text, then its length as i64, then the connection closes; the header's length is 2^58 (storage.md §2.14). */
export const fetchOnePathBinlog = command({
  number: 26,
  name: "FETCH_ONE_PATH_BINLOG",
  request: record({ groupName: text(GROUP_NAME_SIZE), storePathIndex: uint8() }),
  response: empty,
  responseStream: true,
});

/** A block of a trunk file, 15 bytes (C: FDFSTrunkInfoBuff). */
export const trunkInfo = record({
  storePathIndex: uint8(),
  subPathHigh: uint8(),
  subPathLow: uint8(),
  trunkFileId: int32(),
  offset: int32(),
  size: int32(),
});
export type TrunkInfo = Infer<typeof trunkInfo>;

const trunkBlockRequest = record({ groupName: text(GROUP_NAME_SIZE), block: trunkInfo });
export const trunkAllocSpace = command({
  number: 27,
  name: "TRUNK_ALLOC_SPACE",
  request: record({ groupName: text(GROUP_NAME_SIZE), size: int32(), storePathIndex: uint8() }),
  response: trunkInfo,
});
/** The header's status byte is the result of the upload that used the block. */
export const trunkAllocConfirm = command({
  number: 28,
  name: "TRUNK_ALLOC_CONFIRM",
  request: trunkBlockRequest,
  response: empty,
});
export const trunkFreeSpace = command({
  number: 29,
  name: "TRUNK_FREE_SPACE",
  request: trunkBlockRequest,
  response: empty,
});
export const trunkSyncBinlog = command({
  number: 30,
  name: "TRUNK_SYNC_BINLOG",
  request: record({ lines: restBytes() }),
  response: empty,
});
export const trunkGetBinlogSize = command({
  number: 31,
  name: "TRUNK_GET_BINLOG_SIZE",
  request: empty,
  response: record({ size: int64() }),
});
export const trunkDeleteBinlogMarks = command({
  number: 32,
  name: "TRUNK_DELETE_BINLOG_MARKS",
  request: empty,
  response: empty,
});
export const trunkTruncateBinlogFile = command({
  number: 33,
  name: "TRUNK_TRUNCATE_BINLOG_FILE",
  request: empty,
  response: empty,
});
