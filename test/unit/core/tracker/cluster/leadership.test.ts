// The trackers of the storages' lists and who of them leads (tracker.md §4.1 step 3, §7); trunk servers (§7.5).

import { describe, expect, test } from "bun:test";
import { Leadership } from "../../../../../core/tracker/cluster/leadership.ts";
import { addressFor, orderAddresses } from "../../../../../core/tracker/cluster/storage-ids.ts";
import {
  adoptTrunkServers,
  electTrunkServer,
  isTrunkServerLost,
  mustDeleteMarks,
  setTrunkServer,
  trunkCandidates,
} from "../../../../../core/tracker/cluster/trunk-server.ts";
import { addStorage, groupOf, makeCluster, statusThrown } from "./fixture.ts";

const OWN = "10.0.0.1";

function made(): Leadership {
  const times = { isLeader: false, runningTimeSeconds: 0, restartIntervalSeconds: 0 };
  return new Leadership([22122], { ownStanding: () => times, random: () => 0, answerTimeoutMs: 5000 });
}

function learn(leadership: Leadership, lines: string, count: number): void {
  leadership.learnOwnAddresses([OWN, ""]);
  leadership.learnTrackers(leadership.parseTrackers(lines, count));
}

function learned(...lines: string[]): Leadership {
  const leadership = made();
  learn(leadership, lines.map((line) => `${line}\n`).join(""), lines.length);
  return leadership;
}

/** Knows 10.0.0.2 and others besides itself, and leads. */
function leading(...others: string[]): Leadership {
  const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122", ...others);
  leadership.notifyNext(`${OWN}:22122`, 0);
  leadership.commitNext(`${OWN}:22122`, 0);
  return leadership;
}

describe("the list of trackers", () => {
  const status = (lines: string, count: number, known = made()) => statusThrown(() => learn(known, lines, count));

  test("must be whole", () => {
    expect(status(`${OWN}:22122\n`, 1)).toBe(0);
    expect(status(`${OWN}:22122`, 1)).toBe(22);
    expect(status(`${OWN}:22122\n`, 2)).toBe(22);
    expect(status("", 0)).toBe(22);
    expect(status(`${OWN}:99999\n`, 1)).toBe(22);
    expect(status(`${OWN}:22122\n`.repeat(17), 17)).toBe(22);
  });

  test("must name this tracker: address and port, the port 22122 where none is given", () => {
    expect(status(`${OWN}\n`, 1)).toBe(0);
    expect(status(`${OWN}:22123\n`, 1)).toBe(2);
    expect(status("10.0.0.9:22122\n", 1)).toBe(2);
    expect(status("1.2.3.45,10.0.0.1:22122\n", 1)).toBe(0);
  });

  test("grows with later joins up to 16 trackers", () => {
    const leadership = learned(`${OWN}:22122`);
    const others = Array.from({ length: 15 }, (_, number) => `10.0.1.${number}:22122\n`);
    expect(status(others.join(""), 15, leadership)).toBe(0);
    expect(leadership.trackers.length).toBe(16);
    expect(status(others.join(""), 15, leadership)).toBe(0);
    expect(status("10.0.2.1:22122\n", 1, leadership)).toBe(28);
  });
});

describe("leading", () => {
  test("a tracker alone elects itself, once; only then it speaks", () => {
    const leadership = learned(`${OWN}:22122`);
    expect(leadership.view).toEqual({ leads: false, changes: 0, leader: null });
    leadership.tick(0);
    leadership.tick(0);
    expect(leadership.view).toEqual({ leads: true, changes: 1, leader: { ipAddress: OWN, port: 22122 } });
  });

  test("before the first join nobody leads", () => {
    const leadership = made();
    leadership.tick(0);
    expect(leadership.isLeader).toBe(false);
    expect(statusThrown(() => leadership.leaderText("10.0.0.5"))).toBe(2);
  });

  test("among several nobody leads until one is elected", () => {
    const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122");
    leadership.tick(0);
    expect(leadership.view).toEqual({ leads: false, changes: 0, leader: null });
    leadership.notifyNext("10.0.0.2:22122", 0);
    leadership.commitNext("10.0.0.2:22122", 0);
    expect(leadership.view).toMatchObject({ leads: false, changes: 0 });
    expect(leadership.leaderText("10.0.0.5")).toBe("10.0.0.2:22122");
  });

  test("this tracker under another of its addresses is no other tracker", () => {
    const leadership = learned(`${OWN}:22122`);
    leadership.tick(0);
    leadership.learnOwnAddresses(["1.2.3.45"]);
    learn(leadership, "1.2.3.45:22122\n10.0.0.2:22122\n", 2);
    expect([leadership.isLeader, leadership.leaderText("10.0.0.5")]).toEqual([true, `${OWN}:22122`]);
    const polled = leadership.tick(6000).map((action) => (action.kind === "hangUp" ? "" : action.to));
    expect(polled).toEqual(["10.0.0.2:22122"]);
    leadership.notifyNext("1.2.3.45:22122", 6000);
    expect(leadership.isLeader).toBe(true);
  });

  test("a leader that hears of another gives up and answers 22", () => {
    const leadership = leading();
    expect(leadership.view).toMatchObject({ leads: true, changes: 1 });
    expect(statusThrown(() => leadership.notifyNext("10.0.0.2:22122", 0))).toBe(22);
    expect(leadership.view).toMatchObject({ leads: false, changes: 2, leader: null });
    expect(statusThrown(() => leadership.reselect(0))).toBe(95);
  });

  test("only who was announced can be committed", () => {
    const leadership = learned(`${OWN}:22122`, "10.0.0.2:22122");
    expect(statusThrown(() => leadership.commitNext("10.0.0.2:22122", 0))).toBe(22);
    expect(statusThrown(() => leadership.notifyNext("10.0.0.3:22122", 0))).toBe(2);
    expect(statusThrown(() => leadership.notifyNext("nonsense", 0))).toBe(22);
  });
});

describe("followers", () => {
  const facts = { port: 22122, upTime: 5, version: "6.16.1" };
  const accept = (leadership: Leadership, ip: string, port = 22122, now = 100): number =>
    statusThrown(() => leadership.acceptFollower(ip, { ...facts, port }, now));

  test("join a leader only, and are alive for three seconds after a ping", () => {
    expect(accept(learned(`${OWN}:22122`, "10.0.0.2:22122"), "10.0.0.2")).toBe(95);
    const leadership = leading();
    const peer = leadership.acceptFollower("10.0.0.2", facts, 100);
    expect([103, 104].map((now) => leadership.isActive(peer, now))).toEqual([true, false]);
  });

  test("that call from an address that is not listed: accepted when it can only be one", () => {
    const leadership = leading();
    expect([accept(leadership, "10.0.0.77", 22123), accept(leadership, "10.0.0.77")]).toEqual([2, 0]);
    expect(leadership.trackers.map(({ lastPing }) => lastPing)).toEqual([0, 100]);
    // That one is alive: this must be somebody else.
    expect([accept(leadership, "10.0.0.78"), accept(leadership, "10.0.0.78", 22122, 200)]).toEqual([2, 0]);
  });

  test("that call from an address that is not listed: refused when it can be several, except on one host", () => {
    const leadership = leading("10.0.0.3:22122");
    expect([accept(leadership, "10.0.0.77"), accept(leadership, "127.0.0.1"), accept(leadership, "127.0.0.1")]).toEqual(
      [2, 0, 0],
    );
    expect(accept(leadership, "127.0.0.1")).toBe(2);
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

  test("a follower takes over what its leader says; groups it does not know are left out", () => {
    const { cluster, group } = scene();
    const told = (trunkServerId: string) => [
      { groupName: "group1", trunkServerId },
      { groupName: "group9", trunkServerId: "10.0.0.9" },
    ];
    cluster.stale.groups = false;
    adoptTrunkServers(cluster, told("10.0.0.2"));
    expect([group.trunkServerId, group.lastTrunkServerId, group.trunkChanges]).toEqual(["10.0.0.2", "10.0.0.2", 1]);
    expect(cluster.stale.groups).toBe(true);
    adoptTrunkServers(cluster, told("10.0.0.2"));
    expect(group.trunkChanges).toBe(1);
    adoptTrunkServers(cluster, told(""));
    expect([group.trunkServerId, group.trunkChanges]).toEqual(["", 2]);
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
