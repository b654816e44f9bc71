// What a storage does next for a peer, status by status, and which mark an answer of the trackers leads to.

import { describe, expect, test } from "bun:test";
import {
  markAfterAnswer,
  nextStep,
  type PeerFacts,
  type Step,
} from "../../../../../core/storage/replication/course.ts";
import type { Mark } from "../../../../../core/storage/replication/mark.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";

const { INIT, WAIT_SYNC, SYNCING, OFFLINE, ONLINE, ACTIVE, DELETED, IP_CHANGED, NONE, RECOVERY } = StorageStatus;

const mark: Mark = {
  position: { index: 0, offset: 50 },
  needsOld: false,
  isOldDone: false,
  untilTimestamp: 0,
  scannedRows: 5,
  copiedRows: 3,
};
const filling: Mark = { ...mark, needsOld: true, untilTimestamp: 900 };
const filled: Mark = { ...filling, isOldDone: true };

const base: PeerFacts = { status: ACTIVE, mark, hasAsked: false, isSettled: true, isAtEnd: false };
const stepOf = (facts: Partial<PeerFacts>): Step => nextStep({ ...base, ...facts });

describe("by status", () => {
  test.each([DELETED, IP_CHANGED, NONE])("%d: it is gone", (status) => {
    expect(stepOf({ status }).kind).toBe("end");
  });

  test.each([INIT, OFFLINE, ONLINE, RECOVERY])("%d: wait", (status) => {
    expect(stepOf({ status, mark: null }).kind).toBe("wait");
    expect(stepOf({ status }).kind).toBe("wait");
    expect(stepOf({ status, mark: filling }).kind).toBe("wait");
  });
});

describe("a peer that serves", () => {
  test.each<[string, Partial<PeerFacts>, string]>([
    ["is copied to", {}, "copy"],
    ["is copied to at the end of the binlog", { isAtEnd: true }, "copy"],
    ["is asked about when it was never served", { mark: null }, "ask"],
    ["waits while this storage has no source itself", { mark: null, isSettled: false }, "wait"],
    ["is copied to when it was served before, settled or not", { isSettled: false }, "copy"],
    ["goes on being filled", { mark: filling }, "copy"],
    ["is full at the end", { mark: filling, isAtEnd: true }, "finish-old"],
    ["is copied to when it is full", { mark: filled, isAtEnd: true }, "copy"],
  ])("%s", (_, facts, kind) => {
    expect(stepOf(facts).kind as string).toBe(kind);
  });
});

describe("a new peer", () => {
  test.each([WAIT_SYNC, SYNCING])("%d: it is asked about before anything", (status) => {
    for (const each of [null, mark, filling, filled]) expect(stepOf({ status, mark: each }).kind).toBe("ask");
    expect(stepOf({ status, mark: null, isSettled: false }).kind).toBe("wait");
  });

  test.each([WAIT_SYNC, SYNCING])("%d: filled by another storage it waits", (status) => {
    expect(stepOf({ status, hasAsked: true }).kind).toBe("wait");
  });

  test("filling begins with SYNCING, ends with OFFLINE", () => {
    expect(stepOf({ status: WAIT_SYNC, mark: filling, hasAsked: true })).toEqual({ kind: "report", status: SYNCING });
    expect(stepOf({ status: SYNCING, mark: filling, hasAsked: true })).toEqual({ kind: "copy" });
    expect(stepOf({ status: SYNCING, mark: filling, hasAsked: true, isAtEnd: true })).toEqual({ kind: "finish-old" });
    expect(stepOf({ status: SYNCING, mark: filled, hasAsked: true })).toEqual({ kind: "report", status: OFFLINE });
    expect(stepOf({ status: WAIT_SYNC, mark: filled, hasAsked: true })).toEqual({ kind: "report", status: OFFLINE });
  });
});

describe("the mark after an answer", () => {
  const first = { index: 1, offset: 700 };
  const after = (
    before: Mark | null,
    order: { sourceId: string; untilTimestamp: number } | null,
    isNewMember: boolean,
  ): Mark => markAfterAnswer(before, order, "own", isNewMember, () => first);
  const start = { index: 0, offset: 0 };

  test("nobody fills it: everything own from the beginning", () => {
    const fresh = after(null, null, false);
    expect(fresh).toEqual({
      position: start,
      needsOld: false,
      isOldDone: false,
      untilTimestamp: 0,
      scannedRows: 0,
      copiedRows: 0,
    });
  });

  test("this storage fills it: everything from the beginning", () => {
    expect(after(null, { sourceId: "own", untilTimestamp: 900 }, true)).toMatchObject({
      position: start,
      needsOld: true,
      isOldDone: false,
      untilTimestamp: 900,
    });
  });

  test("another one fills it: own records from the boundary on", () => {
    expect(after(null, { sourceId: "other", untilTimestamp: 900 }, true)).toMatchObject({
      position: first,
      needsOld: false,
    });
    expect(after(null, { sourceId: "other", untilTimestamp: 0 }, true)).toMatchObject({
      position: start,
      needsOld: false,
    });
  });

  test("the same order again goes on", () => {
    expect(after(filling, { sourceId: "own", untilTimestamp: 900 }, true)).toBe(filling);
    expect(after(filled, { sourceId: "own", untilTimestamp: 900 }, true)).toBe(filled);
  });

  test("another order makes a new member new once more", () => {
    expect(after(filled, { sourceId: "own", untilTimestamp: 950 }, true)).toMatchObject({
      position: start,
      isOldDone: false,
      untilTimestamp: 950,
      copiedRows: 0,
    });
    expect(after(mark, { sourceId: "own", untilTimestamp: 950 }, true)).toMatchObject({
      position: start,
      needsOld: true,
    });
  });

  test("a peer that serves keeps its mark whatever is answered", () => {
    expect(after(mark, { sourceId: "other", untilTimestamp: 950 }, false)).toBe(mark);
    expect(after(filled, null, false)).toBe(filled);
  });
});
