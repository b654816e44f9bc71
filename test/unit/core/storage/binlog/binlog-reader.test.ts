// The binlog as a queue: from any position, over the borders of files, while it grows, through rubbish and packed files.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { binlogPath } from "../../../../../core/storage/binlog/binlog-files.ts";
import { type BinlogLine, BinlogReader } from "../../../../../core/storage/binlog/binlog-reader.ts";
import { packBinlogs } from "../../../../../core/storage/binlog/compression.ts";
import { append, line, makeFolder, writeFiles } from "./folder.ts";

let folder = "";
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function readAll(reader: BinlogReader): Promise<BinlogLine[]> {
  const all: BinlogLine[] = [];
  for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) all.push(...lines);
  return all;
}

const from = (index: number, offset: number, written = 9): BinlogReader => {
  return new BinlogReader(folder, { index, offset }, () => Math.min(written, 9));
};
const texts = (lines: readonly BinlogLine[]): string[] => lines.map(({ text }) => text);

test("whole files, one after the other, with the position behind each line", async () => {
  writeFiles(folder, [line(1), line(2)], [line(3)]);
  const size = line(1).length + 1;
  const reader = from(0, 0, 1);
  const lines = await readAll(reader);
  expect(texts(lines)).toEqual([line(1), line(2), line(3)]);
  expect(lines.map(({ index, offset }) => [index, offset])).toEqual([
    [0, size],
    [0, 2 * size],
    [1, size],
  ]);
  expect(reader.position).toEqual({ index: 1, offset: size });
  reader.close();
});

test("it goes on where a line ended", async () => {
  writeFiles(folder, [line(1), line(2)], [line(3)]);
  for (const start of await readAll(from(0, 0, 1))) {
    const rest = await readAll(from(start.index, start.offset, 1));
    const all = [line(1), line(2), line(3)];
    expect(texts(rest)).toEqual(all.slice(all.indexOf(start.text) + 1));
  }
});

test("what is appended is read, a half line only when it is whole, the next file when it is begun", async () => {
  writeFiles(folder, [line(1)]);
  let written = 0;
  const reader = new BinlogReader(folder, { index: 0, offset: 0 }, () => written);
  expect(texts(await readAll(reader))).toEqual([line(1)]);
  append(folder, 0, line(2).slice(0, 7));
  expect(await readAll(reader)).toEqual([]);
  append(folder, 0, `${line(2).slice(7)}\n`);
  expect(texts(await readAll(reader))).toEqual([line(2)]);
  append(folder, 0, `${line(3)}\n`);
  append(folder, 1, `${line(4)}\n`);
  written = 1;
  expect(texts(await readAll(reader))).toEqual([line(3), line(4)]);
  reader.close();
});

test("a missing file that is finished is passed over, a missing last one is the end", async () => {
  writeFiles(folder, [line(1)], [line(2)], [line(3)]);
  rmSync(binlogPath(folder, 1));
  expect(texts(await readAll(from(0, 0, 2)))).toEqual([line(1), line(3)]);
  rmSync(binlogPath(folder, 2));
  expect(texts(await readAll(from(0, 0, 2)))).toEqual([line(1)]);
});

test("a line that is no record is handed on with a sentence", async () => {
  writeFiles(folder, [line(1), "rubbish", line(2)]);
  const lines = await readAll(from(0, 0, 0));
  expect(lines.map(({ record }) => typeof record)).toEqual(["object", "string", "object"]);
  expect(lines[1]!.text).toBe("rubbish");
});

test("rubbish without a line end is one unusable line", async () => {
  writeFiles(folder, [`${"x".repeat(200_000)}`, line(2)]);
  const lines = await readAll(from(0, 0, 0));
  expect(lines.length).toBeLessThan(6);
  expect(lines.slice(0, -1).every(({ record }) => typeof record === "string")).toBe(true);
  expect(lines.at(-1)!.text).toBe(line(2));
});

test("more than a chunk of lines", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `${1_791_000_000 + index} C M00/00/00/${index}`);
  writeFiles(folder, many);
  const lines = await readAll(from(0, 0, 0));
  expect(texts(lines)).toEqual(many);
});

test("packed files are unpacked when they are needed", async () => {
  writeFiles(folder, [line(1)], [line(2)], [line(3)]);
  expect(await packBinlogs(folder, 2)).toBe(2);
  expect(existsSync(binlogPath(folder, 0))).toBe(false);
  expect(texts(await readAll(from(0, 0, 2)))).toEqual([line(1), line(2), line(3)]);
  expect(existsSync(binlogPath(folder, 0))).toBe(true);
});
