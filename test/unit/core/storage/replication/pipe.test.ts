// Binlog to window to mark: what is read, what is skipped, and how the mark moves.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { BinlogLine } from "../../../../../core/storage/binlog/binlog-reader.ts";
import type { Mark } from "../../../../../core/storage/replication/mark.ts";
import { Pipe } from "../../../../../core/storage/replication/pipe.ts";
import { append, line, makeFolder, writeFiles } from "../binlog/folder.ts";

const serving = { needsOld: false, isOldDone: false };
const START = { index: 0, offset: 0 };
const mark: Mark = { position: START, ...serving, untilTimestamp: 0, scannedRows: 100, copiedRows: 50 };
const SIZE = line(1).length + 1;

let folder = "";
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

function sendAll(pipe: Pipe): string[] {
  const names: string[] = [];
  for (let entry = pipe.window.next(0); entry !== undefined; entry = pipe.window.next(0)) {
    names.push(entry.record.name);
    pipe.window.done(entry);
  }
  return names;
}

test("own records are sent, others and rubbish are skipped, the mark counts both", async () => {
  writeFiles(folder, [line(1), line(2, "c"), "rubbish", line(3)]);
  const pipe = new Pipe(folder, START, () => 0);
  const bad: BinlogLine[] = [];
  await pipe.fill(serving, (each) => bad.push(each));
  expect(bad.map(({ text }) => text)).toEqual(["rubbish"]);
  expect(pipe.isAtEnd).toBe(false);
  expect(pipe.advance(mark)).toBe(mark);
  expect(sendAll(pipe)).toEqual(["M00/00/00/f01", "M00/00/00/f03"]);
  expect(pipe.isAtEnd).toBe(true);
  const moved = pipe.advance(mark);
  expect(moved).toMatchObject({ scannedRows: 104, copiedRows: 52 });
  expect(moved.position).toEqual({ index: 0, offset: 3 * SIZE + "rubbish\n".length });
  expect(pipe.advance(moved)).toBe(moved);
  pipe.close();
});

test("a mark that was saved half-way goes on there, and nothing is sent twice", async () => {
  writeFiles(folder, [line(1), line(2)], [line(3)]);
  const pipe = new Pipe(folder, START, () => 1);
  await pipe.fill(serving, () => {});
  pipe.window.done(pipe.window.next(0)!);
  const { position } = pipe.advance(mark);
  expect(position).toEqual({ index: 0, offset: SIZE });
  pipe.close();
  const again = new Pipe(folder, position, () => 1);
  await again.fill(serving, () => {});
  expect(sendAll(again)).toEqual(["M00/00/00/f02", "M00/00/00/f03"]);
  expect(again.advance(mark).position).toEqual({ index: 1, offset: SIZE });
  again.close();
});

test("a new member gets what others have sent, too", async () => {
  writeFiles(folder, [line(1, "c"), `${line(2, "a")} 0 5`, line(3)]);
  const pipe = new Pipe(folder, START, () => 0);
  await pipe.fill({ needsOld: true, isOldDone: false }, () => {});
  expect(sendAll(pipe)).toEqual(["M00/00/00/f01", "M00/00/00/f03"]);
  pipe.close();
});

test("it sees that the binlog has grown", async () => {
  writeFiles(folder, [line(1)]);
  const pipe = new Pipe(folder, START, () => 0);
  await pipe.fill(serving, () => {});
  sendAll(pipe);
  expect(pipe.hasMore({ index: 0, offset: SIZE })).toBe(false);
  append(folder, 0, `${line(2)}\n`);
  expect(pipe.hasMore({ index: 0, offset: 2 * SIZE })).toBe(true);
  await pipe.fill(serving, () => {});
  expect(pipe.isAtEnd).toBe(false);
  expect(sendAll(pipe)).toEqual(["M00/00/00/f02"]);
  pipe.close();
});

test("a long backlog is read as far as there is room", async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `1791000000 C M00/00/00/${index}`);
  writeFiles(folder, many);
  const pipe = new Pipe(folder, START, () => 0);
  await pipe.fill(serving, () => {});
  expect(pipe.window.hasRoom).toBe(false);
  expect(pipe.window.size).toBeLessThan(6000);
  expect(pipe.isRunningLow).toBe(false);
  let sent = 0;
  for (let round = 0; round < 20 && !pipe.isAtEnd; round++) {
    sent += sendAll(pipe).length;
    expect(pipe.isRunningLow || pipe.isAtEnd).toBe(true);
    await pipe.fill(serving, () => {});
  }
  expect(sent).toBe(10_000);
  pipe.close();
});
