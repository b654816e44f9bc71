// Where an upload goes: group, storage, store path (tracker.md §6.1, §6.4).

import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import type { Cluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import { hasGroupSpace, hasPathSpace } from "./space.ts";
import type { StorageRecord } from "./storage-record.ts";

export interface StoreChoice {
  readonly group: Group;
  readonly storage: StorageRecord;
  readonly storePathIndex: number;
}

const nobody = (): ProtocolError => new ProtocolError("no writable storage", Status.ENOENT);
const full = (): ProtocolError => new ProtocolError("no space left for uploads", Status.ENOSPC);

/** The group for an upload that names none; throws 2 or 28. */
export function selectGroup(cluster: Cluster): Group {
  const { groups, settings } = cluster;
  if (groups.length === 0) throw nobody();
  const { reservedStorageSpace: reserved, useTrunkFile, storeLookup } = settings;
  if (storeLookup === 1) {
    const group = cluster.find(settings.storeGroup);
    if (group === undefined || group.writable.length === 0) throw nobody();
    if (!hasGroupSpace(group, reserved, useTrunkFile ? group.trunkFreeMb : 0)) throw full();
    return group;
  }
  const current = cluster.writeGroup;
  const fits = (group: Group, extraMb = 0): boolean =>
    group.writable.length > 0 && hasGroupSpace(group, reserved, extraMb);
  const preferred = groups[current];
  const withTrunk = storeLookup === 2 && useTrunkFile;
  let chosen = preferred !== undefined && fits(preferred, withTrunk ? preferred.trunkFreeMb : 0) ? current : -1;
  for (let step = 1; chosen < 0 && step < groups.length; step++) {
    const index = (current + step) % groups.length;
    if (fits(groups[index]!)) chosen = index;
  }
  if (chosen < 0 && useTrunkFile) {
    chosen = groups.findIndex(
      (group) => group.writable.length > 0 && hasGroupSpace(group, reserved, group.trunkFreeMb),
    );
  }
  if (chosen < 0) throw groups.every((group) => group.writable.length === 0) ? nobody() : full();
  cluster.writeGroup = storeLookup === 0 ? (chosen + 1) % groups.length : chosen;
  return groups[chosen]!;
}

/** The group with most free space takes uploads from now on (store_lookup = 2; tracker.md §6.1). */
export function balanceGroups(cluster: Cluster): void {
  const { settings, groups } = cluster;
  if (settings.storeLookup !== 2) return;
  const candidates = groups.filter((group) => group.writable.length > 0);
  const most = (freeOf: (group: Group) => number): Group | undefined =>
    candidates.reduce<Group | undefined>(
      (best, group) => (best === undefined || freeOf(group) > freeOf(best) ? group : best),
      undefined,
    );
  let best = most((group) => group.freeMb);
  if (best !== undefined && settings.useTrunkFile && !hasGroupSpace(best, settings.reservedStorageSpace)) {
    best = most((group) => group.trunkFreeMb);
  }
  if (best !== undefined) cluster.writeGroup = groups.indexOf(best);
}

/** A named group for an upload; throws 2 or 28. */
export function requireGroup(cluster: Cluster, name: string): Group {
  const group = cluster.find(name);
  if (group === undefined || group.writable.length === 0) throw nobody();
  const { reservedStorageSpace, useTrunkFile } = cluster.settings;
  if (!hasGroupSpace(group, reservedStorageSpace, useTrunkFile ? group.trunkFreeMb : 0)) throw full();
  return group;
}

/** The storage of the group whose turn or rank it is (store_server). */
export function selectStorage(cluster: Cluster, group: Group): StorageRecord {
  const { writable } = group;
  if (writable.length === 0) throw nobody();
  const mode = cluster.settings.storeServer;
  if (mode !== 0) return group.storeServer(mode)!;
  if (writable.length === 1) return writable[0]!;
  const index = group.currentWriteServer >= writable.length ? 0 : group.currentWriteServer;
  group.currentWriteServer = (index + 1) % writable.length;
  return writable[index]!;
}

/** The store path of a storage: the current one, or the next that has space; throws 28 (tracker.md §6.4). */
export function selectStorePath(cluster: Cluster, group: Group, storage: StorageRecord): number {
  // Not the storage's own number: paths that only this member has are not in its reports (tracker.md §4.3).
  const count = group.storePathCount;
  const { reservedStorageSpace: reserved, storePath, useTrunkFile } = cluster.settings;
  const start = storage.currentWritePath >= count ? 0 : storage.currentWritePath;
  const findPath = (trunkFreeMb: number): number => {
    for (let step = 0; step < count; step++) {
      const path = (start + step) % count;
      const space = storage.pathSpaces[path];
      if (space !== undefined && hasPathSpace(space, reserved, count, trunkFreeMb)) return path;
    }
    return -1;
  };
  let chosen = findPath(0);
  if (chosen < 0 && useTrunkFile) chosen = findPath(group.trunkFreeMb);
  if (chosen < 0) throw full();
  storage.currentWritePath = storePath === 0 ? (chosen + 1) % count : chosen;
  return chosen;
}

/** Everything for QUERY_STORE ... ONE. */
export function selectStore(cluster: Cluster, groupName: string | null): StoreChoice {
  if (cluster.groups.length === 0) throw nobody();
  const group = groupName === null ? selectGroup(cluster) : requireGroup(cluster, groupName);
  const storage = selectStorage(cluster, group);
  if (group.storePathCount === 0) throw nobody();
  return {
    group,
    storage,
    storePathIndex: selectStorePath(cluster, group, storage),
  };
}
