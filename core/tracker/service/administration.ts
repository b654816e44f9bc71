// What an administrator changes: deleted storages and groups, the trunk server, and who leads (tracker.md §2.6-§2.9).

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import * as list from "../../wire/tracker-list.ts";
import { deleteGroup as removeGroup, deleteStorage as removeStorage } from "../cluster/life.ts";
import { isWritable } from "../cluster/storage-record.ts";
import type { Session } from "./context.ts";
import { readStorageRequest } from "./lists.ts";

export function deleteStorage(session: Session, body: Uint8Array): void {
  const { groupName, storageId } = readStorageRequest(body, true);
  const { cluster, files, now } = session.tracker;
  removeStorage(cluster, groupName, storageId, now());
  files.save();
  session.done();
}

export function deleteGroup(session: Session, body: Uint8Array): void {
  const { groupName } = list.deleteGroup.request.parse(body);
  const { cluster, files } = session.tracker;
  removeGroup(cluster, groupName);
  files.save();
  session.done();
}

export function getLeader(session: Session, body: Uint8Array): void {
  list.getLeader.request.parse(body);
  session.reply(list.getLeader, { address: session.tracker.leadership.leaderText(session.connection.remoteAddress) });
}

/** Names the trunk server of a group; without an id the one that is, or the first that can be. */
export function setTrunkServer(session: Session, body: Uint8Array): void {
  const { groupName, storageId } = readStorageRequest(body, false);
  const { cluster, leadership, files } = session.tracker;
  const group = cluster.find(groupName);
  if (group === undefined) throw new ProtocolError(`${groupName} is not there`, Status.ENOENT);
  if (!leadership.isLeader || !cluster.settings.useTrunkFile)
    throw new ProtocolError("trunk files are off", Status.EOPNOTSUPP);
  const current = group.find(group.trunkServerId);
  const isServing = current?.status === StorageStatus.ACTIVE;
  if (storageId === "") {
    const elected = isServing ? current : group.storeServer(cluster.settings.storeServer);
    if (elected === undefined) throw new ProtocolError("no storage can be the trunk server", Status.ENOENT);
    if (elected !== current) appoint(elected.id);
    session.reply(list.setTrunkServer, { storageId: elected.id });
    return;
  }
  if (isServing)
    throw new ProtocolError(`${current.id} is`, current.id === storageId ? Status.EALREADY : Status.EEXIST);
  const candidate = group.find(storageId);
  if (candidate === undefined) throw new ProtocolError(`${storageId} is not there`, Status.ENOENT);
  if (candidate.status !== StorageStatus.ACTIVE) throw new ProtocolError(`${storageId} is not active`, Status.ENONET);
  if (!isWritable(candidate)) throw new ProtocolError(`${storageId} is not writable`, Status.EACCES);
  appoint(candidate.id);
  session.reply(list.setTrunkServer, { storageId: candidate.id });

  function appoint(id: string): void {
    group!.trunkServerId = id;
    group!.lastTrunkServerId = id;
    group!.trunkChanges++;
    cluster.stale.groups = true;
    files.save();
  }
}
