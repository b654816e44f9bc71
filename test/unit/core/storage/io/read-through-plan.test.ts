// Whom a storage asks for a file that it lacks, what their refusals come to, and how long a name that nobody had is
// remembered. All without a network and without a clock.

import { describe, expect, test } from "bun:test";
import { RecentMisses } from "../../../../../core/storage/io/read-through-misses.ts";
import {
  type GroupMember,
  isUsedOnce,
  readGroupView,
  replicasToAsk,
  statusOfNone,
} from "../../../../../core/storage/io/read-through-plan.ts";

/** Made by 127.0.0.72 (storage.md §4.10). */
const BY_ADDRESS = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
/** Made by the storage with the id 100001. */
const BY_ID = "M00/00/00/oYYBAGsBFtOAHSu1AAAACGe1SJA201.txt";
const ACTIVE = 7;

const member = (id: string, status = ACTIVE, ipAddress = id): GroupMember => ({ id, ipAddress, port: 23000, status });

const order = (fileName: string, ...members: GroupMember[]): string[] =>
  replicasToAsk({ ownId: "own", members }, fileName).map(({ id }) => id);

describe("the order of the replicas", () => {
  test("the source first, the others by id", () => {
    expect(order(BY_ADDRESS, member("127.0.0.9"), member("127.0.0.72"), member("127.0.0.1"))).toEqual([
      "127.0.0.72",
      "127.0.0.1",
      "127.0.0.9",
    ]);
  });

  test("the source is found by storage id and by address", () => {
    expect(order(BY_ID, member("100000"), member("100001"))).toEqual(["100001", "100000"]);
    expect(order(BY_ADDRESS, member("100000"), member("100002", ACTIVE, "127.0.0.72"))).toEqual(["100002", "100000"]);
  });

  test("ACTIVE ones before all others, a source that is not among the others in front", () => {
    expect(order(BY_ADDRESS, member("1", 5), member("127.0.0.72", 5), member("3"), member("0", 9))).toEqual([
      "3",
      "127.0.0.72",
      "0",
      "1",
    ]);
  });

  test("never ourselves, those that are gone, or those without an address", () => {
    expect(order(BY_ADDRESS, member("own"), member("127.0.0.72", 4), member("1", 3), member("2", ACTIVE, ""))).toEqual(
      [],
    );
  });

  test("a name that does not tell its source", () => {
    expect(order("00/00/short", member("2"), member("1"))).toEqual(["1", "2"]);
  });

  test("nothing is published before a tracker has answered", () => {
    expect(readGroupView("")).toBeNull();
  });
});

test("refusals of who has the file are passed on, everything else leaves it missing", () => {
  expect(statusOfNone([])).toBe(2);
  expect(statusOfNone([2, 2])).toBe(2);
  expect(statusOfNone([2, 22, 2])).toBe(22);
  expect(statusOfNone([21])).toBe(21);
  expect(statusOfNone([5, 16, 11])).toBe(2);
});

test("normal and appender names are used once; a slave's name may be used again, and so may one we cannot read", () => {
  expect(isUsedOnce(BY_ADDRESS)).toBe(true);
  expect(isUsedOnce("M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png")).toBe(false);
  expect(isUsedOnce("00/00/short")).toBe(false);
});

describe("names that nobody had", () => {
  test("are remembered for two seconds", () => {
    const misses = new RecentMisses();
    misses.add("a", 10_000);
    expect(misses.has("a", 11_999)).toBe(true);
    expect(misses.has("b", 11_999)).toBe(false);
    expect(misses.has("a", 12_000)).toBe(false);
    expect(misses.size).toBe(0);
  });

  test("a clock that goes back forgets", () => {
    const misses = new RecentMisses();
    misses.add("a", 10_000);
    expect(misses.has("a", 5000)).toBe(false);
  });

  test("never more than 4,096, the oldest make room", () => {
    const misses = new RecentMisses();
    for (let count = 0; count < 5000; count++) misses.add(`n${count}`, 1000);
    expect(misses.size).toBe(4096);
    expect(misses.has("n903", 1000)).toBe(false);
    expect(misses.has("n904", 1000)).toBe(true);
  });
});
