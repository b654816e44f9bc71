// The queries of clients before a file operation (tracker.md §2.1, §2.2).

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as query from "../../wire/tracker-query.ts";
import { selectFetch, selectFetchAll, selectUpdate } from "../cluster/select-fetch.ts";
import { requireGroup, selectGroup, selectStore, selectStorePath } from "../cluster/select-store.ts";
import { addressFor } from "../cluster/storage-ids.ts";
import type { StorageRecord } from "../cluster/storage-record.ts";
import type { Session } from "./context.ts";

const FILE_REQUEST_MIN = 38;
const FILE_REQUEST_LIMIT = 144;

function addressOf(session: Session, storage: StorageRecord): { ipAddress: string; port: number } {
  return {
    ipAddress: addressFor(storage.addresses, session.connection.remoteAddress),
    port: storage.port,
  };
}

function storeOne(session: Session, groupName: string | null, command: typeof query.queryStoreWithGroupOne): void {
  const { cluster, ipSize } = session.tracker;
  const { group, storage, storePathIndex } = selectStore(cluster, groupName);
  session.reply(command, { groupName: group.name, ...addressOf(session, storage), storePathIndex }, ipSize);
}

function storeAll(session: Session, groupName: string | null, command: typeof query.queryStoreWithGroupAll): void {
  const { cluster, ipSize } = session.tracker;
  if (cluster.groups.length === 0) throw new ProtocolError("no group is known", Status.ENOENT);
  const group = groupName === null ? selectGroup(cluster) : requireGroup(cluster, groupName);
  if (group.storePathCount === 0) throw new ProtocolError("the group has no store paths", Status.ENOENT);
  const servers = group.writable.map((storage) => addressOf(session, storage));
  const storePathIndex = selectStorePath(cluster, group, group.writable[0]!);
  session.reply(command, { groupName: group.name, servers, storePathIndex }, ipSize);
}

export function queryStoreWithoutGroupOne(session: Session, body: Uint8Array): void {
  query.queryStoreWithoutGroupOne.request.parse(body);
  storeOne(session, null, query.queryStoreWithGroupOne);
}

export function queryStoreWithGroupOne(session: Session, body: Uint8Array): void {
  storeOne(session, query.queryStoreWithGroupOne.request.parse(body).groupName, query.queryStoreWithGroupOne);
}

export function queryStoreWithoutGroupAll(session: Session, body: Uint8Array): void {
  query.queryStoreWithoutGroupAll.request.parse(body);
  storeAll(session, null, query.queryStoreWithGroupAll);
}

export function queryStoreWithGroupAll(session: Session, body: Uint8Array): void {
  storeAll(session, query.queryStoreWithGroupAll.request.parse(body).groupName, query.queryStoreWithGroupAll);
}

function readFileRequest(body: Uint8Array): {
  groupName: string;
  fileName: string;
} {
  if (body.length < FILE_REQUEST_MIN || body.length >= FILE_REQUEST_LIMIT) {
    throw new ProtocolError(`Cannot look for a file with ${body.length} bytes`);
  }
  return query.queryFetchOne.request.parse(body);
}

export function queryFetchOne(session: Session, body: Uint8Array): void {
  const { cluster, ipSize, now } = session.tracker;
  const { groupName, fileName } = readFileRequest(body);
  const storage = selectFetch(cluster, groupName, fileName, now());
  session.reply(query.queryFetchOne, { groupName, ...addressOf(session, storage) }, ipSize);
}

export function queryFetchAll(session: Session, body: Uint8Array): void {
  const { cluster, ipSize, now } = session.tracker;
  const { groupName, fileName } = readFileRequest(body);
  const servers = selectFetchAll(cluster, groupName, fileName, now()).map((storage) => addressOf(session, storage));
  session.reply(query.queryFetchAll, { groupName, servers }, ipSize);
}

export function queryUpdate(session: Session, body: Uint8Array): void {
  const { cluster, ipSize } = session.tracker;
  const { groupName, fileName } = readFileRequest(body);
  const storage = selectUpdate(cluster, groupName, fileName);
  session.reply(query.queryUpdate, { groupName, ...addressOf(session, storage) }, ipSize);
}
