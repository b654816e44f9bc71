// Packing of binlog files that nobody needs any more, and the way back.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { binlogPath, readBinlogIndex } from "../../../../../core/storage/binlog/binlog-files.ts";
import { packBinlogs, unpackBinlog } from "../../../../../core/storage/binlog/compression.ts";
import { line, makeFolder, writeFiles } from "./folder.ts";

let folder = "";
beforeEach(() => {
  folder = makeFolder();
  writeFiles(folder, [line(1)], [line(2)], [line(3)]);
});
afterEach(() => rmSync(folder, { recursive: true }));

const isPacked = (index: number): boolean =>
  existsSync(`${binlogPath(folder, index)}.gz`) && !existsSync(binlogPath(folder, index));

test("files before the needed one are packed, never the one that is written", async () => {
  expect(await packBinlogs(folder, 1)).toBe(1);
  expect([0, 1, 2].map(isPacked)).toEqual([true, false, false]);
  expect(readBinlogIndex(folder)).toEqual({ currentWrite: 2, currentCompress: 1 });
  expect(gunzipSync(readFileSync(`${binlogPath(folder, 0)}.gz`)).toString()).toBe(`${line(1)}\n`);
  expect(await packBinlogs(folder, 9)).toBe(1);
  expect([0, 1, 2].map(isPacked)).toEqual([true, true, false]);
  expect(await packBinlogs(folder, 9)).toBe(0);
});

test("a missing file is passed over", async () => {
  rmSync(binlogPath(folder, 0));
  expect(await packBinlogs(folder, 2)).toBe(1);
  expect(readBinlogIndex(folder).currentCompress).toBe(2);
});

test("an unpacked file is packed again later", async () => {
  await packBinlogs(folder, 2);
  expect(await unpackBinlog(folder, 1)).toBe(true);
  expect(readFileSync(binlogPath(folder, 1), "latin1")).toBe(`${line(2)}\n`);
  expect(existsSync(`${binlogPath(folder, 1)}.gz`)).toBe(false);
  expect(readBinlogIndex(folder).currentCompress).toBe(1);
  expect(await packBinlogs(folder, 2)).toBe(1);
  expect([0, 1].map(isPacked)).toEqual([true, true]);
});

test("what is not packed cannot be unpacked", async () => {
  expect(await unpackBinlog(folder, 7)).toBe(false);
});

test("while another process is at a file it is left alone; an old flag means nothing", async () => {
  const flag = join(folder, ".binlog.000.flag");
  writeFileSync(flag, "zip");
  expect(await packBinlogs(folder, 2)).toBe(0);
  expect(isPacked(0)).toBe(false);
  const longAgo = Date.now() / 1000 - 2 * 3600;
  utimesSync(flag, longAgo, longAgo);
  expect(await packBinlogs(folder, 2)).toBe(2);
  expect(existsSync(flag)).toBe(false);
});

test("a broken packed file stays as it is", async () => {
  await packBinlogs(folder, 1);
  const packed = `${binlogPath(folder, 0)}.gz`;
  writeFileSync(packed, "no gzip");
  expect(unpackBinlog(folder, 0)).rejects.toThrow();
  await unpackBinlog(folder, 0).catch(() => {});
  expect(readFileSync(packed, "latin1")).toBe("no gzip");
  expect(existsSync(binlogPath(folder, 0))).toBe(false);
  expect(existsSync(`${binlogPath(folder, 0)}.tmp`)).toBe(false);
});
