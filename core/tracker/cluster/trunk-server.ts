// The trunk server of a group (tracker.md §2.8, §7.5): who may become it, who wins, when a silent one is given up. Asking
// the storages for the size of their trunk binlog is the control room's part; this file judges the answers.

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { Cluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import { isWritable, type StorageRecord } from "./storage-record.ts";

/** Candidates in the order in which they are asked: the group's upload server first, then by id. */
export function trunkCandidates(cluster: Cluster, group: Group): StorageRecord[] {
  const first = group.storeServer(cluster.settings.storeServer);
  if (first === undefined) throw new ProtocolError(`no storage of ${group.name} is writable`, Status.ENOENT);
  return [first, ...group.writable.filter((storage) => storage !== first)];
}

/**
 * The winner by the sizes of the trunk binlogs in the order of `trunkCandidates`; null: no answer. As in C it is the last
 * one that has more than the first, not the one with the most.
 */
export function electTrunkServer(
  candidates: readonly StorageRecord[],
  binlogSizes: readonly (number | null)[],
): StorageRecord {
  const base = binlogSizes[0];
  const [first] = candidates;
  if (first === undefined || base === undefined || base === null)
    throw new Error("the size of the first candidate's trunk binlog is needed");
  return candidates.findLast((_, index) => (binlogSizes[index] ?? 0) > base) ?? first;
}

/** One that was not the trunk server before must first forget the marks of older times. */
export function mustDeleteMarks(group: Group, storage: StorageRecord): boolean {
  return group.lastTrunkServerId !== "" && group.lastTrunkServerId !== storage.id;
}

/** Sets or, with undefined, unsets it. Whether this is a change that belongs into the log of changes. */
export function setTrunkServer(cluster: Cluster, group: Group, storage: StorageRecord | undefined): boolean {
  const id = storage?.id ?? "";
  const isChange = id === "" || id !== group.lastTrunkServerId;
  group.trunkServerId = id;
  group.lastTrunkServerId = id;
  group.trunkChanges++;
  cluster.trunkServerChanges++;
  cluster.stale.groups = true;
  return isChange;
}

/**
 * What the leader tells its followers with a ping (tracker.md §7.4). A change counts for the storages: whoever leads next
 * tells them.
 */
export function adoptTrunkServers(
  cluster: Cluster,
  told: readonly { readonly groupName: string; readonly trunkServerId: string }[],
): void {
  for (const { groupName, trunkServerId } of told) {
    const group = cluster.find(groupName);
    if (group === undefined || (group.trunkServerId === trunkServerId && group.lastTrunkServerId === trunkServerId))
      continue;
    group.trunkServerId = trunkServerId;
    group.lastTrunkServerId = trunkServerId;
    group.trunkChanges++;
    cluster.stale.groups = true;
  }
}

/** SET_TRUNK_SERVER with an id: the storage, or the reason against it. */
export function namedTrunkServer(group: Group, id: string): StorageRecord {
  const current = activeTrunkServer(group);
  if (current !== undefined) {
    const status = current.id === id ? Status.EALREADY : Status.EEXIST;
    throw new ProtocolError(`${current.id} is the trunk server of ${group.name}`, status);
  }
  const storage = group.find(id);
  if (storage === undefined) throw new ProtocolError(`${id} is not in ${group.name}`, Status.ENOENT);
  if (storage.status !== StorageStatus.ACTIVE) throw new ProtocolError(`${id} is not active`, Status.ENONET);
  if (!isWritable(storage)) throw new ProtocolError(`${id} is not writable`, Status.EACCES);
  return storage;
}

/** The trunk server while it is ACTIVE. */
export function activeTrunkServer(group: Group): StorageRecord | undefined {
  const current = group.find(group.trunkServerId);
  return current?.status === StorageStatus.ACTIVE ? current : undefined;
}

/** One that has just started may be busy with its trunk files: it gets more time (C: tracker_mem_check_alive). */
export function isTrunkServerLost(cluster: Cluster, storage: StorageRecord, now: number): boolean {
  const { checkActiveIntervalSeconds, trunkInitCheckOccupying, trunkInitReloadFromBinlog } = cluster.settings;
  let intervals = 2;
  if (now - storage.upTime <= 10 * checkActiveIntervalSeconds) {
    intervals = trunkInitCheckOccupying ? 5 : 3;
    if (trunkInitReloadFromBinlog) intervals *= 2;
  }
  return now - storage.stat.lastHeartBeatTime > intervals * checkActiveIntervalSeconds;
}
