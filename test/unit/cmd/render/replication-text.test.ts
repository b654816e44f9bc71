// The lines `fdfs monitor` adds to what the C release's monitor shows.

import { expect, test } from "bun:test";
import { clusterText } from "../../../../cmd/render/cluster-text.ts";
import { replicationLines, reportKey, setAsideCount } from "../../../../cmd/render/replication-text.ts";
import type { PeerReport, ReplicationReport } from "../../../../core/wire/own-commands.ts";
import { peer } from "../explain/fixtures.ts";
import { group, storage } from "./fixtures.ts";

const reportWith = (...peers: PeerReport[]): ReplicationReport => ({
  storageId: "127.0.0.93",
  groupName: "group1",
  binlogIndex: 0,
  binlogSize: 0,
  peers,
});
const reports = (report: ReplicationReport) => new Map([[reportKey("group1", "127.0.0.93"), report]]);
const linesOf = (...peers: PeerReport[]): readonly string[] =>
  replicationLines(reports(reportWith(...peers))).ofStorage("group1", "127.0.0.93");

test("idle", () =>
  expect(linesOf(peer("10.0.0.2"))).toEqual(["copies to 10.0.0.2: idle, lag p50 3 ms p99 12 ms, 0 set aside"]));

test("nothing copied yet", () =>
  expect(linesOf(peer("10.0.0.2", { lagP50Ms: null, lagP99Ms: null }))).toEqual([
    "copies to 10.0.0.2: idle, 0 set aside",
  ]));

test("behind, with an id of its own", () => {
  const changes = { id: "100002", behindBytes: 4096, behindSeconds: 61, setAsideRecords: 2 } as const;
  expect(linesOf(peer("10.0.0.2", { ...changes, state: "connecting", reason: "connection refused" }))).toEqual([
    "copies to 100002 (10.0.0.2): connecting (connection refused), 4.0 KB behind, oldest 1 minute 1 second, lag p50 3 ms p99 12 ms, 2 set aside",
  ]);
});

test("in the monitor's text: at the end of the storage, and in the group's head when records were set aside", () => {
  const groups = [{ group: group(), storages: [storage()] }];
  const plain = clusterText(groups, "group1");
  const withLines = (report: ReplicationReport): string =>
    clusterText(groups, "group1", (word) => word, replicationLines(reports(report)));
  expect(withLines(reportWith())).toBe(plain);
  expect(withLines(reportWith(peer("10.0.0.2")))).toBe(
    `${plain}\t\tcopies to 10.0.0.2: idle, lag p50 3 ms p99 12 ms, 0 set aside\n`,
  );
  const aside = reportWith(peer("10.0.0.2", { setAsideRecords: 2 }), peer("10.0.0.3", { setAsideRecords: 1 }));
  expect(withLines(aside)).toContain("current write server index = 0\nrecords set aside = 3\n\n\tStorage 1:\n");
  expect(setAsideCount(reports(aside), "group1")).toBe(3);
  expect(setAsideCount(reports(aside), "group2")).toBe(0);
});
