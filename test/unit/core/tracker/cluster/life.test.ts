// The rows of tracker.md §5.3-§5.6: what becomes of a storage's status, by event.

import { describe, expect, test } from "bun:test";
import * as life from "../../../../../core/tracker/cluster/life.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import { addStorage, groupOf, makeCluster, statusThrown } from "./fixture.ts";

const { INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY, NONE } = StorageStatus;
const ALL = [INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY];
const ID = "10.0.0.2";

/** A storage in `status` beside an active one. */
function scene(status: number) {
  const cluster = makeCluster();
  const storage = addStorage(cluster, "group1", ID, { status });
  const other = addStorage(cluster, "group1", "10.0.0.3");
  const group = groupOf(cluster);
  const { changes } = group;
  Object.assign(cluster.stale, { groups: false, servers: false, syncTimestamps: false });
  return { cluster, storage, other, group, changesBefore: changes };
}

describe("a beat or disk report", () => {
  for (const before of ALL) {
    const stays = [WAIT_SYNC, SYNCING, IP_CHANGED, INIT].includes(before as never);
    const after = stays ? before : ACTIVE;
    test(`takes ${before} to ${after}`, () => {
      const { cluster, storage, group, changesBefore } = scene(before);
      life.activate(cluster, group, storage);
      expect(storage.status).toBe(after);
      expect(group.changes > changesBefore).toBe(after !== before);
      expect(group.readable.includes(storage)).toBe(after === ACTIVE);
      expect(group.writable.includes(storage)).toBe(after === ACTIVE);
    });
  }
});

describe("the end of the joined connection", () => {
  for (const before of ALL) {
    const after = [ONLINE, ACTIVE, OFFLINE].includes(before as never) ? OFFLINE : before;
    test(`takes ${before} to ${after}`, () => {
      const { cluster, storage, group } = scene(before);
      Object.assign(storage, { upTime: 5, toldGroupChanges: 9, toldTrunkChanges: 9 });
      life.disconnect(cluster, group, storage);
      expect(storage).toMatchObject({ status: after, upTime: 0, toldGroupChanges: 0, toldTrunkChanges: 0 });
      expect(group.readable.includes(storage)).toBe(false);
    });
  }
});

test("silence for longer than check_active_interval takes ACTIVE to OFFLINE, and nothing else", () => {
  const { cluster, storage, other } = scene(ACTIVE);
  storage.stat.lastHeartBeatTime = 1000;
  other.stat.lastHeartBeatTime = 1001;
  expect(life.expire(cluster, 1100)).toEqual([]);
  expect(life.expire(cluster, 1101)).toEqual([storage]);
  expect([storage.status, other.status]).toEqual([OFFLINE, ACTIVE]);
});

describe("another's report", () => {
  const deaf = [INIT, ONLINE, ACTIVE, RECOVERY];
  for (const mine of ALL) {
    for (const told of [...ALL, NONE]) {
      const isTaken =
        told !== NONE && !deaf.includes(mine as never) && (told === DELETED || told === IP_CHANGED || told > mine);
      const after = isTaken ? told : mine;
      test(`of ${told} leaves ${mine} at ${after}`, () => {
        const { cluster, storage, group, changesBefore } = scene(mine);
        life.mergeBrief(cluster, group, { status: told, port: 0, id: ID, ipAddress: ID });
        expect(storage.status).toBe(after);
        expect(group.changes - changesBefore).toBe(after === mine ? 0 : 1);
      });
    }
  }

  for (const told of [...ALL, NONE]) {
    const isAdded = ![DELETED, IP_CHANGED, ACTIVE, ONLINE, NONE].includes(told as never);
    test(`of an unknown storage with ${told} ${isAdded ? "adds" : "does not add"} it`, () => {
      const { cluster, group } = scene(ACTIVE);
      life.mergeBrief(cluster, group, { status: told, port: 0, id: "10.0.0.9", ipAddress: "10.0.0.9" });
      expect(group.find("10.0.0.9")?.status).toBe(isAdded ? told : (undefined as never));
    });
  }

  test("of a storage outside the table of ids is refused", () => {
    const storageIds = [{ id: "7", groupName: "group2", hosts: ["10.0.0.7"], port: 23000, rwMode: 6 as const }];
    const cluster = makeCluster({ useStorageId: true, storageIds });
    const group = cluster.addGroup("group1");
    const told = (id: string) => () =>
      life.mergeBrief(cluster, group, { status: OFFLINE, port: 0, id, ipAddress: "10.0.0.7" });
    expect(statusThrown(told("8"))).toBe(2);
    expect(statusThrown(told("7"))).toBe(22);
  });
});

describe("old data", () => {
  test("a storage alone needs none", () => {
    const cluster = makeCluster();
    const storage = addStorage(cluster, "group1", ID, { status: INIT });
    expect(life.chooseSyncSource(cluster, groupOf(cluster), storage, 50)).toBeNull();
    expect(storage.status).toBe(ONLINE);
  });

  test("a member without data is no reason to wait", () => {
    const { cluster, storage, other, group } = scene(INIT);
    cluster.setStatus(group, other, WAIT_SYNC);
    expect(life.chooseSyncSource(cluster, group, storage, 50)).toBeNull();
  });

  test("the source is the first writable other, from now", () => {
    const { cluster, storage, group } = scene(INIT);
    addStorage(cluster, "group1", "10.0.0.1", { rwMode: 4 });
    expect(life.chooseSyncSource(cluster, group, storage, 50)).toEqual({ sourceId: "10.0.0.3", untilTimestamp: 50 });
    expect(storage).toMatchObject({ status: WAIT_SYNC, syncSourceId: "10.0.0.3", syncUntilTimestamp: 50 });
    expect(cluster.stale.servers).toBe(true);
  });

  test("while those with data are away the answer is 2", () => {
    const { cluster, storage, other, group } = scene(INIT);
    cluster.setStatus(group, other, OFFLINE);
    expect(statusThrown(() => life.chooseSyncSource(cluster, group, storage, 50))).toBe(2);
  });

  for (const before of ALL) {
    test(`SYNC_NOTIFY without a source takes ${before} to ${before <= SYNCING ? ONLINE : before}`, () => {
      const { cluster, storage, group } = scene(before);
      life.notifySyncSource(cluster, group, storage, { sourceId: "", untilTimestamp: 0 });
      expect(storage.status).toBe(before <= SYNCING ? ONLINE : before);
    });
  }

  test("SYNC_NOTIFY with a source is remembered, unless one is known", () => {
    const { cluster, storage, group } = scene(INIT);
    const notify = (sourceId: string, untilTimestamp: number) => () =>
      life.notifySyncSource(cluster, group, storage, { sourceId, untilTimestamp });
    expect(statusThrown(notify("10.0.0.9", 8))).toBe(2);
    expect(storage.status).toBe(WAIT_SYNC);
    notify("10.0.0.3", 9)();
    notify("10.0.0.9", 10)();
    expect(storage).toMatchObject({ syncSourceId: "10.0.0.3", syncUntilTimestamp: 9 });
  });

  for (const status of ALL) {
    const delivers = [OFFLINE, ONLINE, ACTIVE, RECOVERY].includes(status as never);
    test(`a source in ${status} ${delivers ? "delivers" : "is dropped"}`, () => {
      const { cluster, storage, other, group } = scene(WAIT_SYNC);
      Object.assign(storage, { syncSourceId: other.id, syncUntilTimestamp: 9 });
      cluster.setStatus(group, other, status);
      const found = life.querySyncSource(cluster, "group1", ID);
      expect(found).toEqual(delivers ? { sourceId: other.id, untilTimestamp: 9 } : null);
      expect(storage.syncSourceId).toBe(delivers ? other.id : "");
    });
  }

  for (const status of [INIT, DELETED, IP_CHANGED]) {
    test(`a destination in ${status} takes nothing: 2`, () => {
      const { cluster } = scene(status);
      expect(statusThrown(() => life.querySyncSource(cluster, "group1", ID))).toBe(2);
    });
  }
});

describe("CHANGE_STATUS", () => {
  const available = [OFFLINE, ONLINE, ACTIVE];
  for (const before of ALL) {
    for (const wanted of [WAIT_SYNC, SYNCING, OFFLINE, ONLINE, ACTIVE, RECOVERY]) {
      const isKept = available.includes(before as never) && available.includes(wanted as never);
      const after = isKept || before === wanted ? before : wanted === ONLINE || wanted === ACTIVE ? OFFLINE : wanted;
      test(`${wanted} takes ${before} to ${after}`, () => {
        const { cluster, storage, group } = scene(before);
        life.changeStatus(cluster, group, storage, wanted);
        expect(storage.status).toBe(after);
      });
    }
  }
});

describe("DELETE_STORAGE", () => {
  const answers: Partial<Record<number, number>> = {
    [ONLINE]: 16,
    [ACTIVE]: 16,
    [RECOVERY]: 16,
    [DELETED]: 114,
    [IP_CHANGED]: 2,
  };
  for (const before of ALL) {
    const answer = answers[before] ?? 0;
    test(`of a storage in ${before} is answered ${answer}`, () => {
      const { cluster, storage, other, group } = scene(before);
      other.syncSourceId = ID;
      other.syncedFrom.set(ID, 5);
      expect(statusThrown(() => life.deleteStorage(cluster, "group1", ID, 60))).toBe(answer);
      if (answer !== 0) return;
      expect(storage).toMatchObject({ status: DELETED, freeMb: 0, storePathCount: 0 });
      expect([other.syncSourceId, other.syncedFrom.size]).toEqual(["", 0]);
      expect(cluster.changelog).toEqual([`60 group1 ${ID} 4 \n`]);
      expect(cluster.stale).toMatchObject({ servers: true, syncTimestamps: true });
      expect(group.sorted().map(({ id }) => id)).toEqual([ID, "10.0.0.3"]);
    });
  }

  test("a group is deleted only when even tombstones are gone", () => {
    const { cluster, storage, group } = scene(OFFLINE);
    life.deleteStorage(cluster, "group1", ID, 60);
    expect(statusThrown(() => life.deleteGroup(cluster, "group1"))).toBe(16);
    expect(storage.status).toBe(DELETED);
    group.storages.length = 0;
    life.deleteGroup(cluster, "group1");
    expect(statusThrown(() => life.deleteGroup(cluster, "group1"))).toBe(2);
  });
});

describe("REPORT_IP_CHANGED", () => {
  const NEW = "10.0.0.77";
  const change = (cluster: ReturnType<typeof makeCluster>, from = ID, to = NEW, peer = to) =>
    statusThrown(() => life.changeAddress(cluster, "group1", from, to, peer, 60));
  const answers: Partial<Record<number, number>> = {
    [ONLINE]: 16,
    [ACTIVE]: 16,
    [RECOVERY]: 16,
    [DELETED]: 2,
    [IP_CHANGED]: 114,
  };
  for (const before of ALL) {
    const answer = answers[before] ?? 0;
    test(`of a storage in ${before} is answered ${answer}`, () => {
      const { cluster, storage, other, group } = scene(before);
      other.syncSourceId = ID;
      other.syncedFrom.set(ID, 5);
      group.trunkServerId = ID;
      expect(change(cluster)).toBe(answer);
      if (answer !== 0) return;
      expect(storage).toMatchObject({ id: NEW, addresses: [NEW], currentIp: NEW, status: before });
      expect(group.find(ID)?.status).toBe(IP_CHANGED);
      expect([other.syncSourceId, other.syncedFrom.get(NEW), group.trunkServerId]).toEqual([NEW, 5, NEW]);
      expect(cluster.changelog).toEqual([`60 group1 ${ID} 3 ${NEW}\n`]);
      expect(cluster.stale).toEqual({ groups: true, servers: true, syncTimestamps: true });
    });
  }

  test("refusals: unknown group, another peer, unknown or taken address, storage ids", () => {
    const { cluster } = scene(OFFLINE);
    expect(statusThrown(() => life.changeAddress(cluster, "nosuch", ID, NEW, NEW, 60))).toBe(2);
    expect(change(cluster, ID, NEW, "10.0.0.78")).toBe(22);
    expect(change(cluster, "10.0.0.9")).toBe(2);
    expect(change(cluster, ID, "10.0.0.3")).toBe(17);
    expect(change(makeCluster({ useStorageId: true }))).toBe(95);
  });
});
