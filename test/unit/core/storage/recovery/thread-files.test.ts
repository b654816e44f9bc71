// From the fetched list to the fetchers' files, and from one number of fetchers to another.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { countLines, linesOf } from "../../../../../core/storage/recovery/line-file.ts";
import { readRecoveryRecord, threadOf } from "../../../../../core/storage/recovery/record-split.ts";
import { RecoveryFiles } from "../../../../../core/storage/recovery/recovery-files.ts";
import { dispatchRecords, splitFetched } from "../../../../../core/storage/recovery/thread-files.ts";
import { Disk } from "./folder.ts";
import { nameOf, TIME, TRUNK_1_AT_0, TRUNK_1_AT_256 } from "./names.ts";

let disk: Disk;
let files: RecoveryFiles;
const linesIn = (path: string, offset = 0): string[] => [...linesOf(path, offset)].map(({ text }) => text);
beforeEach(() => {
  disk = new Disk();
  files = new RecoveryFiles(disk.storePaths[0]!, undefined);
});
afterEach(() => disk.remove());

test("the fetched list becomes thread 0", async () => {
  files.begin();
  const lines = [`${TIME} C ${TRUNK_1_AT_0}`, `${TIME} C ${nameOf(1)}`, `${TIME} C ${TRUNK_1_AT_256}`, "1 l "];
  writeFileSync(files.fetchedPath, lines.map((line) => `${line}\n`).join(""));
  expect(await splitFetched(files, 5, 2)).toBe(1);
  expect(readFileSync(files.binlogPath(0), "latin1")).toBe(`${lines[1]}\n${lines[0]}\n`);
  expect(files.readMark(0)).toBe(0);
  expect(files.readFlag()).toEqual({ savedStatus: 5, isFetched: true, threads: 1 });
  expect(existsSync(files.fetchedPath)).toBeFalse();
});

test("dispatched to three, then to two from where the marks are", async () => {
  const lines = Array.from({ length: 400 }, (_, serial) => `${TIME} C ${nameOf(serial)}`);
  writeFileSync(files.binlogPath(0), lines.map((line) => `${line}\n`).join(""));
  files.writeMark(0, lines[0]!.length + 1);
  const flag = await dispatchRecords(files, { savedStatus: 5, isFetched: true, threads: 1 }, 3);
  expect(files.readFlag()).toEqual(flag);
  const spread = [0, 1, 2].map((thread) => linesIn(files.binlogPath(thread)));
  expect(spread.flat().sort()).toEqual(lines.slice(1).sort());
  for (const [thread, some] of spread.entries()) {
    for (const line of some) expect(threadOf(readRecoveryRecord(line)!, 3)).toBe(thread);
    expect(some).toEqual(lines.filter((line) => some.includes(line)));
  }
  const half = linesIn(files.binlogPath(1)).slice(0, 50).join("\n").length + 1;
  files.writeMark(1, half);
  await dispatchRecords(files, flag, 2);
  const left = [...spread[0]!, ...spread[1]!.slice(50), ...spread[2]!];
  expect([0, 1].flatMap((thread) => linesIn(files.binlogPath(thread))).sort()).toEqual(left.sort());
  expect(files.hasBinlog(2)).toBeFalse();
  expect([0, 1].map((thread) => files.readMark(thread))).toEqual([0, 0]);
});

test("lines are counted and read from any place; one without an end is none", () => {
  const path = files.fetchedPath;
  const lines = Array.from({ length: 20_000 }, (_, serial) => `${TIME} C ${nameOf(serial)}`);
  writeFileSync(path, `${lines.join("\n")}\nhalf a line`);
  expect(countLines(path)).toBe(20_000);
  const size = lines[0]!.length + 1;
  expect(countLines(path, size * 19_990)).toBe(10);
  expect(linesIn(path, size * 19_999)).toEqual([lines[19_999]!]);
  const placed = [...linesOf(path)];
  expect(placed.map(({ text }) => text)).toEqual(lines);
  expect(placed.at(-1)!.end).toBe(lines.reduce((sum, line) => sum + line.length + 1, 0));
});
