// The trackers of the storages' lists and who of them leads (tracker.md §4.1 step 3, §7); trunk servers (§7.5).

import { describe, expect, test } from "bun:test";
import { Leadership } from "../../../../../core/tracker/cluster/leadership.ts";
import { addressFor, orderAddresses } from "../../../../../core/tracker/cluster/storage-ids.ts";
import {
  electTrunkServer,
  isTrunkServerLost,
  mustDeleteMarks,
  setTrunkServer,
  trunkCandidates,
} from "../../../../../core/tracker/cluster/trunk-server.ts";
import { addStorage, groupOf, makeCluster, statusThrown } from "./fixture.ts";

const OWN = "10.0.0.1";

function learned(...lines: string[]): Leadership {
  const leadership = new Leadership([22122]);
  leadership.learnTrackers(lines.map((line) => `${line}\n`).join(""), lines.length, [OWN]);
  return leadership;
}

describe("the list of trackers", () => {
  const learn = (lines: string, count: number, known = new Leadership([22122])) =>
    statusThrown(() => known.learnTrackers(lines, count, [OWN]));

  test("must be whole", () => {
    expect(learn(`${OWN}:22122\n`, 1)).toBe(0);
    expect(learn(`${OWN}:22122`, 1)).toBe(22);
    expect(learn(`${OWN}:22122\n`, 2)).toBe(22);
    expect(learn("", 0)).toBe(22);
    expect(learn(`${OWN}:99999\n`, 1)).toBe(22);
    expect(learn(`${OWN}:22122\n`.repeat(17), 17)).toBe(22);
  });

  test("must name this tracker: address and port, the port 22122 where none is given", () => {
    expect(learn(`${OWN}\n`, 1)).toBe(0);
    expect(learn(`${OWN}:22123\n`, 1)).toBe(2);
    expect(learn("10.0.0.9:22122\n", 1)).toBe(2);
    expect(learn("1.2.3.45,10.0.0.1:22122\n", 1)).toBe(0);
  });

  test("grows with later joins up to 16 trackers", () => {
    const leadership = learned(`${OWN}:22122`);
    const others = Array.from({ length: 15 }, (_, number) => `10.0.1.${number}:22122\n`);
    expect(learn(others.join(""), 15, leadership)).toBe(0);
    expect(leadership.trackers.length).toBe(16);
    expect(learn(others.join(""), 15, leadership)).toBe(0);
    expect(learn("10.0.2.1:22122\n", 1, leadership)).toBe(28);
  });
});

describe("leading", () => {
  test("a tracker alone elects itself, once", () => {
    const leadership = learned(`${OWN}:22122`);
    expect(leadership.view).toMatchObject({ speaks: false, leads: false, changes: 0 });
    leadership.tick();
    leadership.tick();
    expect(leadership.view).toEqual({
      speaks: true,
      leads: true,
      changes: 1,
      leader: { ipAddress: OWN, port: 22122 },
    });
  });

  test("before the first join nobody leads", () => {
    const leadership = new Leadership([22122]);
    leadership.tick();
    expect(leadership.isLeader).toBe(false);
    expect(statusThrown(() => leadership.leaderText("10.0.0.5"))).toBe(2);
  });

  test("among several nobody leads until one is elected; all speak meanwhile", () => {
    const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122");
    leadership.tick();
    expect(leadership.view).toMatchObject({ speaks: true, leads: false, leader: null });
    leadership.notifyNext("10.0.0.2:22122");
    leadership.commitNext("10.0.0.2:22122");
    expect(leadership.view).toMatchObject({ speaks: false, leads: false, changes: 0 });
    expect(leadership.leaderText("10.0.0.5")).toBe("10.0.0.2:22122");
  });

  test("a leader that hears of another gives up and answers 22", () => {
    const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122");
    leadership.notifyNext(`${OWN}:22122`);
    leadership.commitNext(`${OWN}:22122`);
    expect(leadership.view).toMatchObject({ leads: true, changes: 1 });
    expect(statusThrown(() => leadership.notifyNext("10.0.0.2:22122"))).toBe(22);
    expect(leadership.view).toMatchObject({ leads: false, changes: 2, leader: null });
    expect(statusThrown(() => leadership.reselect())).toBe(95);
  });

  test("only who was announced can be committed", () => {
    const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122");
    expect(statusThrown(() => leadership.commitNext("10.0.0.2:22122"))).toBe(22);
    expect(statusThrown(() => leadership.notifyNext("10.0.0.3:22122"))).toBe(2);
  });

  test("a follower is alive for three seconds after its ping", () => {
    const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122");
    const facts = { port: 22122, upTime: 5, version: "6.16.1" };
    expect(statusThrown(() => leadership.acceptFollower("10.0.0.2", facts, 100))).toBe(95);
    leadership.notifyNext(`${OWN}:22122`);
    leadership.commitNext(`${OWN}:22122`);
    expect(statusThrown(() => leadership.acceptFollower("10.0.0.3", facts, 100))).toBe(2);
    const peer = leadership.acceptFollower("10.0.0.2", facts, 100);
    expect([103, 104].map((now) => leadership.isActive(peer, now))).toEqual([true, false]);
  });
});

describe("two addresses", () => {
  const both = ["10.0.0.1", "192.168.7.1"];
  const rows: [addresses: readonly string[], client: string, told: string][] = [
    [both, "10.9.9.9", "10.0.0.1"],
    [both, "192.168.200.200", "192.168.7.1"],
    [both, "172.16.0.1", "10.0.0.1"],
    [["172.31.0.1", "1.2.3.45"], "172.32.0.1", "1.2.3.45"],
    [["172.31.0.1", "1.2.3.45"], "127.0.0.1", "1.2.3.45"],
    [["172.31.0.1", "1.2.3.45"], "fd00::1:2:3", "1.2.3.45"],
    // Text shorter than 8 characters has no type in C.
    [["172.31.0.1", "1.2.3.45"], "1.2.3.4", "172.31.0.1"],
    [["10.0.0.1"], "1.2.3.45", "10.0.0.1"],
  ];
  for (const [addresses, client, told] of rows) {
    test(`${client} is told ${told} of ${addresses.join(" and ")}`, () => {
      expect(addressFor(addresses, client)).toBe(told);
    });
  }

  test("the inner one comes first", () => {
    expect(orderAddresses(["1.2.3.45", "10.0.0.1"])).toEqual(["10.0.0.1", "1.2.3.45"]);
    expect(orderAddresses(["192.168.0.1", "10.0.0.1"])).toEqual(["192.168.0.1", "10.0.0.1"]);
  });
});

describe("the trunk server", () => {
  function scene() {
    const cluster = makeCluster({ storeServer: 2, checkActiveIntervalSeconds: 100 });
    const ids = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    const storages = ids.map((id, index) => addStorage(cluster, "group1", id, { priority: index === 1 ? 1 : 9 }));
    return { cluster, group: groupOf(cluster), storages };
  }

  test("candidates: the upload server, then by id", () => {
    const { cluster, group } = scene();
    expect(trunkCandidates(cluster, group).map(({ id }) => id)).toEqual(["10.0.0.2", "10.0.0.1", "10.0.0.3"]);
    expect(statusThrown(() => trunkCandidates(cluster, cluster.addGroup("group9")))).toBe(2);
  });

  test("the last with more than the first wins, not the one with the most", () => {
    const { storages } = scene();
    const winner = (...sizes: (number | null)[]) => electTrunkServer(storages, sizes).id;
    expect(winner(10, 30, 20)).toBe("10.0.0.3");
    expect(winner(10, 30, 10)).toBe("10.0.0.2");
    expect(winner(10, null, 10)).toBe("10.0.0.1");
  });

  test("setting it counts for storages and for followers; marks of a newcomer are deleted first", () => {
    const { cluster, group, storages } = scene();
    const before = cluster.trunkServerChanges;
    expect(mustDeleteMarks(group, storages[0]!)).toBe(false);
    expect(setTrunkServer(cluster, group, storages[0])).toBe(true);
    expect(setTrunkServer(cluster, group, storages[0])).toBe(false);
    expect([group.trunkChanges, cluster.trunkServerChanges - before]).toEqual([2, 2]);
    expect([mustDeleteMarks(group, storages[0]!), mustDeleteMarks(group, storages[1]!)]).toEqual([false, true]);
    expect(setTrunkServer(cluster, group, undefined)).toBe(true);
    expect([group.trunkServerId, group.lastTrunkServerId]).toEqual(["", ""]);
  });

  test("a silent one is given up after two intervals, later when it has just started", () => {
    const limit = (upTime: number, settings: object): number => {
      const cluster = makeCluster({ checkActiveIntervalSeconds: 100, ...settings });
      const storage = addStorage(cluster, "group1", "10.0.0.1");
      Object.assign(storage, { upTime });
      storage.stat.lastHeartBeatTime = 10_000;
      return [200, 300, 500, 600, 1000].find((wait) => isTrunkServerLost(cluster, storage, 10_001 + wait)) ?? 0;
    };
    expect(limit(1, {})).toBe(200);
    expect(limit(10_000, {})).toBe(300);
    expect(limit(10_000, { trunkInitCheckOccupying: true })).toBe(500);
    expect(limit(10_000, { trunkInitReloadFromBinlog: true })).toBe(600);
    expect(limit(11_000, { trunkInitCheckOccupying: true, trunkInitReloadFromBinlog: true })).toBe(1000);
  });
});
