// A cluster in memory for tests of the pure state machines: groups and storages by a word each.

import { type TrackerSettings, trackerDefaults } from "../../../../../conf/index.ts";
import { Cluster } from "../../../../../core/tracker/cluster/cluster.ts";
import type { Group } from "../../../../../core/tracker/cluster/group.ts";
import { createStorage, type StorageRecord } from "../../../../../core/tracker/cluster/storage-record.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import type { JoinRequest } from "../../../../../core/wire/tracker-report.ts";

export function makeCluster(settings: Partial<TrackerSettings> = {}): Cluster {
  return new Cluster(
    trackerDefaults({ basePath: "/nowhere", reservedStorageSpace: { kind: "mb", mb: 100 }, ...settings }),
  );
}

export interface StorageFacts {
  status?: number;
  rwMode?: number;
  port?: number;
  priority?: number;
  /** Free MB of each store path; 1000 MB in all each. */
  free?: readonly number[];
  synced?: number;
}

/** Adds a storage, ACTIVE unless told otherwise, to a group that is made when it is missing. */
export function addStorage(cluster: Cluster, groupName: string, id: string, facts: StorageFacts = {}): StorageRecord {
  const group = cluster.find(groupName) ?? cluster.addGroup(groupName);
  const free = facts.free ?? [500, 500];
  const storage = createStorage(id, groupName, [id], facts.port ?? 23000);
  storage.status = facts.status ?? StorageStatus.ACTIVE;
  storage.rwMode = facts.rwMode ?? storage.rwMode;
  storage.uploadPriority = facts.priority ?? 10;
  storage.pathSpaces = free.map((freeMb) => ({ totalMb: 1000, freeMb }));
  storage.freeMb = free.reduce((sum, freeMb) => sum + freeMb, 0);
  storage.totalMb = free.length * 1000;
  storage.storePathCount = free.length;
  storage.subdirCountPerPath = 4;
  storage.stat.lastSyncedTimestamp = facts.synced ?? 0;
  group.storagePort = storage.port;
  group.storePathCount = free.length;
  group.subdirCountPerPath = 4;
  group.add(storage);
  group.spaceReported(storage, 0);
  return storage;
}

export function groupOf(cluster: Cluster, name = "group1"): Group {
  const group = cluster.find(name);
  if (group === undefined) throw new Error(`no ${name}`);
  return group;
}

/** A join of a storage with two paths; what matters is overridden. */
export function joinRequest(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    groupName: "group1",
    storagePort: 23000,
    storePathCount: 2,
    subdirCountPerPath: 4,
    uploadPriority: 10,
    joinTime: 1000,
    upTime: 2000,
    version: "6.16.1",
    initFlag: false,
    status: 0,
    storageId: "",
    currentTrackerIp: "10.0.0.1",
    trackerCount: 1,
    trackerLines: "10.0.0.1:22122\n",
    ...overrides,
  };
}

/** The protocol status that the call throws; 0 when it does not. */
export function statusThrown(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && "status" in error && typeof error.status === "number") return error.status;
    throw error;
  }
  return 0;
}
