// File operations clients ask of a storage (storage.md §2). Content follows the declared fields as a stream.

import { command } from "./command.ts";
import {
  crc32AsInt64,
  empty,
  int8,
  int64,
  ipAddress,
  lengthOf,
  record,
  restBytes,
  restText,
  sizedBytes,
  sizedText,
  text,
  uint8,
} from "./layout.ts";
import { FILE_EXT_SIZE, FILE_PREFIX_SIZE, GROUP_NAME_SIZE } from "./limits.ts";

/** group 16 | logic name to the end of the body. */
const fileLocation = record({ groupName: text(GROUP_NAME_SIZE), fileName: restText() });

/** store path index i8 (-1: server chooses) | file size i64 | ext 6 | content (storage.md §2.1). */
const uploadRequest = record({ storePathIndex: int8(), fileSize: int64(), fileExt: text(FILE_EXT_SIZE) });

export const uploadFile = command({
  number: 11,
  name: "UPLOAD_FILE",
  request: uploadRequest,
  requestStream: true,
  response: fileLocation,
});
export const uploadAppenderFile = command({
  number: 23,
  name: "UPLOAD_APPENDER_FILE",
  request: uploadRequest,
  requestStream: true,
  response: fileLocation,
});

/** name length i64 | file size i64 | prefix 16 | ext 6 | master name | content (storage.md §2.2). */
export const uploadSlaveFile = command({
  number: 21,
  name: "UPLOAD_SLAVE_FILE",
  request: record({
    masterNameLength: lengthOf("masterName"),
    fileSize: int64(),
    prefix: text(FILE_PREFIX_SIZE),
    fileExt: text(FILE_EXT_SIZE),
    masterName: sizedText("masterName"),
  }),
  requestStream: true,
  response: fileLocation,
});

/** name length i64 | byte count i64 | name | content (storage.md §2.3). */
export const appendFile = command({
  number: 24,
  name: "APPEND_FILE",
  request: record({ fileNameLength: lengthOf("fileName"), byteCount: int64(), fileName: sizedText("fileName") }),
  requestStream: true,
  response: empty,
});

/** name length i64 | offset i64 | byte count i64 | name | content (storage.md §2.4). */
export const modifyFile = command({
  number: 34,
  name: "MODIFY_FILE",
  request: record({
    fileNameLength: lengthOf("fileName"),
    offset: int64(),
    byteCount: int64(),
    fileName: sizedText("fileName"),
  }),
  requestStream: true,
  response: empty,
});

/** name length i64 | new size i64 | name (storage.md §2.5). */
export const truncateFile = command({
  number: 36,
  name: "TRUNCATE_FILE",
  request: record({ fileNameLength: lengthOf("fileName"), newSize: int64(), fileName: sizedText("fileName") }),
  response: empty,
});

export const deleteFile = command({ number: 12, name: "DELETE_FILE", request: fileLocation, response: empty });

/** offset i64 | byte count i64 (0: to the end) | group 16 | name (storage.md §2.7). */
export const downloadFile = command({
  number: 14,
  name: "DOWNLOAD_FILE",
  request: record({
    offset: int64(),
    byteCount: int64(),
    groupName: text(GROUP_NAME_SIZE),
    fileName: restText(),
  }),
  response: empty,
  responseStream: true,
});

/** The flag byte of SET_METADATA: ASCII `O` or `M`. */
export const MetadataFlag = { OVERWRITE: 0x4f, MERGE: 0x4d } as const;

/** name length i64 | metadata length i64 | flag u8 | group 16 | name | metadata (storage.md §2.8). */
export const setMetadata = command({
  number: 13,
  name: "SET_METADATA",
  request: record({
    fileNameLength: lengthOf("fileName"),
    metadataLength: lengthOf("metadata"),
    flag: uint8(),
    groupName: text(GROUP_NAME_SIZE),
    fileName: sizedText("fileName"),
    metadata: sizedBytes("metadata"),
  }),
  response: empty,
});
export const getMetadata = command({
  number: 15,
  name: "GET_METADATA",
  request: fileLocation,
  response: record({ metadata: restBytes() }),
});

/** Bits of QUERY_FILE_INFO's header status (storage.md §2.10). */
export const QueryFlag = { NO_CRC: 1, SILENT: 2 } as const;

/** Answer: size i64 | mtime i64 | crc i64 (sign-extended) | source ip 16/46: 40 or 70 bytes. */
export const queryFileInfo = command({
  number: 22,
  name: "QUERY_FILE_INFO",
  request: fileLocation,
  response: record({
    fileSize: int64(),
    modificationTime: int64(),
    crc32: crc32AsInt64(),
    sourceIp: ipAddress(),
  }),
});

/** The whole body is the appender's name; there is no group field (storage.md §2.11). */
export const regenerateAppenderFilename = command({
  number: 38,
  name: "REGENERATE_APPENDER_FILENAME",
  request: record({ fileName: restText() }),
  response: fileLocation,
});

/** Three lengths | group 16 | prefix 16 | ext 6 | master | source | signature (storage.md §2.13). */
export const createLink = command({
  number: 20,
  name: "CREATE_LINK",
  request: record({
    masterNameLength: lengthOf("masterName"),
    sourceNameLength: lengthOf("sourceName"),
    signatureLength: lengthOf("signature"),
    groupName: text(GROUP_NAME_SIZE),
    prefix: text(FILE_PREFIX_SIZE),
    fileExt: text(FILE_EXT_SIZE),
    masterName: sizedText("masterName"),
    sourceName: sizedText("sourceName"),
    signature: sizedBytes("signature"),
  }),
  response: fileLocation,
});
