// Where a storage begins to serve a new member that another one fills.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { firstPositionAfter } from "../../../../../core/storage/replication/first-position.ts";
import { makeFolder, writeFiles } from "../binlog/folder.ts";

const UNTIL = 1_791_000_000;
const HOUR = 3600;
const at = (time: number, op = "C"): string => `${time} ${op} M00/00/00/a`;
const SIZE = at(UNTIL).length + 1;

let folder = "";
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the first own record from an hour before the boundary on", async () => {
  writeFiles(folder, [at(UNTIL - 2 * HOUR), at(UNTIL, "c"), at(UNTIL - HOUR)], [at(UNTIL)]);
  const end = { index: 1, offset: SIZE };
  expect(await firstPositionAfter(folder, UNTIL, null, end)).toEqual({ index: 0, offset: 2 * SIZE });
});

test("in a later file, and at the end when there is none", async () => {
  writeFiles(folder, [at(UNTIL - 2 * HOUR)], [at(UNTIL - 2 * HOUR), at(UNTIL)]);
  const end = { index: 1, offset: 2 * SIZE };
  expect(await firstPositionAfter(folder, UNTIL, null, end)).toEqual({ index: 1, offset: SIZE });
  expect(await firstPositionAfter(folder, UNTIL + 2 * HOUR, null, end)).toEqual(end);
});

test("not later than what the source itself has not confirmed yet", async () => {
  writeFiles(folder, [at(UNTIL - 2 * HOUR), at(UNTIL - 2 * HOUR), at(UNTIL)]);
  const end = { index: 0, offset: 3 * SIZE };
  const behind = { index: 0, offset: SIZE };
  expect(await firstPositionAfter(folder, UNTIL, behind, end)).toEqual(behind);
  expect(await firstPositionAfter(folder, UNTIL, end, end)).toEqual({ index: 0, offset: 2 * SIZE });
});

test("an empty binlog begins at the beginning", async () => {
  const start = { index: 0, offset: 0 };
  expect(await firstPositionAfter(folder, UNTIL, null, start)).toEqual(start);
});
