// Where a file can be read or changed (tracker.md §6.5). Names are made from 20-byte blocks built here by hand.

import { describe, expect, test } from "bun:test";
import { syncReported } from "../../../../../core/tracker/cluster/reports.ts";
import { selectFetch, selectFetchAll, selectUpdate } from "../../../../../core/tracker/cluster/select-fetch.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import { addStorage, groupOf, makeCluster, statusThrown } from "./fixture.ts";

const NOW = 2_000_000;
const FRESH = NOW - 10;
const SMALL = 0x8000_0000;
const APPENDER = SMALL | 0x0400_0000;
const TRUNK = SMALL | 0x0800_0000;

interface NameFacts {
  source?: readonly number[];
  timestamp?: number;
  flags?: number;
  tail?: string;
}

/** `M00/00/00/` + 27 characters + tail. */
function nameOf({
  source = [10, 0, 0, 1],
  timestamp = FRESH,
  flags = SMALL,
  tail = "1234567",
}: NameFacts = {}): string {
  const block = Buffer.alloc(20);
  Buffer.from(source).copy(block);
  block.writeInt32BE(timestamp, 4);
  block.writeUInt32BE(flags >>> 0, 8);
  block.writeUInt32BE(99, 12);
  return `M00/00/00/${block.toString("base64url")}${tail}`;
}

function pair(settings: Parameters<typeof makeCluster>[0] = {}, synced: readonly number[] = [0, 0]) {
  const cluster = makeCluster(settings);
  addStorage(cluster, "group1", "10.0.0.1", { synced: synced[0] ?? 0 });
  addStorage(cluster, "group1", "10.0.0.2", { synced: synced[1] ?? 0 });
  return cluster;
}

type TestCluster = ReturnType<typeof pair>;
const one = (cluster: TestCluster, name: string) => selectFetch(cluster, "group1", name, NOW).id;
const all = (cluster: TestCluster, name: string) => selectFetchAll(cluster, "group1", name, NOW).map(({ id }) => id);

describe("who has a normal file", () => {
  const second = "10.0.0.2";
  const rows: [what: string, facts: NameFacts, synced: number, hasIt: boolean][] = [
    ["nobody but the source at first", {}, 0, false],
    ["all after storage_sync_file_max_delay", { timestamp: NOW - 86_401 }, 0, true],
    ["not at exactly storage_sync_file_max_delay", { timestamp: NOW - 86_400 }, 0, false],
    ["one that has synchronised beyond it", {}, FRESH + 1, true],
    ["not one that has synchronised up to it", {}, FRESH, false],
    ["one up to it after storage_sync_file_max_time", { timestamp: NOW - 301 }, NOW - 302, true],
    ["not within storage_sync_file_max_time", { timestamp: NOW - 300 }, NOW - 301, false],
  ];
  for (const [what, facts, synced, hasIt] of rows) {
    test(what, () => {
      const cluster = pair({}, [0, synced]);
      expect(all(cluster, nameOf(facts)).includes(second)).toBe(hasIt);
    });
  }

  test("readers take turns among those who have it", () => {
    const cluster = pair({}, [NOW, NOW]);
    const asked = Array.from({ length: 3 }, () => one(cluster, nameOf()));
    expect(asked).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.1"]);
  });

  test("download_server 1 asks the source first", () => {
    const cluster = pair({ downloadServer: 1 }, [NOW, NOW]);
    const name = nameOf({ source: [10, 0, 0, 2] });
    expect(Array.from({ length: 2 }, () => one(cluster, name))).toEqual(["10.0.0.2", "10.0.0.2"]);
  });

  test("when the source is away and nobody else has it, the upload server is asked", () => {
    const cluster = pair();
    const group = groupOf(cluster);
    cluster.setStatus(group, group.find("10.0.0.1")!, StorageStatus.OFFLINE);
    expect(one(cluster, nameOf())).toBe("10.0.0.2");
    expect(all(cluster, nameOf())).toEqual(["10.0.0.2"]);
  });

  test("a name too short for its block has no source and is as old as can be", () => {
    expect(all(pair(), `M00/00/00/${"A".repeat(12)}`)).toEqual(["10.0.0.1", "10.0.0.2"]);
  });
});

describe("appenders and slaves", () => {
  const source = [10, 0, 0, 2];
  const names: [what: string, name: string, isSpecial: boolean][] = [
    ["an appender", nameOf({ source, flags: APPENDER }), true],
    ["a slave", nameOf({ source, tail: "1234567_150x150.jpg" }), true],
    ["a trunk file", nameOf({ source, flags: TRUNK, tail: `${"A".repeat(16)}1234567` }), false],
    ["a slave of a trunk file", nameOf({ source, flags: TRUNK, tail: `${"A".repeat(16)}1234567_big` }), true],
  ];
  for (const [what, name, isSpecial] of names) {
    test(`${what} is read ${isSpecial ? "from its source" : "like any file"}`, () => {
      const cluster = pair({}, [NOW, NOW]);
      expect(all(cluster, name)).toEqual(isSpecial ? ["10.0.0.2"] : ["10.0.0.1", "10.0.0.2"]);
      expect(one(cluster, name)).toBe(isSpecial ? "10.0.0.2" : "10.0.0.1");
    });
  }
});

describe("changes", () => {
  test("go to the source while it is writable, else where uploads go", () => {
    const cluster = pair();
    const name = nameOf({ source: [10, 0, 0, 2] });
    expect(selectUpdate(cluster, "group1", name).id).toBe("10.0.0.2");
    const group = groupOf(cluster);
    cluster.setStatus(group, group.find("10.0.0.2")!, StorageStatus.OFFLINE);
    expect(selectUpdate(cluster, "group1", name).id).toBe("10.0.0.1");
    cluster.setStatus(group, group.find("10.0.0.1")!, StorageStatus.OFFLINE);
    expect(statusThrown(() => selectUpdate(cluster, "group1", name))).toBe(2);
    expect(statusThrown(() => selectFetch(cluster, "group1", name, NOW))).toBe(2);
    expect(statusThrown(() => selectFetch(cluster, "group9", name, NOW))).toBe(2);
  });
});

describe("changes of an appender file", () => {
  const name = nameOf({ source: [10, 0, 0, 2], flags: APPENDER });
  const withSource = (status: number, settings = {}): TestCluster => {
    const cluster = pair(settings);
    const group = groupOf(cluster);
    cluster.setStatus(group, group.find("10.0.0.2")!, status);
    return cluster;
  };

  test("wait for the source while it is away", () => {
    const { ACTIVE, ONLINE, OFFLINE, WAIT_SYNC, RECOVERY } = StorageStatus;
    expect(selectUpdate(withSource(ACTIVE), "group1", name).id).toBe("10.0.0.2");
    for (const status of [ONLINE, OFFLINE, WAIT_SYNC, RECOVERY])
      expect(statusThrown(() => selectUpdate(withSource(status), "group1", name))).toBe(11);
    const nobody = withSource(OFFLINE);
    nobody.setStatus(groupOf(nobody), groupOf(nobody).find("10.0.0.1")!, OFFLINE);
    expect(statusThrown(() => selectUpdate(nobody, "group1", name))).toBe(11);
  });

  test("go elsewhere when the source is gone or unknown", () => {
    for (const status of [StorageStatus.DELETED, StorageStatus.IP_CHANGED])
      expect(selectUpdate(withSource(status), "group1", name).id).toBe("10.0.0.1");
    const unknown = nameOf({ source: [10, 0, 0, 9], flags: APPENDER });
    expect(selectUpdate(withSource(StorageStatus.OFFLINE), "group1", unknown).id).toBe("10.0.0.1");
  });

  test("go elsewhere with update_failover, as in C", () => {
    const cluster = withSource(StorageStatus.OFFLINE, { updateFailover: true });
    expect(selectUpdate(cluster, "group1", name).id).toBe("10.0.0.1");
  });
});

describe("storage ids", () => {
  const storageIds = [1, 2].map((number) => ({
    id: String(100000 + number),
    groupName: "group1",
    hosts: [`10.0.0.${number}`],
    port: 23000,
    rwMode: 6 as const,
  }));

  function withIds() {
    const cluster = makeCluster({ useStorageId: true, storageIds, downloadServer: 1 });
    for (const { id, hosts } of storageIds) {
      const storage = addStorage(cluster, "group1", id);
      Object.assign(storage, { addresses: hosts, currentIp: hosts[0] });
    }
    return cluster;
  }

  test("a source stands little-endian in the name; an address of older names still finds its storage", () => {
    expect(one(withIds(), nameOf({ source: [0xa2, 0x86, 0x01, 0x00] }))).toBe("100002");
    expect(one(withIds(), nameOf({ source: [10, 0, 0, 2] }))).toBe("100002");
  });

  test("with different ports in the group the address finds only who has the file", () => {
    const cluster = withIds();
    groupOf(cluster).storagePort = -1;
    expect(one(cluster, nameOf({ source: [10, 0, 0, 2] }))).toBe("100002");
    expect(all(cluster, nameOf({ source: [10, 0, 0, 2] }))).toEqual(["100002"]);
  });
});

describe("SYNC_REPORT (§4.8)", () => {
  function report(storeServer: 0 | 1 | 2, before: number) {
    const cluster = makeCluster({ storeServer });
    const reporter = addStorage(cluster, "group1", "10.0.0.1", { synced: before });
    addStorage(cluster, "group1", "10.0.0.2");
    addStorage(cluster, "group1", "10.0.0.3");
    addStorage(cluster, "group1", "10.0.0.4", { status: StorageStatus.OFFLINE });
    const timestamps = [
      { sourceId: "10.0.0.1", timestamp: 1 },
      { sourceId: "10.0.0.2", timestamp: 70 },
      { sourceId: "10.0.0.3", timestamp: 60 },
      { sourceId: "10.0.0.4", timestamp: 2 },
      { sourceId: "10.0.0.9", timestamp: 3 },
      { sourceId: "10.0.0.3", timestamp: 0 },
    ];
    syncReported(cluster, groupOf(cluster), reporter, timestamps);
    return reporter;
  }

  test("with uploads in turn the slowest source counts, else the furthest", () => {
    expect(report(0, 65).stat.lastSyncedTimestamp).toBe(60);
    expect(report(1, 65).stat.lastSyncedTimestamp).toBe(70);
    expect(report(2, 99).stat.lastSyncedTimestamp).toBe(99);
    expect([...report(0, 0).syncedFrom]).toEqual([
      ["10.0.0.2", 70],
      ["10.0.0.3", 60],
    ]);
  });
});
