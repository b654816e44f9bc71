// STORAGE_JOIN on the state (tracker.md §4.1): who is it, may it join, what is it from now on.

import { isGroupName } from "../../fileid/file-id.ts";
import { MAX_STORE_PATHS, MAX_SUBDIRS } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { RwMode, StorageStatus } from "../../wire/storage-status.ts";
import type { JoinRequest } from "../../wire/tracker-report.ts";
import type { Cluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import { orderAddresses } from "./storage-ids.ts";
import { createStorage, type StorageRecord } from "./storage-record.ts";

const { INIT, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY, NONE } = StorageStatus;

interface Identified {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly rwMode: number;
}

/** Carries a join out; throws the status that answers it. `connection` is the joined connection's token. */
export function joinStorage(
  cluster: Cluster,
  request: JoinRequest,
  peerIp: string,
  connection: object,
  changelogSize: number,
): { group: Group; storage: StorageRecord } {
  checkRequest(request);
  const group = cluster.find(request.groupName) ?? cluster.addGroup(request.groupName);
  const who = identify(cluster, request, peerIp);
  const known = group.find(who.id);
  // Remembered even when it is refused below: when all members have come with a new value, the group takes it.
  if (known !== undefined) known.port = request.storagePort;
  checkPort(cluster, group, request.storagePort, who.id);
  const reported = request.status;
  if (
    known === undefined &&
    !request.initFlag &&
    (reported < 0 || [DELETED, IP_CHANGED, NONE].includes(reported as never))
  ) {
    throw new ProtocolError(`Cannot join ${who.id}: its data is not new, and its status is ${reported}`, Status.EFAULT);
  }
  if (known !== undefined) {
    known.storePathCount = request.storePathCount;
    known.subdirCountPerPath = request.subdirCountPerPath;
  }
  checkLayout(cluster, group, request, who.id);
  const storage = known ?? addStorage(cluster, group, who, request);
  storage.addresses = who.addresses;
  storage.currentIp = who.addresses.includes(peerIp) ? peerIp : (who.addresses[0] ?? peerIp);
  storage.rwMode = who.rwMode;
  storage.port = request.storagePort;
  storage.connection = connection;
  // A new connection has been told nothing yet: the storage may have been restarted before the old one was found broken.
  storage.toldGroupChanges = 0;
  storage.toldTrunkChanges = 0;
  storage.storePathCount = request.storePathCount;
  storage.subdirCountPerPath = request.subdirCountPerPath;
  storage.uploadPriority = request.uploadPriority;
  storage.joinTime = request.joinTime;
  storage.upTime = request.upTime;
  storage.version = request.version;
  cluster.setStatus(group, storage, statusAfterJoin(storage.status));
  // A storage without data has nothing that an old change could concern.
  if (storage.status === INIT) storage.changelogOffset = changelogSize;
  cluster.stale.servers = true;
  return { group, storage };
}

function checkRequest(request: JoinRequest): void {
  const isValid =
    isGroupName(request.groupName) &&
    request.storagePort > 0 &&
    request.storePathCount >= 1 &&
    request.storePathCount <= MAX_STORE_PATHS &&
    request.subdirCountPerPath >= 1 &&
    request.subdirCountPerPath <= MAX_SUBDIRS;
  if (!isValid)
    throw new ProtocolError(
      `Cannot join: group '${request.groupName}', port ${request.storagePort}, ${request.storePathCount} paths`,
    );
}

function identify(cluster: Cluster, request: JoinRequest, peerIp: string): Identified {
  const { settings, ids } = cluster;
  if (!settings.useStorageId) return { id: peerIp, addresses: [peerIp], rwMode: RwMode.BOTH };
  const isTrusted = settings.trustStorageServerId && request.storageId !== "";
  const entry = isTrusted ? ids.byId(request.storageId) : ids.byAddress(request.groupName, peerIp, request.storagePort);
  if (entry === undefined) {
    throw new ProtocolError(
      `Cannot join ${isTrusted ? request.storageId : peerIp}: not in the storage ids`,
      Status.ENOENT,
    );
  }
  if (entry.groupName !== request.groupName) throw new ProtocolError(`${entry.id} belongs to ${entry.groupName}`);
  return {
    id: entry.id,
    addresses: orderAddresses(entry.hosts),
    rwMode: entry.rwMode,
  };
}

/** One port a group, except with ids in file names (tracker.md §4.1 step 6). */
function checkPort(cluster: Cluster, group: Group, port: number, id: string): void {
  if (group.storagePort === 0) {
    group.storagePort = port;
    cluster.stale.groups = true;
    return;
  }
  if (group.storagePort === port) return;
  const mayDiffer = cluster.settings.useStorageId && cluster.settings.idTypeInFilename === "id";
  if (mayDiffer) {
    if (group.storagePort < 0) return;
    group.storagePort = -1;
  } else if (group.storagePort < 0 || livingOthers(group, id).every((storage) => storage.port === port)) {
    group.storagePort = port;
  } else throw new ProtocolError(`Cannot join with port ${port}: the group uses ${group.storagePort}`);
  cluster.stale.groups = true;
}

function livingOthers(group: Group, id: string): StorageRecord[] {
  return group.storages.filter(
    (storage) => storage.id !== id && storage.status !== DELETED && storage.status !== IP_CHANGED,
  );
}

/**
 * Store paths (tracker.md §4.1 step 9): the group has the number that all members have; a member may have more, which
 * the group does not use until all do. Directories must agree.
 */
function checkLayout(cluster: Cluster, group: Group, request: JoinRequest, id: string): void {
  const others = livingOthers(group, id);
  const { storePathCount, subdirCountPerPath } = request;
  if (group.storePathCount !== storePathCount) {
    if (group.storePathCount === 0 || others.every((storage) => storage.storePathCount === storePathCount)) {
      group.storePathCount = storePathCount;
      cluster.stale.groups = true;
    } else if (storePathCount < group.storePathCount) {
      throw new ProtocolError(`Cannot join with ${storePathCount} store paths: the group has ${group.storePathCount}`);
    }
  }
  if (group.subdirCountPerPath === subdirCountPerPath) return;
  if (group.subdirCountPerPath !== 0 && others.some((storage) => storage.subdirCountPerPath !== subdirCountPerPath)) {
    throw new ProtocolError(
      `Cannot join with ${subdirCountPerPath} directories a path: the group has ${group.subdirCountPerPath}`,
    );
  }
  group.subdirCountPerPath = subdirCountPerPath;
  cluster.stale.groups = true;
}

function addStorage(cluster: Cluster, group: Group, who: Identified, request: JoinRequest): StorageRecord {
  const storage = createStorage(who.id, group.name, who.addresses, request.storagePort);
  if (request.initFlag) storage.status = INIT;
  else storage.status = request.status === ACTIVE ? ONLINE : request.status;
  group.add(storage);
  cluster.stale.syncTimestamps = true;
  cluster.stale.groups = true;
  return storage;
}

/** tracker.md §5.2. */
function statusAfterJoin(status: number): number {
  if (status === DELETED || status === IP_CHANGED) return INIT;
  return status === OFFLINE || status === RECOVERY ? ONLINE : status;
}
