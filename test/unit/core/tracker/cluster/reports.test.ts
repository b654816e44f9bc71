// Beats, trunk reports and the flags that answer them (tracker.md §4.2, §4.14, §4.17).

import { describe, expect, test } from "bun:test";
import {
  answerReport,
  beat,
  type LeaderView,
  syncReported,
  trunkFileId,
  trunkFree,
} from "../../../../../core/tracker/cluster/reports.ts";
import { setTrunkServer } from "../../../../../core/tracker/cluster/trunk-server.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import { addStorage, groupOf, makeCluster, statusThrown } from "./fixture.ts";

const leading: LeaderView = { leads: true, changes: 1, leader: { ipAddress: "10.0.0.1", port: 22122 } };
const leaderless: LeaderView = { leads: false, changes: 0, leader: null };
const following: LeaderView = { leads: false, changes: 0, leader: leading.leader };

function scene() {
  const cluster = makeCluster();
  const storage = addStorage(cluster, "group1", "10.0.0.2");
  const other = addStorage(cluster, "group1", "10.0.0.3");
  const group = groupOf(cluster);
  const ask = (view: LeaderView, told: number, client = "10.0.0.2") => answerReport(group, storage, view, told, client);
  return { cluster, storage, other, group, ask };
}

describe("the answer to a report", () => {
  test("tells each change once: the leader a connection, the others a storage", () => {
    const { cluster, group, other, ask } = scene();
    const first = ask(leading, 0);
    expect(first.answer.flags).toBe(5);
    expect(first.answer.briefs.map(({ id }) => id)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    expect(ask(leading, first.toldLeaderChanges).answer).toEqual({ flags: 0, briefs: [] });
    expect(ask(leading, 0).answer.flags).toBe(1);
    cluster.setStatus(group, other, StorageStatus.OFFLINE);
    expect(ask(leading, 1).answer.flags).toBe(4);
    setTrunkServer(cluster, group, other);
    expect(ask(leading, 1).answer).toEqual({
      flags: 2,
      briefs: [{ status: StorageStatus.OFFLINE, port: 23000, id: "10.0.0.3", ipAddress: "10.0.0.3" }],
    });
  });

  test("of a follower tells nothing and counts nothing as told", () => {
    const { ask } = scene();
    expect(ask(following, 0).answer).toEqual({ flags: 0, briefs: [] });
    expect(ask(leading, 0).answer.flags).toBe(5);
  });

  test("without a leader tells nothing, and keeps all news for the leader", () => {
    const { cluster, group, other, ask } = scene();
    setTrunkServer(cluster, group, other);
    expect(ask(leaderless, 0).answer.flags).toBe(0);
    expect(ask(leading, 0).answer.flags).toBe(7);
  });

  test("a trunk server that is lost is told as an empty brief", () => {
    const { cluster, group, ask } = scene();
    ask(leading, 0);
    setTrunkServer(cluster, group, undefined);
    const empty = { status: 0, port: 0, id: "", ipAddress: "" };
    expect(ask(leading, 1).answer).toEqual({ flags: 2, briefs: [empty] });
  });

  test("a storage that was lost and comes back hears everything again", () => {
    const { storage, ask } = scene();
    ask(leading, 0);
    Object.assign(storage, { toldGroupChanges: 0 });
    expect(ask(leading, 1).answer.flags).toBe(4);
  });

  test("of two addresses the one that suits the client is told", () => {
    const { other, ask } = scene();
    other.addresses = ["10.0.0.3", "192.168.0.3"];
    const told = (client: string) => ask({ ...leading, changes: 0 }, 0, client).answer.briefs.at(-1)?.ipAddress;
    expect(told("192.168.9.9")).toBe("192.168.0.3");
  });

  test("an IPv6 leader's id is cut to 15 characters", () => {
    const { ask } = scene();
    const leader = { ipAddress: "fd00:1:2:3:4:5:6:7", port: 22122 };
    const [brief] = ask({ ...leading, leader }, 0).answer.briefs;
    expect(brief).toMatchObject({ id: "fd00:1:2:3:4:5:", ipAddress: "fd00:1:2:3:4:5:6:7" });
  });
});

describe("a beat", () => {
  test("keeps what the tracker knows itself", () => {
    const { cluster, group, storage } = scene();
    storage.stat.lastSyncedTimestamp = 77;
    const body = Buffer.alloc(348);
    body.writeBigInt64BE(5n, 12);
    body.writeBigInt64BE(9n, 332);
    body.writeBigInt64BE(9n, 340);
    beat(cluster, group, storage, body, 1000);
    expect(storage.stat).toMatchObject({ totalUploadCount: 5, lastSyncedTimestamp: 77, lastHeartBeatTime: 1000 });
    beat(cluster, group, storage, new Uint8Array(0), 1001);
    expect(storage.stat).toMatchObject({ totalUploadCount: 5, lastHeartBeatTime: 1001 });
  });

  test("every thousandth with counters, of all storages together, is written", () => {
    const { cluster, group, storage, other } = scene();
    const body = new Uint8Array(348);
    for (let count = 1; count < 1000; count++) beat(cluster, group, count % 2 ? storage : other, body, 1000);
    beat(cluster, group, storage, new Uint8Array(0), 1000);
    expect(cluster.stale.servers).toBe(false);
    beat(cluster, group, storage, body, 1000);
    expect(cluster.stale.servers).toBe(true);
  });

  test("so is every thousandth sync report", () => {
    const { cluster, group, storage } = scene();
    const timestamps = [{ sourceId: "10.0.0.3", timestamp: 5 }];
    for (let count = 1; count < 1000; count++) syncReported(cluster, group, storage, timestamps);
    expect(cluster.stale.syncTimestamps).toBe(false);
    syncReported(cluster, group, storage, timestamps);
    expect(cluster.stale.syncTimestamps).toBe(true);
  });
});

describe("trunk reports", () => {
  test("come from the trunk server; a smaller file id changes nothing", () => {
    const { cluster, group, storage, other } = scene();
    setTrunkServer(cluster, group, storage);
    expect(statusThrown(() => trunkFileId(cluster, group, other, 5))).toBe(22);
    expect(statusThrown(() => trunkFileId(cluster, group, storage, -1))).toBe(22);
    trunkFileId(cluster, group, storage, 5);
    trunkFileId(cluster, group, storage, 4);
    expect(group.currentTrunkFileId).toBe(5);
    expect(statusThrown(() => trunkFree(cluster, group, other, 5))).toBe(22);
    expect(statusThrown(() => trunkFree(cluster, group, storage, -1))).toBe(22);
    trunkFree(cluster, group, storage, 6);
    expect(group.trunkFreeMb).toBe(6);
  });
});
