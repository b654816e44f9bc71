// When an index that is away is asked again, and what the log says of it.

import { expect, test } from "bun:test";
import { isOwnName } from "../../../../../core/storage/duplicates/own-name.ts";
import { Reachability } from "../../../../../core/storage/duplicates/reachability.ts";

function watched() {
  const logged: string[] = [];
  const clock = { now: 1_000_000 };
  const log = { debug() {}, warn: (text: string) => void logged.push(text), error() {} };
  return { logged, clock, index: new Reachability(log, () => clock.now) };
}

test("after a failure one asks once a second, later less often; the others do not wait", () => {
  const { index, clock } = watched();
  expect([index.mayAsk(), index.mayAsk()]).toEqual([true, true]);
  index.failed(new Error("no answer"));
  expect(index.mayAsk()).toBe(false);
  clock.now += 1000;
  expect([index.mayAsk(), index.mayAsk()]).toEqual([true, false]);
  index.failed(new Error("no answer"));
  clock.now += 1999;
  expect(index.mayAsk()).toBe(false);
  clock.now += 1;
  expect(index.mayAsk()).toBe(true);
  for (let n = 0; n < 10; n++) index.failed(new Error("no answer"));
  clock.now += 15_000;
  expect(index.mayAsk()).toBe(true);
  expect(index.answered()).toBe(true);
  expect(index.answered()).toBe(false);
  expect([index.mayAsk(), index.mayAsk()]).toEqual([true, true]);
});

test("the log hears of it once, every minute, and at the end with the number of uploads", () => {
  const { index, clock, logged } = watched();
  for (let n = 0; n < 50; n++) {
    index.failed(new Error("no answer"));
    index.missed();
    clock.now += 1000;
  }
  expect(logged).toHaveLength(1);
  expect(logged[0]).toStartWith("no answer; uploads are stored without looking for their equals");
  clock.now += 10_000;
  index.failed(new Error("no answer"));
  expect(logged[1]).toContain("50 so far");
  index.answered();
  expect(logged[2]).toContain("50 uploads were stored without it");
});

test("whose a name is stands in its first four bytes", () => {
  // storage.md §4.4, captured at 127.0.0.61.
  const name = "M00/00/00/fwAAPWsBFa2IfiHYAAALuEU5PzAAAAAAQAAAAAAAAwA004.bin";
  expect(isOwnName([127, 0, 0, 61], name)).toBe(true);
  expect(isOwnName([127, 0, 0, 62], name)).toBe(false);
  expect(isOwnName([127, 0, 0, 61], "M00/00/00/no-name")).toBe(false);
});
