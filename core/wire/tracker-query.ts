// Where to store, where to fetch: the queries a client sends before every file operation (tracker.md §2.1-§2.2).
// IP texts in these answers have no room for a NUL (15 or 45 bytes).

import { command } from "./command.ts";
import { empty, int64, ipAddressNoNul, itemsBefore, record, restItems, restText, text, uint8 } from "./layout.ts";
import { GROUP_NAME_SIZE } from "./limits.ts";

const groupRequest = record({ groupName: text(GROUP_NAME_SIZE) });

/** group 16 | ip 15/45 | port i64 | store path index u8: 40 or 70 bytes. */
const storeOne = record({
  groupName: text(GROUP_NAME_SIZE),
  ipAddress: ipAddressNoNul(),
  port: int64(),
  storePathIndex: uint8(),
});

const server = record({ ipAddress: ipAddressNoNul(), port: int64() });

/** group 16 | n x (ip, port) | store path index u8 of the first server. */
const storeAll = record({
  groupName: text(GROUP_NAME_SIZE),
  servers: itemsBefore(server, 1),
  storePathIndex: uint8(),
});

/** group 16 | logic name. The server accepts 38..143 bytes in all. */
const fileRequest = record({ groupName: text(GROUP_NAME_SIZE), fileName: restText() });

/** group 16 | ip 15/45 | port i64: 39 or 69 bytes. */
const fetchOne = record({ groupName: text(GROUP_NAME_SIZE), ipAddress: ipAddressNoNul(), port: int64() });

const fetchAll = record({ groupName: text(GROUP_NAME_SIZE), servers: restItems(server) });

export const queryStoreWithoutGroupOne = command({
  number: 101,
  name: "QUERY_STORE_WITHOUT_GROUP_ONE",
  request: empty,
  response: storeOne,
});
export const queryFetchOne = command({
  number: 102,
  name: "QUERY_FETCH_ONE",
  request: fileRequest,
  response: fetchOne,
});
export const queryUpdate = command({ number: 103, name: "QUERY_UPDATE", request: fileRequest, response: fetchOne });
export const queryStoreWithGroupOne = command({
  number: 104,
  name: "QUERY_STORE_WITH_GROUP_ONE",
  request: groupRequest,
  response: storeOne,
});
export const queryFetchAll = command({
  number: 105,
  name: "QUERY_FETCH_ALL",
  request: fileRequest,
  response: fetchAll,
});
export const queryStoreWithoutGroupAll = command({
  number: 106,
  name: "QUERY_STORE_WITHOUT_GROUP_ALL",
  request: empty,
  response: storeAll,
});
export const queryStoreWithGroupAll = command({
  number: 107,
  name: "QUERY_STORE_WITH_GROUP_ALL",
  request: groupRequest,
  response: storeAll,
});
