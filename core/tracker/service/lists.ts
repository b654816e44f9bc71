// Lists of groups and storages (tracker.md §2.3, §2.4).

import { GROUP_NAME_SIZE, STORAGE_ID_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as list from "../../wire/tracker-list.ts";
import type { Group } from "../cluster/group.ts";
import { reservedMb } from "../cluster/space.ts";
import { addressFor } from "../cluster/storage-ids.ts";
import type { StorageRecord } from "../cluster/storage-record.ts";
import type { Session } from "./context.ts";

function requireGroup(session: Session, name: string): Group {
  const group = session.tracker.cluster.find(name);
  if (group === undefined) throw new ProtocolError(`${name} is not there`, Status.ENOENT);
  return group;
}

function statOf(session: Session, group: Group): list.GroupStat {
  const { settings } = session.tracker.cluster;
  return {
    groupName: group.name,
    totalMb: group.totalMb,
    freeMb: group.freeMb,
    reservedMb: reservedMb(settings.reservedStorageSpace, group.totalMb),
    trunkFreeMb: group.trunkFreeMb,
    storageCount: group.storages.length,
    storagePort: group.storagePort,
    readableServerCount: group.readable.length,
    writableServerCount: group.writable.length,
    currentWriteServer: group.currentWriteServer,
    storePathCount: group.storePathCount,
    subdirCountPerPath: group.subdirCountPerPath,
    currentTrunkFileId: settings.useTrunkFile ? group.currentTrunkFileId : -1,
  };
}

export function listOneGroup(session: Session, body: Uint8Array): void {
  const { groupName } = list.listOneGroup.request.parse(body);
  session.reply(list.listOneGroup, statOf(session, requireGroup(session, groupName)));
}

export function listAllGroups(session: Session, body: Uint8Array): void {
  list.listAllGroups.request.parse(body);
  const { cluster, maxPackageBytes } = session.tracker;
  const groups = cluster.groups.map((group) => statOf(session, group));
  if (groups.length * list.groupStat.size(16)! > maxPackageBytes)
    throw new ProtocolError("the list is too long", Status.ENOSPC);
  session.reply(list.listAllGroups, { groups });
}

function infoOf(session: Session, group: Group, storage: StorageRecord): list.StorageInfo {
  const { settings } = session.tracker.cluster;
  return {
    status: storage.status,
    rwMode: storage.rwMode,
    id: storage.id,
    ipAddress: addressFor(storage.addresses, session.connection.remoteAddress),
    syncSourceId: storage.syncSourceId,
    version: storage.version,
    joinTime: storage.joinTime,
    upTime: storage.upTime,
    totalMb: storage.totalMb,
    freeMb: storage.freeMb,
    reservedMb: reservedMb(settings.reservedStorageSpace, storage.totalMb),
    uploadPriority: storage.uploadPriority,
    storePathCount: storage.storePathCount,
    subdirCountPerPath: storage.subdirCountPerPath,
    currentWritePath: storage.currentWritePath,
    storagePort: storage.port,
    stat: storage.stat,
    isTrunkServer: group.trunkServerId === storage.id,
  };
}

/** Group and optional id of 0..15 bytes, the form of several commands. */
export function readStorageRequest(body: Uint8Array, idIsRequired: boolean): { groupName: string; storageId: string } {
  const idLength = body.length - GROUP_NAME_SIZE;
  if (idLength < (idIsRequired ? 1 : 0) || idLength >= STORAGE_ID_SIZE)
    throw new ProtocolError(`Cannot use ${body.length} bytes`);
  return list.listStorage.request.parse(body);
}

export function listStorage(session: Session, body: Uint8Array): void {
  const { groupName, storageId } = readStorageRequest(body, false);
  const group = requireGroup(session, groupName);
  const wanted = group.sorted().filter((storage) => storageId === "" || storage.id === storageId);
  if (storageId !== "" && wanted.length === 0) throw new ProtocolError(`${storageId} is not there`, Status.ENOENT);
  const storages = wanted.map((storage) => infoOf(session, group, storage));
  session.reply(list.listStorage, { storages }, session.tracker.ipSize);
}
