// Notes of changes under way: what a dead process leaves is read back, what was struck out is not.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Intents, intentsPath, readIntents } from "../../../../../core/storage/binlog/intents.ts";
import { Op } from "../../../../../core/storage/binlog/record.ts";

let folder: string;
const left = (): string[] =>
  readIntents(intentsPath(folder, 3)).map(({ op, name, otherName }) => `${op} ${name} ${otherName}`.trimEnd());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-intents-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what was noted is there without any closing, what was struck out is gone", () => {
  const intents = new Intents(folder, 3);
  expect(left()).toEqual([]);
  intents.note(Op.CREATE, "M00/00/00/one.txt");
  intents.note(Op.RENAME, "M00/00/00/new.txt", "M00/00/00/old.txt");
  expect(left()).toEqual(["C M00/00/00/one.txt", "R M00/00/00/new.txt M00/00/00/old.txt"]);
  intents.strikeOut();
  expect(left()).toEqual([]);
  intents.note(Op.DELETE, "M00/00/00/x");
  expect(left()).toEqual(["D M00/00/00/x"]);
  intents.close();
});

test("a change that takes longer outlives the others' end, and its place is used again", () => {
  const intents = new Intents(folder, 3);
  const end = intents.noteLong(Op.APPEND, "M00/00/00/log");
  intents.note(Op.CREATE, "M00/00/00/one.txt");
  intents.strikeOut();
  expect(left()).toEqual(["A M00/00/00/log"]);
  end();
  expect(left()).toEqual([]);
  for (let round = 0; round < 1000; round++) intents.noteLong(Op.APPEND, "M00/00/00/log")();
  expect(left()).toEqual([]);
  intents.close();
});

test("full is told, not hidden", () => {
  const intents = new Intents(folder, 3);
  let count = 0;
  while (intents.note(Op.CREATE, `M00/00/00/${count}`)) count++;
  expect(left()).toHaveLength(count);
  intents.strikeOut();
  expect(intents.note(Op.CREATE, "M00/00/00/again")).toBe(true);
  expect(left()).toEqual(["C M00/00/00/again"]);
  intents.close();
});

test("a missing file holds no notes", () => {
  expect(left()).toEqual([]);
});
