// What `fdfs explain` says of trackers, groups and servers: a table of situations and the sentences that matter.

import { describe, expect, test } from "bun:test";
import { clusterFindings, serverFindings } from "../../../../cmd/explain/cluster.ts";
import { verdictOf } from "../../../../cmd/explain/finding.ts";
import { paceKey } from "../../../../cmd/explain/picture.ts";
import { trackerFindings } from "../../../../cmd/explain/trackers.ts";
import {
  A,
  B,
  down,
  line,
  member,
  NOW,
  peer,
  picture,
  refused,
  report,
  server,
  silent,
  type Told,
  tracker,
} from "./fixtures.ts";

const [INIT, WAIT_SYNC, SYNCING, DELETED, OFFLINE, ONLINE, RECOVERY] = [0, 1, 2, 4, 5, 6, 9];

describe("a cluster that is well", () => {
  const found = clusterFindings(picture());
  test("says so in a few lines", () =>
    expect(found.map(({ what }) => what)).toEqual([
      "Tracker 10.0.0.1:22122 answers and leads.",
      "Group group1: 2 servers, all ACTIVE; room for 67 GB more.",
      "Every server of group1 has what the others wrote.",
    ]));
  test("is in order", () => expect(verdictOf(found)).toBe("ok"));
});

const both = [server(A), server(B)];
const owing = (changes: Parameters<typeof peer>[1]): Told => ({
  answers: { [A]: report(A, peer(B, changes)), [B]: report(B, peer(A)) },
});

/** Severity, and what the finding must say. */
const situations: [name: string, told: Told, severity: string, ...says: string[]][] = [
  // ---- trackers
  [
    "one tracker of two away",
    { trackers: [tracker("10.0.0.1", both), down("10.0.0.2")] },
    "problem",
    "Tracker 10.0.0.2:22122 does not answer: connection refused.",
    "1 other tracker does the work",
  ],
  [
    "all trackers away",
    { trackers: [down("10.0.0.1")] },
    "problem",
    "No tracker answers, so nothing else can be found out",
  ],
  [
    "no leader since long",
    { trackers: [tracker("10.0.0.1", both, { isLeader: false, leader: null })] },
    "problem",
    "no leader yet",
    "trunk files wait",
  ],
  [
    "no leader just after the start",
    { trackers: [tracker("10.0.0.1", both, { isLeader: false, leader: null, runningTimeSeconds: 0 })] },
    "notice",
    "An election takes a few seconds",
  ],
  [
    "two leaders",
    { trackers: [tracker("10.0.0.1", both), tracker("10.0.0.2", both, { isLeader: true })] },
    "problem",
    "10.0.0.1:22122 and 10.0.0.2:22122 both claim to lead",
  ],
  [
    "two opinions",
    { trackers: [tracker("10.0.0.1", both), tracker("10.0.0.2", both, { leader: "10.0.0.2:22122" })] },
    "problem",
    "10.0.0.2:22122 follows 10.0.0.2:22122",
  ],
  [
    "a leader that was not asked",
    { trackers: [tracker("10.0.0.2", both)] },
    "notice",
    "The trackers follow 10.0.0.1:22122, which was not asked.",
  ],
  [
    "a tracker without a leader beside one with",
    { trackers: [tracker("10.0.0.1", both), tracker("10.0.0.2", both, { leader: null })] },
    "notice",
    "10.0.0.2:22122 knows no leader; the others follow 10.0.0.1:22122",
  ],
  [
    "statuses differ",
    { trackers: [tracker("10.0.0.1", both), tracker("10.0.0.2", [server(A), server(B, { status: OFFLINE })])] },
    "problem",
    `The trackers see ${B} differently: ACTIVE at 10.0.0.1:22122 and OFFLINE at 10.0.0.2:22122`,
  ],
  [
    "statuses differ just after a start",
    {
      trackers: [
        tracker("10.0.0.1", both),
        tracker("10.0.0.2", [server(A), server(B, { status: OFFLINE, upTime: NOW - 3 })]),
      ],
    },
    "notice",
    `The trackers see ${B} differently`,
  ],
  [
    "one tracker has not heard of a server",
    { trackers: [tracker("10.0.0.1", both), tracker("10.0.0.2", [server(A)])] },
    "problem",
    "unknown at 10.0.0.2:22122",
  ],
  ["no group", { trackers: [tracker("10.0.0.1", [], { groups: [] })] }, "notice", "No storage has joined yet."],
  ["an empty group", { storages: [] }, "notice", "Group group1 has no server.", "fdfs delete-group group1"],
  // ---- statuses
  [
    "OFFLINE and dead",
    { storages: [server(A), server(B, { status: OFFLINE })], answers: { [A]: report(A, peer(B)), [B]: refused } },
    "problem",
    `Storage ${B} of group1 is OFFLINE; its last heartbeat came`,
    "(5 seconds ago)",
    "Nothing serves at its port 23801: connection refused.",
    `Meanwhile ${A} serves the group's files.`,
    `fdfs delete-storage group1 ${B}`,
  ],
  [
    "OFFLINE and running",
    { storages: [server(A), server(B, { status: OFFLINE })] },
    "problem",
    "The server itself answers at its port",
  ],
  [
    "all OFFLINE",
    { storages: [server(A, { status: OFFLINE }), server(B, { status: OFFLINE })] },
    "problem",
    "No other server of the group is ACTIVE",
  ],
  [
    "ACTIVE and dead",
    { answers: { [A]: report(A, peer(B)), [B]: refused } },
    "problem",
    `${B} of group1 is ACTIVE at the tracker and does not answer here: connection refused.`,
  ],
  ["ONLINE", { storages: [server(A), server(B, { status: ONLINE })] }, "notice", "it has joined and not reported yet"],
  ["RECOVERY", { storages: [server(A), server(B, { status: RECOVERY })] }, "notice", "fills an emptied disk again"],
  [
    "RECOVERY and not running",
    { storages: [server(A), server(B, { status: RECOVERY, upTime: 0 })], answers: { [A]: report(A), [B]: refused } },
    "problem",
    "It does not run: its last heartbeat came",
  ],
  [
    "DELETED and running",
    { storages: [server(A), server(B, { status: DELETED })] },
    "notice",
    "removed from the cluster by an administrator",
    "A server runs there",
  ],
  // ---- new members
  [
    "INIT, nobody to fill it",
    { storages: [server(A, { status: OFFLINE }), server(B, { status: INIT })] },
    "problem",
    "only an ACTIVE one can be the source: 127.0.0.72 is OFFLINE",
    `Start ${A}`,
  ],
  [
    "INIT beside an ACTIVE one",
    { storages: [server(A), server(B, { status: INIT })] },
    "notice",
    "not asked for a source yet",
  ],
  [
    "INIT and gone",
    { storages: [server(A), server(B, { status: INIT })], answers: { [A]: report(A), [B]: refused } },
    "problem",
    "It does not run or cannot be reached: connection refused.",
  ],
  [
    "WAIT_SYNC, source away",
    { storages: [server(A, { status: OFFLINE }), server(B, { status: WAIT_SYNC, syncSourceId: A })] },
    "problem",
    `its old files come from ${A}`,
    `${A} is OFFLINE, so nothing is handed over`,
  ],
  [
    "WAIT_SYNC, source removed",
    { storages: [server(A, { status: DELETED }), server(B, { status: WAIT_SYNC, syncSourceId: A })] },
    "problem",
    `Its source ${A} is no longer a member`,
    "Restart it",
  ],
  [
    "WAIT_SYNC, source unknown",
    { storages: [server(A), server(B, { status: WAIT_SYNC })] },
    "problem",
    "No source for its old files is known",
  ],
  [
    "WAIT_SYNC, source cannot reach it",
    {
      storages: [server(A), server(B, { status: WAIT_SYNC, syncSourceId: A })],
      ...owing({ state: "connecting", reason: "connection timed out", behindBytes: 4096 }),
    },
    "problem",
    `${A} cannot reach it: Connection timed out.`,
    "4.0 KB of its binlog left",
  ],
  [
    "WAIT_SYNC, window closed",
    {
      storages: [server(A), server(B, { status: WAIT_SYNC, syncSourceId: A })],
      ...owing({ state: "waiting", reason: "it is outside of sync_start_time to sync_end_time", behindBytes: 4096 }),
    },
    "notice",
    `${A} waits: It is outside of sync_start_time to sync_end_time.`,
  ],
  [
    "WAIT_SYNC, source has not heard of it",
    {
      storages: [server(A), server(B, { status: WAIT_SYNC, syncSourceId: A })],
      answers: { [A]: report(A), [B]: report(B) },
    },
    "notice",
    `${A} has not heard of it yet`,
  ],
  [
    "WAIT_SYNC, source does not answer",
    {
      storages: [server(A), server(B, { status: WAIT_SYNC, syncSourceId: A })],
      answers: { [A]: refused, [B]: report(B) },
    },
    "problem",
    `${A} is ACTIVE at the tracker and does not answer here`,
  ],
  [
    "SYNCING",
    {
      storages: [server(A), server(B, { status: SYNCING, syncSourceId: A })],
      ...owing({ state: "copying", isFilling: true, behindBytes: 10240 }),
      paces: new Map([[paceKey("group1", A, B), { records: 20, contentBytes: 2048, binlogBytes: 1024 }]]),
    },
    "notice",
    "10 KB of its binlog left to go through (10 records, 1000 B copied so far)",
    "Now 20 records and 2.0 KB a second: about 10 seconds left",
  ],
  [
    "SYNCING from a C server",
    {
      storages: [server(A), server(B, { status: SYNCING, syncSourceId: A }, { lastSyncUpdate: NOW - 60 })],
      answers: { [A]: silent, [B]: report(B) },
    },
    "notice",
    `${A} is a C server: it does not tell its position.`,
    "(1 minute ago)",
  ],
  // ---- copying
  [
    "a little behind",
    owing({ state: "copying", behindBytes: 4096, behindSeconds: 20 }),
    "notice",
    `${A} owes ${B} 4.0 KB of the binlog, the oldest change 20 seconds old.`,
    "Copying is under way.",
  ],
  [
    "far behind",
    owing({ state: "copying", behindBytes: 4096, behindSeconds: 3600, lastError: "disk full", lastErrorTime: NOW - 3 }),
    "problem",
    "the oldest change 1 hour old",
    "(3 seconds ago): disk full.",
  ],
  [
    "a partition",
    owing({ state: "connecting", reason: "no route to host", behindBytes: 100, behindSeconds: 5 }),
    "problem",
    `${A} cannot reach ${B} and owes it 100 B`,
    "No route to host.",
    "Nothing is lost",
  ],
  [
    "outside the window",
    owing({
      state: "waiting",
      reason: "it is outside of sync_start_time to sync_end_time",
      behindBytes: 100,
      behindSeconds: 60,
    }),
    "notice",
    "it waits",
    `${A} says of copying to ${B}: it is outside of sync_start_time`,
  ],
  [
    "waits for one that is away",
    {
      ...owing({ state: "waiting", reason: "it is not available", behindBytes: 100 }),
      storages: [server(A), server(B, { status: OFFLINE })],
    },
    "notice",
    "it waits because that one is OFFLINE",
  ],
  [
    "records set aside",
    owing({ setAsideRecords: 2 }),
    "problem",
    `${A} has set 2 records aside that ${B} did not take.`,
    "/data/sync/peer.aside",
  ],
  [
    "a peer that is not known",
    { answers: { [A]: report(A), [B]: report(B, peer(A)) } },
    "notice",
    `${A} copies nothing to ${B}: it does not know of it.`,
  ],
  [
    "a C server, behind",
    {
      storages: [server(A, {}, { lastSourceUpdate: NOW }), server(B, {}, { lastSyncedTimestamp: NOW - 30 })],
      answers: { [A]: silent, [B]: silent },
    },
    "notice",
    `${B} is 30 seconds behind what ${A} wrote, as the tracker knows.`,
  ],
  [
    "a C server, never copied",
    { storages: [server(A, {}, { lastSourceUpdate: NOW }), server(B)], answers: { [A]: silent, [B]: silent } },
    "problem",
    `${B} has received nothing yet of what ${A} wrote`,
  ],
  [
    "a C server, in order",
    {
      storages: [server(A, {}, { lastSourceUpdate: NOW - 30 }), server(B, {}, { lastSyncedTimestamp: NOW - 30 })],
      answers: { [A]: silent, [B]: silent },
    },
    "ok",
    `${B} has what ${A} wrote until`,
    "a C server does not tell its position itself",
  ],
  // ---- groups
  [
    "full",
    { storages: [server(A, { freeMb: 2000 }), server(B)] },
    "problem",
    `Storage ${A} of group1 is full: 2.0 GB free of 252 GB, 2.5 GB of them reserved.`,
  ],
  ["nearly full", { storages: [server(A, { freeMb: 3000 }), server(B)] }, "notice", "nearly full"],
  [
    "different versions",
    { storages: [server(A), server(B, { version: "6.12.2" })] },
    "notice",
    `6.16.1 (${A}), 6.12.2 (${B})`,
  ],
];

describe("situations", () => {
  test.each(situations)("%s", (_name, told, severity, ...says) => {
    const lines = clusterFindings(picture(told)).map(line);
    const found = lines.find((text) => text.startsWith(severity) && says.every((part) => text.includes(part)));
    if (found === undefined) expect(lines.join("\n")).toBe(`${severity} | ... ${says.join(" ... ")}`);
  });

  test.each(situations)("%s: whole sentences", (_name, told) => {
    for (const { what, why, remedy } of clusterFindings(picture(told))) {
      expect(what).not.toBe("");
      for (const text of [what, why, remedy]) expect(text).toMatch(/^$|^[^ ].*[.)]$/);
      for (const text of [what, why, remedy]) expect(text).not.toMatch(/ {2}|\.\.|undefined|NaN|null/);
    }
  });
});

describe("names", () => {
  const told = { answers: { 100001: silent } };
  test("with storage ids", () => {
    const found = clusterFindings(
      picture({ ...told, storages: [server("100001", { ipAddress: A, status: OFFLINE })] }),
    );
    expect(found.map(({ what }) => what).join()).toContain(`Storage ${A} (id 100001) of group1 is OFFLINE`);
  });
  test("of two on one address", () => {
    const storages = [
      server("100001", { ipAddress: A, status: OFFLINE, storagePort: 1 }),
      server("100002", { ipAddress: A, storagePort: 2 }),
    ];
    const found = clusterFindings(picture({ ...told, storages }));
    expect(found.map(({ what }) => what).join()).toContain(`Storage ${A}:1 (id 100001) of group1 is OFFLINE`);
  });
});

describe("one server", () => {
  test("what it is, owes and is owed", () => {
    const of = picture();
    expect(serverFindings(member(of, A), of).map(({ what }) => what)).toEqual([
      `Storage ${A} of group1 is ACTIVE.`,
      `${B} has everything that ${A} wrote (lag p50 3 ms, p99 12 ms).`,
      `${A} has everything that ${B} wrote (lag p50 3 ms, p99 12 ms).`,
    ]);
  });
  test("a dead tracker is told, too", () => {
    const of = picture({ trackers: [tracker("10.0.0.1", both), down("10.0.0.2")] });
    expect(verdictOf(serverFindings(member(of, A), of))).toBe("problem");
  });
  test("who hands the old files over", () => {
    const of = picture({
      storages: [server(A), server(B, { status: SYNCING, syncSourceId: A })],
      ...owing({ isFilling: true, behindBytes: 5, state: "copying" }),
    });
    expect(serverFindings(member(of, A), of).map(({ what }) => what)).toContain(
      `${B} is new (SYNCING); ${A} hands the old files over to it.`,
    );
  });
});

test("two trackers that agree", () =>
  expect(
    trackerFindings(picture({ trackers: [tracker("10.0.0.1", both), tracker("10.0.0.2", both)] }).facts).map(
      ({ what }) => what,
    ),
  ).toEqual(["2 trackers answer and agree that 10.0.0.1:22122 leads."]));
