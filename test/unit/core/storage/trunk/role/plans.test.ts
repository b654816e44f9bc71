// The pure decisions of the trunk server role: where a copy goes on, when files are made ahead, when a quarantine ends.

import { describe, expect, test } from "bun:test";
import { type CopyFacts, copyStart } from "../../../../../../core/storage/trunk/role/copy-start.ts";
import { filesAhead, midnightBefore, nextTime } from "../../../../../../core/storage/trunk/role/creation-plan.ts";
import { type PeerFacts, quarantinedBy } from "../../../../../../core/storage/trunk/role/quarantine.ts";

describe("where a copy of the trunk binlog goes on", () => {
  const facts = (changes: Partial<CopyFacts>): CopyFacts => ({
    markOffset: 1000,
    ownSize: 5000,
    peerSize: 1000,
    packageBytes: 65_536,
    hasWaited: false,
    isLineStart: () => true,
    ...changes,
  });

  test("at the mark, when the peer has as much or does not tell", () => {
    expect(copyStart(facts({}))).toEqual({ kind: "from", offset: 1000 });
    expect(copyStart(facts({ peerSize: null }))).toEqual({ kind: "from", offset: 1000 });
  });

  test("anew without a mark, or when it is beyond the binlog", () => {
    expect(copyStart(facts({ markOffset: 0, peerSize: 0 }))).toEqual({ kind: "anew" });
    expect(copyStart(facts({ markOffset: 6000 }))).toEqual({ kind: "anew" });
  });

  test("behind a package whose answer was lost: no line twice", () => {
    expect(copyStart(facts({ peerSize: 1400 }))).toEqual({ kind: "from", offset: 1400 });
    expect(copyStart(facts({ peerSize: 1400, isLineStart: () => false }))).toEqual({ kind: "anew" });
    expect(copyStart(facts({ peerSize: 5001 }))).toEqual({ kind: "anew" });
  });

  test("a peer that has less is given a moment to write, then all of it", () => {
    expect(copyStart(facts({ peerSize: 900 }))).toEqual({ kind: "wait" });
    expect(copyStart(facts({ peerSize: 900, hasWaited: true }))).toEqual({ kind: "anew" });
  });
});

describe("trunk files ahead", () => {
  const midnight = 1_700_000_000;
  const at = (hours: number): number => midnight + hours * 3600;

  test("once a day at the time", () => {
    const daily = { timeBase: 2 * 3600, interval: 86_400 };
    expect(nextTime(daily, at(1), midnight)).toBe(at(2));
    expect(nextTime(daily, at(2), midnight)).toBe(at(26));
    expect(nextTime(daily, at(23), midnight)).toBe(at(26));
  });

  test("several times a day, before the base, too", () => {
    const often = { timeBase: 2 * 3600, interval: 3600 };
    expect(nextTime(often, at(0.5), midnight)).toBe(at(1));
    expect(nextTime(often, at(12.25), midnight)).toBe(at(13));
  });

  test("never without an interval", () => {
    expect(nextTime({ timeBase: 0, interval: 0 }, at(1), midnight)).toBeNull();
  });

  test("midnight is that of the place", () => {
    const now = Math.floor(new Date(2026, 10, 21, 18, 30).getTime() / 1000);
    expect(midnightBefore(now)).toBe(Math.floor(new Date(2026, 10, 21).getTime() / 1000));
  });

  test("as many as the threshold lacks, none when that touches what is reserved", () => {
    const MB = 1_048_576;
    const facts = {
      trunkFreeBytes: 0,
      diskFreeMb: 1000,
      diskReservedMb: 100,
      thresholdBytes: 0,
      trunkFileSize: 64 * MB,
    };
    expect(filesAhead(facts)).toBe(0);
    expect(filesAhead({ ...facts, thresholdBytes: 100 * MB })).toBe(2);
    expect(filesAhead({ ...facts, thresholdBytes: 128 * MB, trunkFreeBytes: 64 * MB })).toBe(1);
    expect(filesAhead({ ...facts, thresholdBytes: 128 * MB, trunkFreeBytes: 128 * MB })).toBe(0);
    expect(filesAhead({ ...facts, thresholdBytes: 901 * MB })).toBe("no-space");
  });
});

describe("quarantine of inherited space", () => {
  const NOW = 1_700_000_000;
  const ours: PeerFacts = {
    id: "ours",
    isActive: true,
    activeSince: NOW - 100,
    hasDelivered: true,
    lastSourceUpdate: null,
    receivedUntil: 0,
  };
  const c: PeerFacts = { ...ours, id: "c", hasDelivered: null, lastSourceUpdate: 50, receivedUntil: 50 };
  const waits = (...peers: PeerFacts[]): string[] => quarantinedBy(peers, NOW, 30);

  test("ends when there is nobody else, or all have delivered", () => {
    expect(waits()).toEqual([]);
    expect(waits(ours, c)).toEqual([]);
  });

  test("one that is away keeps it, and one that has just come back", () => {
    expect(waits({ ...ours, isActive: false })).toEqual(["ours"]);
    expect(waits({ ...ours, activeSince: NOW - 1 })).toEqual(["ours"]);
    // While somebody is away the others may still get slots there: what they have delivered does not count.
    expect(waits({ ...ours, isActive: false }, c)).toEqual(["ours"]);
  });

  test("one of ours says itself that something is left", () => {
    expect(waits({ ...ours, hasDelivered: false, activeSince: 0 })).toEqual(["ours"]);
  });

  test("of a C storage the tracker's statistics count, after two heartbeats", () => {
    expect(waits({ ...c, lastSourceUpdate: 51 })).toEqual(["c"]);
    expect(waits({ ...c, lastSourceUpdate: null })).toEqual(["c"]);
    expect(waits({ ...c, activeSince: NOW - 59 })).toEqual(["c"]);
    expect(waits({ ...c, lastSourceUpdate: 51, activeSince: NOW - 600 })).toEqual([]);
  });
});
