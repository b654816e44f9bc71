// Where uploads go: every mode of tracker.md §6.1, the space tests of §6.2, server and path of §6.4.

import { describe, expect, test } from "bun:test";
import { diskUsage } from "../../../../../core/tracker/cluster/reports.ts";
import {
  balanceGroups,
  requireGroup,
  selectGroup,
  selectStorage,
  selectStore,
  selectStorePath,
} from "../../../../../core/tracker/cluster/select-store.ts";
import { hasGroupSpace, hasPathSpace, reservedMb } from "../../../../../core/tracker/cluster/space.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import { addStorage, groupOf, makeCluster, statusThrown } from "./fixture.ts";

const times = <T>(count: number, run: () => T): T[] => Array.from({ length: count }, run);

function threeGroups(settings: Parameters<typeof makeCluster>[0] = {}) {
  const cluster = makeCluster(settings);
  for (const number of [1, 2, 3]) addStorage(cluster, `group${number}`, `10.0.${number}.1`);
  return cluster;
}

/** Sets a group's space directly. */
function fill(cluster: ReturnType<typeof makeCluster>, name: string, freeMb: number, trunkFreeMb = 0): void {
  Object.assign(groupOf(cluster, name), { freeMb, trunkFreeMb });
}

describe("the group in turn (store_lookup 0)", () => {
  test("all take their turns", () => {
    const cluster = threeGroups();
    expect(times(4, () => selectGroup(cluster).name)).toEqual(["group1", "group2", "group3", "group1"]);
  });

  test("a full group and one without a writable server are passed over", () => {
    const cluster = threeGroups();
    fill(cluster, "group2", 100);
    const group3 = groupOf(cluster, "group3");
    cluster.setStatus(group3, group3.storages[0]!, StorageStatus.OFFLINE);
    expect(times(3, () => selectGroup(cluster).name)).toEqual(["group1", "group1", "group1"]);
  });

  test("nobody writable: 2; nobody with space: 28; no group: 2", () => {
    const cluster = threeGroups();
    for (const group of cluster.groups) group.freeMb = 100;
    expect(statusThrown(() => selectGroup(cluster))).toBe(28);
    for (const group of cluster.groups) cluster.setStatus(group, group.storages[0]!, StorageStatus.OFFLINE);
    expect(statusThrown(() => selectGroup(cluster))).toBe(2);
    expect(statusThrown(() => selectGroup(makeCluster()))).toBe(2);
  });

  test("space inside trunk files counts only when no group has other space", () => {
    const cluster = threeGroups({ useTrunkFile: true });
    for (const group of cluster.groups) group.freeMb = 90;
    expect(statusThrown(() => selectGroup(cluster))).toBe(28);
    fill(cluster, "group3", 90, 11);
    expect(selectGroup(cluster).name).toBe("group3");
    fill(cluster, "group2", 101);
    expect(times(2, () => selectGroup(cluster).name)).toEqual(["group2", "group2"]);
  });
});

describe("the named group (store_lookup 1)", () => {
  test("only that one takes uploads", () => {
    const cluster = threeGroups({ storeLookup: 1, storeGroup: "group2" });
    expect(times(2, () => selectGroup(cluster).name)).toEqual(["group2", "group2"]);
    fill(cluster, "group2", 100);
    expect(statusThrown(() => selectGroup(cluster))).toBe(28);
    expect(statusThrown(() => selectGroup(threeGroups({ storeLookup: 1, storeGroup: "group9" })))).toBe(2);
  });
});

describe("the roomiest group (store_lookup 2)", () => {
  test("uploads go to it, the first on ties, until space is reported again", () => {
    const cluster = threeGroups({ storeLookup: 2 });
    fill(cluster, "group2", 1500);
    fill(cluster, "group3", 1500);
    balanceGroups(cluster);
    expect(times(2, () => selectGroup(cluster).name)).toEqual(["group2", "group2"]);
    fill(cluster, "group3", 1600);
    balanceGroups(cluster);
    expect(selectGroup(cluster).name).toBe("group3");
  });

  test("when even it is full, the one with most space in trunk files", () => {
    const cluster = threeGroups({ storeLookup: 2, useTrunkFile: true });
    fill(cluster, "group1", 80, 30);
    fill(cluster, "group2", 90, 20);
    fill(cluster, "group3", 70, 60);
    balanceGroups(cluster);
    expect(selectGroup(cluster).name).toBe("group3");
  });
});

describe("a group that the client names", () => {
  test("is taken whatever store_lookup says", () => {
    const cluster = threeGroups({ storeLookup: 1, storeGroup: "group2" });
    expect(requireGroup(cluster, "group3").name).toBe("group3");
    fill(cluster, "group3", 100);
    expect(statusThrown(() => requireGroup(cluster, "group3"))).toBe(28);
    expect(statusThrown(() => requireGroup(cluster, "group9"))).toBe(2);
  });
});

describe("reserved space", () => {
  const group = (totalMb: number, freeMb: number) => {
    const cluster = makeCluster();
    return Object.assign(cluster.addGroup("group1"), { totalMb, freeMb });
  };

  test("strictly more than an absolute reserve", () => {
    const reserved = { kind: "mb", mb: 100 } as const;
    expect([100, 101].map((free) => hasGroupSpace(group(1000, free), reserved))).toEqual([false, true]);
    expect(hasGroupSpace(group(1000, 99), reserved, 2)).toBe(true);
    // A third of 100 is 33 for each of three paths.
    expect([33, 34].map((freeMb) => hasPathSpace({ totalMb: 1000, freeMb }, reserved, 3))).toEqual([false, true]);
    expect(reservedMb(reserved, 5)).toBe(100);
  });

  test("strictly more than a share, and nothing of a size that is not known yet", () => {
    const reserved = { kind: "ratio", ratio: 0.1 } as const;
    expect([100, 101].map((free) => hasGroupSpace(group(1000, free), reserved))).toEqual([false, true]);
    expect(hasGroupSpace(group(0, 0), reserved)).toBe(false);
    expect([100, 101].map((freeMb) => hasPathSpace({ totalMb: 1000, freeMb }, reserved, 3))).toEqual([false, true]);
    expect(reservedMb(reserved, 1009)).toBe(100);
  });
});

describe("the server", () => {
  function group(storeServer: 0 | 1 | 2) {
    const cluster = makeCluster({ storeServer });
    addStorage(cluster, "group1", "10.0.0.3", { priority: 5 });
    addStorage(cluster, "group1", "10.0.0.1", { priority: 9 });
    addStorage(cluster, "group1", "10.0.0.2", { priority: 5 });
    addStorage(cluster, "group1", "10.0.0.0", { priority: 1, rwMode: 4 });
    return cluster;
  }
  const choose = (cluster: ReturnType<typeof group>) => selectStorage(cluster, groupOf(cluster)).id;

  test("in turn by id (store_server 0)", () => {
    const cluster = group(0);
    expect(times(4, () => choose(cluster))).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"]);
  });

  test("the first by id (1), the lowest priority, the first on ties (2)", () => {
    expect(choose(group(1))).toBe("10.0.0.1");
    expect(choose(group(2))).toBe("10.0.0.2");
  });

  test("one writable server has every turn, and the counter stays", () => {
    const cluster = makeCluster();
    addStorage(cluster, "group1", "10.0.0.1");
    expect(times(2, () => choose(cluster))).toEqual(["10.0.0.1", "10.0.0.1"]);
    expect(groupOf(cluster).currentWriteServer).toBe(0);
  });

  test("nobody writable: 2", () => {
    const cluster = makeCluster();
    addStorage(cluster, "group1", "10.0.0.1", { rwMode: 4 });
    expect(statusThrown(() => choose(cluster))).toBe(2);
  });
});

describe("the store path", () => {
  function scene(free: readonly number[], settings: Parameters<typeof makeCluster>[0] = {}) {
    const cluster = makeCluster(settings);
    const storage = addStorage(cluster, "group1", "10.0.0.1", { free });
    return {
      cluster,
      storage,
      group: groupOf(cluster),
      choose: () => selectStorePath(cluster, groupOf(cluster), storage),
    };
  }

  test("in turn (store_path 0): the value before the step is answered", () => {
    const { choose, storage } = scene([500, 500, 500]);
    expect(times(4, choose)).toEqual([0, 1, 2, 0]);
    expect(storage.currentWritePath).toBe(1);
  });

  test("full paths are passed over", () => {
    expect(times(3, scene([500, 20, 500]).choose)).toEqual([0, 2, 0]);
  });

  test("all full: 28, or with trunk files the one that they have room for", () => {
    expect(statusThrown(scene([20, 20]).choose)).toBe(28);
    const { choose, group } = scene([20, 20], { useTrunkFile: true });
    expect(statusThrown(choose)).toBe(28);
    group.trunkFreeMb = 31;
    expect(choose()).toBe(0);
  });

  test("the roomiest (store_path 2), kept by disk reports", () => {
    const { cluster, choose, storage, group } = scene([500, 500], { storePath: 2 });
    const report = (...free: number[]) =>
      diskUsage(
        cluster,
        group,
        storage,
        free.map((freeMb) => ({ totalMb: 1000, freeMb })),
      );
    report(500, 501);
    expect(times(2, choose)).toEqual([1, 1]);
    report(501, 501);
    expect(choose()).toBe(1);
    report(502, 501);
    expect(choose()).toBe(0);
  });

  test("paths that only this member has are not used", () => {
    const { choose, group, storage } = scene([500, 500]);
    storage.storePathCount = 3;
    group.storePathCount = 2;
    expect(times(3, choose)).toEqual([0, 1, 0]);
  });

  test("a group without store paths: 2", () => {
    const { cluster, group } = scene([500]);
    group.storePathCount = 0;
    expect(statusThrown(() => selectStore(cluster, "group1"))).toBe(2);
  });
});

describe("the group's space (§6.3)", () => {
  test("is that of the tightest writable server", () => {
    const cluster = makeCluster();
    const first = addStorage(cluster, "group1", "10.0.0.1", { free: [500] });
    addStorage(cluster, "group1", "10.0.0.2", { free: [400] });
    const readOnly = addStorage(cluster, "group1", "10.0.0.3", { free: [450], rwMode: 4 });
    const group = groupOf(cluster);
    const report = (storage: typeof first, freeMb: number) => {
      diskUsage(cluster, group, storage, [{ totalMb: 1000, freeMb }]);
      return group.freeMb;
    };
    expect(group.freeMb).toBe(400);
    expect(report(first, 390)).toBe(390);
    expect(report(first, 600)).toBe(400);
    // A smaller report counts even from a server that takes no uploads.
    expect(report(readOnly, 300)).toBe(300);
    expect(report(readOnly, 310)).toBe(400);
  });

  test("a report of another number of paths is refused with 22", () => {
    const cluster = makeCluster();
    const storage = addStorage(cluster, "group1", "10.0.0.1");
    const report = () => diskUsage(cluster, groupOf(cluster), storage, [{ totalMb: 1, freeMb: 1 }]);
    expect(statusThrown(report)).toBe(22);
  });
});
