// STORAGE_JOIN on the state: the rows of tracker.md §5.2 and the refusals of §4.1.

import { describe, expect, test } from "bun:test";
import { joinStorage } from "../../../../../core/tracker/cluster/join.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import { addStorage, groupOf, joinRequest, makeCluster, statusThrown } from "./fixture.ts";

const { INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY, NONE } = StorageStatus;
const CHANGELOG_SIZE = 77;
const here = {};

describe("an unknown storage", () => {
  const rows: [initFlag: boolean, reported: number, after: number][] = [
    [true, -1, INIT],
    [true, ACTIVE, INIT],
    [false, ACTIVE, ONLINE],
    [false, OFFLINE, ONLINE],
    [false, RECOVERY, ONLINE],
    [false, WAIT_SYNC, WAIT_SYNC],
    [false, SYNCING, SYNCING],
    [false, ONLINE, ONLINE],
    [false, 0, INIT],
  ];
  for (const [initFlag, status, after] of rows) {
    test(`with init_flag ${Number(initFlag)} and status ${status} becomes ${after}`, () => {
      const cluster = makeCluster();
      const { storage } = joinStorage(cluster, joinRequest({ initFlag, status }), "10.0.0.2", here, CHANGELOG_SIZE);
      expect(storage.status).toBe(after);
      expect(storage.changelogOffset).toBe(after === INIT ? CHANGELOG_SIZE : 0);
      expect(cluster.stale).toEqual({ groups: true, servers: true, syncTimestamps: true });
    });
  }

  for (const status of [-1, DELETED, IP_CHANGED, NONE]) {
    test(`with old data and the impossible status ${status} is refused with 14`, () => {
      const cluster = makeCluster();
      const join = () => joinStorage(cluster, joinRequest({ status }), "10.0.0.2", here, 0);
      expect(statusThrown(join)).toBe(14);
      // As in C its group stays.
      expect(cluster.find("group1")?.storages).toEqual([]);
    });
  }
});

describe("a known storage", () => {
  const rows: [before: number, after: number][] = [
    [DELETED, INIT],
    [IP_CHANGED, INIT],
    [OFFLINE, ONLINE],
    [RECOVERY, ONLINE],
    [INIT, INIT],
    [WAIT_SYNC, WAIT_SYNC],
    [SYNCING, SYNCING],
    [ONLINE, ONLINE],
    [ACTIVE, ACTIVE],
  ];
  for (const [before, after] of rows) {
    test(`goes from ${before} to ${after}`, () => {
      const cluster = makeCluster();
      const storage = addStorage(cluster, "group1", "10.0.0.2", { status: before });
      joinStorage(cluster, joinRequest({ status: ACTIVE }), "10.0.0.2", here, CHANGELOG_SIZE);
      expect(storage.status).toBe(after);
      expect(storage.changelogOffset).toBe(after === INIT ? CHANGELOG_SIZE : 0);
      expect(storage.connection).toBe(here);
    });
  }
});

describe("what a group agrees on", () => {
  const join = (cluster: ReturnType<typeof makeCluster>, ip: string, overrides: Parameters<typeof joinRequest>[0]) =>
    statusThrown(() => joinStorage(cluster, joinRequest(overrides), ip, here, 0));

  function pair() {
    const cluster = makeCluster();
    addStorage(cluster, "group1", "10.0.0.2");
    addStorage(cluster, "group1", "10.0.0.3");
    return cluster;
  }

  test("another port is refused until all members come with it", () => {
    const cluster = pair();
    expect(join(cluster, "10.0.0.2", { storagePort: 24000 })).toBe(22);
    expect(groupOf(cluster).storagePort).toBe(23000);
    expect(join(cluster, "10.0.0.3", { storagePort: 24000 })).toBe(0);
    expect(groupOf(cluster).storagePort).toBe(24000);
    expect(join(cluster, "10.0.0.2", { storagePort: 24000 })).toBe(0);
  });

  test("with ids in file names ports may differ, and the group's is -1 from then on", () => {
    const storageIds = [1, 2].map((number) => ({
      id: String(number),
      groupName: "group1",
      hosts: ["10.0.0.2"],
      port: 23000 + number,
      rwMode: 6 as const,
    }));
    const cluster = makeCluster({ useStorageId: true, idTypeInFilename: "id", storageIds });
    expect(join(cluster, "10.0.0.2", { storagePort: 23001 })).toBe(0);
    expect(groupOf(cluster).storagePort).toBe(23001);
    expect(join(cluster, "10.0.0.2", { storagePort: 23002 })).toBe(0);
    expect(groupOf(cluster).storagePort).toBe(-1);
    expect(join(cluster, "10.0.0.2", { storagePort: 23002 })).toBe(0);
    expect(groupOf(cluster).storagePort).toBe(-1);
  });

  test("more store paths are accepted, and count when all have them", () => {
    const cluster = pair();
    expect(join(cluster, "10.0.0.2", { storePathCount: 3 })).toBe(0);
    expect(groupOf(cluster).storePathCount).toBe(2);
    expect(join(cluster, "10.0.0.3", { storePathCount: 3 })).toBe(0);
    expect(groupOf(cluster).storePathCount).toBe(3);
  });

  test("fewer store paths are refused until all members come with them", () => {
    const cluster = pair();
    expect(join(cluster, "10.0.0.2", { storePathCount: 1 })).toBe(22);
    expect(groupOf(cluster).storePathCount).toBe(2);
    expect(join(cluster, "10.0.0.3", { storePathCount: 1 })).toBe(0);
    expect(groupOf(cluster).storePathCount).toBe(1);
  });

  test("a tombstone has no say", () => {
    const cluster = makeCluster();
    addStorage(cluster, "group1", "10.0.0.2");
    addStorage(cluster, "group1", "10.0.0.3", { status: DELETED });
    expect(join(cluster, "10.0.0.2", { storePathCount: 1, subdirCountPerPath: 8, storagePort: 24000 })).toBe(0);
  });

  test("other subdirectories are refused until all members come with them", () => {
    const cluster = pair();
    expect(join(cluster, "10.0.0.2", { subdirCountPerPath: 8 })).toBe(22);
    expect(join(cluster, "10.0.0.3", { subdirCountPerPath: 8 })).toBe(0);
    expect(groupOf(cluster).subdirCountPerPath).toBe(8);
  });

  for (const [what, overrides] of [
    ["a group name with a slash", { groupName: "a/b" }],
    ["no group name", { groupName: "" }],
    ["port 0", { storagePort: 0 }],
    ["no store path", { storePathCount: 0 }],
    ["257 store paths", { storePathCount: 257 }],
    ["257 subdirectories", { subdirCountPerPath: 257 }],
  ] as const) {
    test(`${what} is refused with 22`, () => expect(join(makeCluster(), "10.0.0.2", overrides)).toBe(22));
  }
});

describe("storage ids", () => {
  const storageIds = [
    { id: "7", groupName: "group1", hosts: ["10.0.0.2", "1.2.3.45"], port: 23000, rwMode: 4 as const },
  ];
  const join = (trust: boolean, peer: string, overrides: Parameters<typeof joinRequest>[0]) => {
    const cluster = makeCluster({ useStorageId: true, trustStorageServerId: trust, storageIds });
    return joinStorage(cluster, joinRequest(overrides), peer, here, 0).storage;
  };

  test("a stated id is believed when it is to be", () => {
    expect(join(true, "10.9.9.9", { storageId: "7" })).toMatchObject({ id: "7", rwMode: 4, currentIp: "10.0.0.2" });
    expect(statusThrown(() => join(false, "10.9.9.9", { storageId: "7" }))).toBe(2);
    expect(statusThrown(() => join(true, "10.0.0.2", { storageId: "8" }))).toBe(2);
  });

  test("otherwise address and port tell", () => {
    expect(join(false, "1.2.3.45", {})).toMatchObject({ id: "7", currentIp: "1.2.3.45" });
    expect(statusThrown(() => join(false, "1.2.3.45", { storagePort: 23001 }))).toBe(2);
  });

  test("the id of another group is refused with 22", () => {
    expect(statusThrown(() => join(true, "10.0.0.2", { storageId: "7", groupName: "group2" }))).toBe(22);
  });
});
