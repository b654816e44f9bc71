// What happens to a storage's status between its joins (tracker.md §5.3-§5.6): activation, loss, reports by others, old
// data, deletion, a changed address.

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { emptyStorageStat } from "../../wire/storage-stat.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { StorageBrief, SyncSource } from "../../wire/tracker-report.ts";
import type { Cluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import { orderAddresses } from "./storage-ids.ts";
import { createStorage, type StorageRecord } from "./storage-record.ts";

const { INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY, NONE } = StorageStatus;
const oneOf = (status: number, ...list: readonly number[]): boolean => list.includes(status);

/** A beat or disk report has come: it serves, unless it still waits for old data (§5.4). */
export function activate(cluster: Cluster, group: Group, storage: StorageRecord): void {
  if (!oneOf(storage.status, WAIT_SYNC, SYNCING, IP_CHANGED, INIT)) cluster.setStatus(group, storage, ACTIVE);
}

/** Its joined connection is gone (§5.3). */
export function disconnect(cluster: Cluster, group: Group, storage: StorageRecord): void {
  storage.upTime = 0;
  storage.connection = null;
  deactivate(cluster, group, storage);
}

function deactivate(cluster: Cluster, group: Group, storage: StorageRecord): void {
  storage.toldGroupChanges = 0;
  storage.toldTrunkChanges = 0;
  if (oneOf(storage.status, ONLINE, ACTIVE)) cluster.setStatus(group, storage, OFFLINE);
}

/** Storages that have not been heard of for `checkActiveIntervalSeconds` go OFFLINE; those are returned. */
export function expire(cluster: Cluster, now: number): StorageRecord[] {
  const limit = cluster.settings.checkActiveIntervalSeconds;
  const lost: StorageRecord[] = [];
  for (const group of cluster.groups) {
    for (const storage of group.storages) {
      if (storage.status !== ACTIVE || now - storage.stat.lastHeartBeatTime <= limit) continue;
      deactivate(cluster, group, storage);
      lost.push(storage);
    }
  }
  return lost;
}

/** SYNC_DEST_REQ (§4.4): who fills the caller? null: nobody has to. Throws 2 when nobody can yet. */
export function chooseSyncSource(
  cluster: Cluster,
  group: Group,
  caller: StorageRecord,
  now: number,
): SyncSource | null {
  const others = group.storages.filter((storage) => storage !== caller);
  if (!others.some((storage) => oneOf(storage.status, OFFLINE, ONLINE, ACTIVE))) {
    cluster.setStatus(group, caller, ONLINE);
    return null;
  }
  const source = group.writable.find((storage) => storage !== caller);
  if (source === undefined) throw new ProtocolError("no storage can be the source of old data", Status.ENOENT);
  caller.syncSourceId = source.id;
  caller.syncUntilTimestamp = now;
  cluster.setStatus(group, caller, WAIT_SYNC);
  cluster.stale.servers = true;
  return { sourceId: source.id, untilTimestamp: now };
}

/** SYNC_NOTIFY (§4.5): what the storage remembers of its source. */
export function notifySyncSource(cluster: Cluster, group: Group, storage: StorageRecord, source: SyncSource): void {
  if (source.sourceId === "") {
    if (oneOf(storage.status, INIT, WAIT_SYNC, SYNCING)) cluster.setStatus(group, storage, ONLINE);
    return;
  }
  if (storage.status === INIT) cluster.setStatus(group, storage, WAIT_SYNC);
  if (storage.syncSourceId !== "") return;
  const known = group.find(source.sourceId);
  if (known === undefined || oneOf(known.status, DELETED, IP_CHANGED)) {
    throw new ProtocolError(`source ${source.sourceId} is gone`, Status.ENOENT);
  }
  storage.syncSourceId = source.sourceId;
  storage.syncUntilTimestamp = source.untilTimestamp;
  cluster.stale.servers = true;
}

/** SYNC_SRC_REQ (§4.6): how the asking storage is to feed `destinationId`; null: no old data. */
export function querySyncSource(cluster: Cluster, groupName: string, destinationId: string): SyncSource | null {
  const group = cluster.find(groupName);
  const destination = group?.find(destinationId);
  if (group === undefined || destination === undefined || oneOf(destination.status, INIT, DELETED, IP_CHANGED)) {
    throw new ProtocolError(`${destinationId} of ${groupName} is not there`, Status.ENOENT);
  }
  const source = group.find(destination.syncSourceId);
  if (source === undefined) return null;
  if (!oneOf(source.status, OFFLINE, ONLINE, ACTIVE, RECOVERY)) {
    destination.syncSourceId = "";
    destination.syncUntilTimestamp = 0;
    cluster.stale.servers = true;
    return null;
  }
  return {
    sourceId: source.id,
    untilTimestamp: destination.syncUntilTimestamp,
  };
}

/** A brief that another storage or tracker reports (§5.5). */
export function mergeBrief(cluster: Cluster, group: Group, brief: StorageBrief): void {
  const { status } = brief;
  if (status === NONE) return;
  const storage = group.find(brief.id);
  if (storage === undefined) {
    if (!oneOf(status, DELETED, IP_CHANGED, ACTIVE, ONLINE)) addReported(cluster, group, brief);
    return;
  }
  if (storage.status === status || oneOf(storage.status, INIT, ONLINE, ACTIVE, RECOVERY)) {
    return;
  }
  if (oneOf(status, DELETED, IP_CHANGED) || status > storage.status) cluster.setStatus(group, storage, status);
}

/** A storage that nobody has joined here yet. With storage ids only those of the table can be one. */
function addReported(cluster: Cluster, group: Group, brief: StorageBrief): void {
  const { id, ipAddress, status } = brief;
  if (id === "" || ipAddress === "") throw new ProtocolError("a reported storage has no id or address");
  const entry = cluster.ids.byId(id);
  if (cluster.settings.useStorageId && entry === undefined)
    throw new ProtocolError(`${id} is not in the storage ids`, Status.ENOENT);
  if (entry !== undefined && entry.groupName !== group.name)
    throw new ProtocolError(`${id} belongs to ${entry.groupName}, not to ${group.name}`);
  const port = brief.port > 0 ? brief.port : group.storagePort;
  const added = createStorage(id, group.name, entry === undefined ? [ipAddress] : orderAddresses(entry.hosts), port);
  added.status = status;
  added.rwMode = entry?.rwMode ?? added.rwMode;
  group.add(added);
  Object.assign(cluster.stale, { servers: true, syncTimestamps: true });
}

/** CHANGE_STATUS (§4.11): a follower's view is aligned with the leader's. */
export function changeStatus(cluster: Cluster, group: Group, storage: StorageRecord, status: number): void {
  const available = [OFFLINE, ONLINE, ACTIVE];
  if (storage.status === status || (oneOf(storage.status, ...available) && oneOf(status, ...available))) return;
  cluster.setStatus(group, storage, oneOf(status, ONLINE, ACTIVE) ? OFFLINE : status);
}

/** DELETE_STORAGE (§2.6). */
export function deleteStorage(cluster: Cluster, groupName: string, id: string, now: number): void {
  const group = cluster.find(groupName);
  const storage = group?.find(id);
  if (group === undefined || storage === undefined || storage.status === IP_CHANGED) {
    throw new ProtocolError(`${id} of ${groupName} is not there`, Status.ENOENT);
  }
  if (oneOf(storage.status, ONLINE, ACTIVE, RECOVERY)) throw new ProtocolError(`${id} is online`, Status.EBUSY);
  if (storage.status === DELETED) throw new ProtocolError(`${id} is deleted already`, Status.EALREADY);
  for (const other of group.storages) {
    if (other.syncSourceId === id) other.syncSourceId = "";
    other.syncedFrom.delete(id);
  }
  Object.assign(storage, {
    stat: emptyStorageStat(),
    syncSourceId: "",
    syncUntilTimestamp: 0,
    totalMb: 0,
    freeMb: 0,
    pathSpaces: [],
    changelogOffset: 0,
    storePathCount: 0,
    subdirCountPerPath: 0,
    uploadPriority: 0,
    currentWritePath: 0,
  } satisfies Partial<StorageRecord>);
  storage.syncedFrom.clear();
  cluster.setStatus(group, storage, DELETED);
  // Its row and column go with it.
  cluster.stale.syncTimestamps = true;
  cluster.changelog.push(`${now} ${groupName} ${id} ${DELETED} \n`);
}

/** DELETE_GROUP (§2.7): deleted storages count until the tracker restarts. */
export function deleteGroup(cluster: Cluster, name: string): void {
  const group = cluster.find(name);
  if (group === undefined) throw new ProtocolError(`${name} is not there`, Status.ENOENT);
  if (group.storages.length > 0) throw new ProtocolError(`${name} has storages`, Status.EBUSY);
  cluster.removeGroup(group);
}

/** REPORT_IP_CHANGED (§4.13): the record goes on under the new address, a tombstone keeps the old one. */
export function changeAddress(
  cluster: Cluster,
  groupName: string,
  oldIp: string,
  newIp: string,
  peerIp: string,
  now: number,
): void {
  if (cluster.settings.useStorageId) throw new ProtocolError("storages have ids", Status.EOPNOTSUPP);
  const group = cluster.find(groupName);
  if (group === undefined) throw new ProtocolError(`${groupName} is not there`, Status.ENOENT);
  if (newIp !== peerIp) throw new ProtocolError(`${newIp} is not the peer's address ${peerIp}`);
  const storage = group.find(oldIp);
  if (storage === undefined || storage.status === DELETED)
    throw new ProtocolError(`${oldIp} is not there`, Status.ENOENT);
  if (oneOf(storage.status, ONLINE, ACTIVE, RECOVERY)) throw new ProtocolError(`${oldIp} is online`, Status.EBUSY);
  if (storage.status === IP_CHANGED) throw new ProtocolError(`${oldIp} has changed already`, Status.EALREADY);
  const taken = group.find(newIp);
  if (taken !== undefined && taken.status !== DELETED) throw new ProtocolError(`${newIp} is known`, Status.EEXIST);
  if (taken !== undefined) group.storages.splice(group.storages.indexOf(taken), 1);
  storage.id = newIp;
  storage.addresses = [newIp];
  storage.currentIp = newIp;
  if (group.trunkServerId === oldIp) group.trunkServerId = newIp;
  for (const other of group.storages) {
    if (other.syncSourceId === oldIp) other.syncSourceId = newIp;
    const received = other.syncedFrom.get(oldIp);
    if (received !== undefined) other.syncedFrom.set(newIp, received);
    other.syncedFrom.delete(oldIp);
  }
  const tombstone = createStorage(oldIp, groupName, [oldIp], storage.port);
  tombstone.status = IP_CHANGED;
  group.add(tombstone);
  cluster.changelog.push(`${now} ${groupName} ${oldIp} ${IP_CHANGED} ${newIp}\n`);
  Object.assign(cluster.stale, {
    groups: true,
    servers: true,
    syncTimestamps: true,
  });
}
