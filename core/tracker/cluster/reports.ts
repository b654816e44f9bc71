// What storages report of themselves — counters, disks, sync timestamps, trunk files — and the change flags they get back
// (tracker.md §4.2, §4.3, §4.8, §4.14, §4.17).

import { ProtocolError } from "../../wire/protocol-error.ts";
import { type StorageStat, storageStat } from "../../wire/storage-stat.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import { ChangeFlag, type ReportAnswer, type StorageBrief } from "../../wire/tracker-report.ts";
import type { Cluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import { activate } from "./life.ts";
import { balanceGroups } from "./select-store.ts";
import { addressFor } from "./storage-ids.ts";
import type { PathSpace, StorageRecord } from "./storage-record.ts";

const SAVE_EVERY = 1000;
const STAT_SIZE = storageStat.size(16)!;

export function beat(cluster: Cluster, group: Group, storage: StorageRecord, body: Uint8Array, now: number): void {
  if (body.length !== 0 && body.length !== STAT_SIZE)
    throw new ProtocolError(`Cannot use a beat of ${body.length} bytes`);
  if (body.length > 0) {
    // The two last times are the tracker's own knowledge (§2.5).
    const { lastSyncedTimestamp } = storage.stat;
    storage.stat = {
      ...storageStat.parse(body),
      lastSyncedTimestamp,
    } satisfies StorageStat;
    if (++cluster.statBeats % SAVE_EVERY === 0) cluster.stale.servers = true;
  }
  storage.stat.lastHeartBeatTime = now;
  activate(cluster, group, storage);
}

export function diskUsage(cluster: Cluster, group: Group, storage: StorageRecord, paths: readonly PathSpace[]): void {
  if (paths.length !== group.storePathCount)
    throw new ProtocolError(`Cannot use ${paths.length} paths: the group has ${group.storePathCount}`);
  const freeBefore = storage.freeMb;
  storage.pathSpaces = paths;
  storage.totalMb = paths.reduce((sum, path) => sum + path.totalMb, 0);
  storage.freeMb = paths.reduce((sum, path) => sum + path.freeMb, 0);
  if (cluster.settings.storePath === 2) {
    for (const [index, path] of paths.entries()) {
      if (path.freeMb > (paths[storage.currentWritePath]?.freeMb ?? 0)) storage.currentWritePath = index;
    }
  }
  group.spaceReported(storage, freeBefore);
  activate(cluster, group, storage);
  balanceGroups(cluster);
}

/** Timestamps up to which data of each source has arrived; the reporter's own readiness follows (§4.8). */
export function syncReported(
  cluster: Cluster,
  group: Group,
  storage: StorageRecord,
  timestamps: readonly {
    readonly sourceId: string;
    readonly timestamp: number;
  }[],
): void {
  const accepted: number[] = [];
  for (const { sourceId, timestamp } of timestamps) {
    const source = group.find(sourceId);
    if (timestamp <= 0 || source === undefined || source === storage || source.status !== StorageStatus.ACTIVE)
      continue;
    storage.syncedFrom.set(sourceId, timestamp);
    accepted.push(timestamp);
  }
  if (accepted.length > 0) {
    const isTurns = cluster.settings.storeServer === 0;
    storage.stat.lastSyncedTimestamp = isTurns
      ? Math.min(...accepted)
      : Math.max(storage.stat.lastSyncedTimestamp, ...accepted);
  }
  if (++cluster.syncReports % SAVE_EVERY === 0) cluster.stale.syncTimestamps = true;
}

export function trunkFree(cluster: Cluster, group: Group, storage: StorageRecord, freeMb: number): void {
  if (group.trunkServerId !== storage.id || freeMb < 0) throw new ProtocolError("not the trunk server");
  group.trunkFreeMb = freeMb;
  balanceGroups(cluster);
}

export function trunkFileId(cluster: Cluster, group: Group, storage: StorageRecord, id: number): void {
  if (group.trunkServerId !== storage.id || id < 0) throw new ProtocolError("not the trunk server");
  if (id <= group.currentTrunkFileId) return;
  group.currentTrunkFileId = id;
  cluster.stale.groups = true;
}

/** `client` decides between two addresses; without it the first is told. */
export function briefOf(storage: StorageRecord, client = ""): StorageBrief {
  const { status, port, id } = storage;
  return { status, port, id, ipAddress: addressFor(storage.addresses, client) };
}

const NO_BRIEF: StorageBrief = { status: 0, port: 0, id: "", ipAddress: "" };
const ID_MAX = 15;

/** What this tracker's leadership looks like to a storage's connection. */
export interface LeaderView {
  /** Only the leader speaks. */
  readonly leads: boolean;
  readonly changes: number;
  readonly leader: { readonly ipAddress: string; readonly port: number } | null;
}

/** The answer to a report (§4.14). `toldLeaderChanges` is the connection's copy of the leader counter; the new one is returned. */
export function answerReport(
  group: Group,
  storage: StorageRecord,
  view: LeaderView,
  toldLeaderChanges: number,
  client: string,
): { answer: ReportAnswer; toldLeaderChanges: number } {
  if (!view.leads) return { answer: { flags: 0, briefs: [] }, toldLeaderChanges };
  let flags = 0;
  const briefs: StorageBrief[] = [];
  if (view.changes !== toldLeaderChanges) {
    flags |= ChangeFlag.LEADER;
    const { leader } = view;
    briefs.push(
      leader === null
        ? NO_BRIEF
        : {
            status: 0,
            port: leader.port,
            id: leader.ipAddress.slice(0, ID_MAX),
            ipAddress: leader.ipAddress,
          },
    );
  }
  if (group.trunkChanges !== storage.toldTrunkChanges) {
    flags |= ChangeFlag.TRUNK_SERVER;
    const trunkServer = group.find(group.trunkServerId);
    briefs.push(trunkServer === undefined ? NO_BRIEF : briefOf(trunkServer, client));
    storage.toldTrunkChanges = group.trunkChanges;
  }
  if (group.changes !== storage.toldGroupChanges) {
    flags |= ChangeFlag.GROUP;
    briefs.push(...group.sorted().map((member) => briefOf(member, client)));
    storage.toldGroupChanges = group.changes;
  }
  return { answer: { flags, briefs }, toldLeaderChanges: view.changes };
}
