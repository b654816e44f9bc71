// Old binlog files are packed once a day, never the one being written nor one that a peer still needs, and come back whole.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../../../../core/observe/logger.ts";
import { binlogPath, readBinlogIndex, writeBinlogIndex } from "../../../../../core/storage/binlog/binlog-files.ts";
import { unpackBinlog } from "../../../../../core/storage/binlog/compression.ts";
import { BinlogPacking, nextTimeOfDay } from "../../../../../core/storage/control/binlog-packing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-packing-"));
  for (let index = 0; index < 4; index++) writeFileSync(binlogPath(folder, index), `content ${index}\n`.repeat(1000));
  writeBinlogIndex(folder, { currentWrite: 3, currentCompress: 0 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("files before the needed one are packed at the time of day, and unpacked for a reader", async () => {
  const start = new Date(2026, 0, 5, 1, 0, 0).getTime();
  const packing = new BinlogPacking({ folder, timeSeconds: 5400, log: silentLogger, neededIndex: () => 2 }, start);
  const isPacked = (index: number): boolean => existsSync(`${binlogPath(folder, index)}.gz`);
  packing.tick(start + 1_799_000);
  expect(isPacked(0)).toBe(false);
  packing.tick(start + 1_800_000);
  for (let turn = 0; turn < 500 && readBinlogIndex(folder).currentCompress < 2; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect([0, 1, 2, 3].map(isPacked)).toEqual([true, true, false, false]);
  expect([0, 1, 2, 3].map((index) => existsSync(binlogPath(folder, index)))).toEqual([false, false, true, true]);
  expect(await unpackBinlog(folder, 1)).toBe(true);
  expect(readFileSync(binlogPath(folder, 1), "latin1")).toBe("content 1\n".repeat(1000));
  expect(readBinlogIndex(folder).currentCompress).toBe(1);
  expect(await unpackBinlog(folder, 9)).toBe(false);
});

test("the next moment of a time of day", () => {
  const noon = new Date(2026, 0, 5, 12, 0, 0).getTime();
  expect(nextTimeOfDay(noon, 43_200)).toBe(new Date(2026, 0, 6, 12, 0, 0).getTime());
  expect(nextTimeOfDay(noon, 43_201)).toBe(noon + 1000);
});
