// The trunk binlog as a file: whole lines in order, nothing of what failed, and a new file after a compaction.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrunkJournalFile } from "../../../../../core/storage/trunk/journal-file.ts";
import { SharedTrunkSpace } from "../../../../../core/storage/trunk/shared-space.ts";

const RULES = { slotMinSize: 256, slotMaxSize: 4096, alignmentSize: 0, trunkFileSize: 65_536, mergesFree: false };
const PLACE = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1 };
const FIRST = "1000 A 0 0 0 1 0 65536\n";

let base: string;
let space: SharedTrunkSpace;
let file: TrunkJournalFile;
const folder = (): string => join(base, "trunk");
const path = (): string => join(folder(), "binlog");
const text = (): string => readFileSync(path(), "latin1");

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "fdfs-journal-"));
  space = new SharedTrunkSpace(SharedTrunkSpace.create(RULES, 1000), 1, () => 1000);
  space.begin();
  space.ready(1);
  file = new TrunkJournalFile(space, folder());
});

afterEach(() => {
  file.close();
  rmSync(base, { recursive: true });
});

const addFile = (trunkFileId = 1): number =>
  space.exclusively((map) => map.addFile({ ...PLACE, trunkFileId }, RULES.trunkFileSize));

test("nothing to write leaves no file; what there is is written once", () => {
  file.flush();
  expect(existsSync(path())).toBe(false);
  expect(file.size).toBe(0);
  addFile();
  space.allocate(0, 256);
  file.flush();
  file.flush();
  expect(text()).toBe(`${FIRST}1000 D 0 0 0 1 0 65536\n1000 A 0 0 0 1 256 65280\n`);
  expect(file.size).toBe(text().length);
});

test("a part of a line that a dying thread left is cut off", () => {
  mkdirSync(folder());
  appendFileSync(path(), `${FIRST}1000 D 0 0 0 1 0 655`);
  addFile(2);
  file.flush();
  expect(text()).toBe(`${FIRST}1000 A 0 0 0 2 0 65536\n`);
});

test("what cannot be written stays in the journal", () => {
  mkdirSync(path(), { recursive: true });
  addFile();
  expect(() => file.flush()).toThrow(expect.objectContaining({ code: "EISDIR" }));
  expect(space.journal.length).toBe(1);
  rmSync(path(), { recursive: true });
  file.flush();
  expect(text()).toBe(FIRST);
});

test("after a compaction all write the new file", () => {
  const other = new TrunkJournalFile(space, folder());
  addFile(1);
  file.flush();
  addFile(2);
  other.flush();
  space.whileJournalRests(() => renameSync(path(), `${path()}.rollback`));
  addFile(3);
  file.flush();
  addFile(4);
  other.flush();
  other.close();
  expect(text()).toBe("1000 A 0 0 0 3 0 65536\n1000 A 0 0 0 4 0 65536\n");
});

test("a ring that fills up writes itself", () => {
  addFile();
  for (let round = 0; round < 40_000; round++) {
    const answer = space.allocate(0, 256);
    if (typeof answer !== "string") space.release(answer.block);
  }
  file.flush();
  expect(text().split("\n").length).toBe(1 + 3 + 39_999 * 2 + 1);
});
