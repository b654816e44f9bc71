// The merge rules of tracker.md §4.14 row by row, and what follows from leaders that disagree.

import { describe, expect, test } from "bun:test";
import { Membership } from "../../../../../core/storage/control/membership.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import type { StorageBrief } from "../../../../../core/wire/tracker-report.ts";

const { INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY, NONE } = StorageStatus;
const OWN = "10.0.0.1";
const PEER = "10.0.0.2";

const brief = (id: string, status: number): StorageBrief => ({ id, status, port: 23000, ipAddress: id });

/** A group of this storage and a peer whose local statuses are as given. */
function group(own: number, peer: number, trackers = 1): Membership {
  const membership = new Membership(OWN, trackers);
  membership.merge(0, [brief(OWN, ACTIVE), brief(PEER, ACTIVE)]);
  membership.setStatus(OWN, own);
  membership.setStatus(PEER, peer);
  return membership;
}

describe("merge of a known member", () => {
  const rows: [mine: number, theirs: number, after: number, reported: boolean][] = [
    [ACTIVE, ACTIVE, ACTIVE, false],
    [ACTIVE, OFFLINE, OFFLINE, false],
    [ONLINE, OFFLINE, OFFLINE, false],
    [WAIT_SYNC, OFFLINE, WAIT_SYNC, true],
    [SYNCING, OFFLINE, SYNCING, true],
    [RECOVERY, OFFLINE, RECOVERY, true],
    [DELETED, OFFLINE, DELETED, true],
    [INIT, OFFLINE, INIT, false],
    [NONE, OFFLINE, NONE, false],
    [OFFLINE, WAIT_SYNC, WAIT_SYNC, false],
    [OFFLINE, ACTIVE, ACTIVE, false],
    [OFFLINE, DELETED, DELETED, false],
    [NONE, DELETED, NONE, false],
    [NONE, IP_CHANGED, NONE, false],
    [NONE, ACTIVE, ACTIVE, false],
    [ACTIVE, WAIT_SYNC, WAIT_SYNC, false],
    [ACTIVE, SYNCING, SYNCING, false],
    [SYNCING, WAIT_SYNC, WAIT_SYNC, false],
    [WAIT_SYNC, SYNCING, SYNCING, false],
    [INIT, WAIT_SYNC, WAIT_SYNC, false],
    [ACTIVE, DELETED, DELETED, false],
    [ACTIVE, RECOVERY, RECOVERY, false],
    [SYNCING, ACTIVE, ACTIVE, false],
  ];
  for (const [mine, theirs, after, reported] of rows) {
    test(`local ${mine}, tracker ${theirs}: ${after}${reported ? ", reported back" : ""}`, () => {
      const membership = group(ACTIVE, mine);
      const outcome = membership.merge(0, [brief(OWN, ACTIVE), brief(PEER, theirs)]);
      expect(membership.statusOf(PEER)).toBe(after);
      expect(outcome.differences).toEqual(reported ? [brief(PEER, mine)] : []);
      expect(outcome.needsRejoin).toBe(false);
    });
  }

  test("a tracker that does not lead is told that a peer has come further", () => {
    for (const [mine, theirs] of [
      [ACTIVE, WAIT_SYNC],
      [ACTIVE, SYNCING],
      [SYNCING, WAIT_SYNC],
    ] as const) {
      const membership = new Membership(OWN, 2);
      membership.merge(0, [brief(OWN, ACTIVE), brief(PEER, mine)]);
      const outcome = membership.merge(0, [brief(OWN, ACTIVE), brief(PEER, theirs)]);
      expect(membership.statusOf(PEER)).toBe(mine);
      expect(outcome.differences).toEqual([brief(PEER, mine)]);
    }
  });

  test("a tracker that has set our own status back is joined again", () => {
    const outcome = group(ACTIVE, ACTIVE).merge(0, [brief(OWN, WAIT_SYNC), brief(PEER, ACTIVE)]);
    expect(outcome.needsRejoin).toBe(true);
    expect(outcome.differences).toEqual([brief(OWN, ACTIVE)]);
  });

  test("a member that comes back from NONE is taken", () => {
    const membership = group(ACTIVE, NONE);
    membership.merge(0, [brief(OWN, ACTIVE), brief(PEER, ACTIVE)]);
    expect(membership.statusOf(PEER)).toBe(ACTIVE);
  });
});

describe("merge of unknown and missing members", () => {
  test("unknown ones are remembered, those that are gone are not", () => {
    const membership = new Membership(OWN, 1);
    const outcome = membership.merge(0, [
      brief(PEER, DELETED),
      brief("10.0.0.3", IP_CHANGED),
      brief("10.0.0.4", WAIT_SYNC),
      brief(OWN, INIT),
    ]);
    expect(membership.members.map(({ id }) => id)).toEqual([OWN, "10.0.0.4"]);
    expect(outcome.differences).toEqual([]);
  });

  test("members that the tracker does not list are reported, unless they are NONE", () => {
    expect(group(ACTIVE, SYNCING).merge(0, [brief(OWN, ACTIVE)]).differences).toEqual([brief(PEER, SYNCING)]);
    expect(group(ACTIVE, NONE).merge(0, [brief(OWN, ACTIVE)]).differences).toEqual([]);
  });

  test("the 33rd member finds no room", () => {
    const membership = new Membership("001", 1);
    const many = Array.from({ length: 33 }, (_, index) => brief(String(index).padStart(3, "0"), ACTIVE));
    expect(membership.merge(0, many).refused).toEqual([brief("032", ACTIVE)]);
    expect(membership.members.length).toBe(32);
  });
});

describe("status byte of a JOIN", () => {
  test("one tracker: 0 until the own status is known", () => {
    const membership = new Membership(OWN, 1);
    expect(membership.joinStatus()).toBe(0);
    membership.merge(0, [brief(OWN, ACTIVE)]);
    expect(membership.joinStatus()).toBe(ACTIVE);
  });

  test("several trackers: -1 until all have answered a join, even with a refusal", () => {
    const membership = new Membership(OWN, 2);
    expect(membership.joinStatus()).toBe(-1);
    membership.joined(0, INIT);
    expect(membership.joinStatus()).toBe(-1);
    membership.joined(1, null);
    expect(membership.joinStatus()).toBe(0);
    expect(membership.ownStatusAt(1)).toBe(null);
  });
});

describe("leaders", () => {
  test("the first is adopted, an unlisted one ignored, none forgets it", () => {
    const membership = new Membership(OWN, 2);
    expect(membership.leaderAnnounced(undefined)).toEqual({ kind: "ignored" });
    expect(membership.leader).toBe(null);
    expect(membership.leaderAnnounced(1)).toEqual({ kind: "adopted" });
    expect(membership.leaderAnnounced(1)).toEqual({ kind: "unchanged" });
    expect(membership.leaderAnnounced(null)).toEqual({ kind: "lost" });
    expect(membership.leader).toBe(null);
  });

  test("another one: the old one is asked; when both claim to lead there is none", () => {
    const membership = new Membership(OWN, 2);
    membership.leaderAnnounced(0);
    expect(membership.leaderAnnounced(1)).toEqual({ kind: "ask", old: 0 });
    membership.leaderChecked(1, true);
    expect(membership.leader).toBe(null);
    membership.leaderAnnounced(0);
    membership.leaderChecked(1, false);
    expect(membership.leader).toBe(1);
  });

  test("only the leader's word about the trunk server counts", () => {
    const membership = new Membership(OWN, 2);
    expect(membership.trunkServerAnnounced(0, brief(OWN, ACTIVE))).toBe(false);
    membership.leaderAnnounced(0);
    expect(membership.trunkServerAnnounced(1, brief(PEER, ACTIVE))).toBe(false);
    expect(membership.trunkServerAnnounced(0, brief(OWN, ACTIVE))).toBe(true);
    expect(membership.trunkServer?.id).toBe(OWN);
  });
});

describe("CHANGE_STATUS to followers", () => {
  const rows: [leaders: number, followers: number, correction: number | null][] = [
    [ACTIVE, ACTIVE, null],
    [ACTIVE, OFFLINE, null],
    [ONLINE, ACTIVE, null],
    [ACTIVE, WAIT_SYNC, ACTIVE],
    [WAIT_SYNC, ACTIVE, WAIT_SYNC],
    [SYNCING, INIT, SYNCING],
  ];
  for (const [leaders, followers, correction] of rows) {
    test(`leader ${leaders}, follower ${followers}: ${correction}`, () => {
      const membership = new Membership(OWN, 2);
      membership.joined(0, leaders);
      membership.joined(1, followers);
      expect(membership.statusCorrection(1)).toBe(null);
      membership.leaderAnnounced(0);
      expect(membership.statusCorrection(1)).toBe(correction);
      expect(membership.statusCorrection(0)).toBe(null);
    });
  }

  test("a tracker that has not been joined needs none", () => {
    const membership = new Membership(OWN, 2);
    membership.joined(0, ACTIVE);
    membership.leaderAnnounced(0);
    expect(membership.statusCorrection(1)).toBe(null);
  });
});
