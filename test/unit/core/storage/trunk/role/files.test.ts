// The small files around the trunk binlog: marks, the copy that a storage receives, packages of whole lines, torn ends.

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCopyMark, writeCopyMark } from "../../../../../../core/storage/trunk/role/copy-mark.ts";
import { HeaderReader } from "../../../../../../core/storage/trunk/role/header-reader.ts";
import { readLastTrunkServer, writeLastTrunkServer } from "../../../../../../core/storage/trunk/role/last-server.ts";
import { cutTornLine } from "../../../../../../core/storage/trunk/role/load-map.ts";
import { trunkPaths } from "../../../../../../core/storage/trunk/role/paths.ts";
import {
  appendLines,
  forgetRole,
  truncateBinlog,
  trunkBinlogSize,
} from "../../../../../../core/storage/trunk/role/received-binlog.ts";
import { WholeLines } from "../../../../../../core/storage/trunk/role/whole-lines.ts";

const root = mkdtempSync(join(tmpdir(), "fdfs-trunk-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let base: string;
let serial = 0;
beforeEach(() => {
  base = join(root, String(serial++));
  mkdirSync(join(base, "data"), { recursive: true });
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const binlog = (): string => readFileSync(trunkPaths(base).binlog, "utf8");

test("a mark as C writes it", () => {
  const path = join(base, "10.0.0.2_23000.mark");
  expect(readCopyMark(path)).toBe(0);
  writeCopyMark(path, 691);
  expect(readFileSync(path, "utf8")).toBe("binlog_offset=691\n");
  expect(readCopyMark(path)).toBe(691);
  writeFileSync(path, "nonsense");
  expect(readCopyMark(path)).toBe(0);
});

test("the last trunk server is remembered", () => {
  expect(readLastTrunkServer(base)).toBe("");
  writeLastTrunkServer(base, "10.0.0.2");
  expect(readLastTrunkServer(base)).toBe("10.0.0.2");
});

describe("the copy of another storage's trunk binlog", () => {
  test("lines are appended as they come", () => {
    const paths = trunkPaths(base);
    expect(trunkBinlogSize(paths)).toBe(0);
    appendLines(paths, bytes("1 A 0 0 0 1 0 100\n"));
    appendLines(paths, bytes("2 D 0 0 0 1 0 100\n"));
    expect(binlog()).toBe("1 A 0 0 0 1 0 100\n2 D 0 0 0 1 0 100\n");
    expect(trunkBinlogSize(paths)).toBe(36);
  });

  test("TRUNCATE without backups: empty, and the snapshot is gone", () => {
    const paths = trunkPaths(base);
    appendLines(paths, bytes("1 A 0 0 0 1 0 100\n"));
    writeFileSync(paths.snapshot, "0\n");
    truncateBinlog(paths, 0, new Date());
    expect(binlog()).toBe("");
    expect(existsSync(paths.snapshot)).toBe(false);
    expect(readdirSync(paths.folder)).toEqual(["binlog"]);
  });

  test("TRUNCATE with backups: the newest are kept", () => {
    const paths = trunkPaths(base);
    for (let second = 1; second <= 4; second++) {
      appendLines(paths, bytes(`${second} A 0 0 0 1 0 100\n`));
      truncateBinlog(paths, 2, new Date(2026, 10, 21, 3, 53, second));
    }
    expect(readdirSync(paths.folder).sort()).toEqual(["binlog", "binlog.20261121035303", "binlog.20261121035304"]);
    expect(readFileSync(join(paths.folder, "binlog.20261121035304"), "utf8")).toBe("4 A 0 0 0 1 0 100\n");
  });

  test("DELETE_BINLOG_MARKS: marks, snapshot and the memory of the role go, the binlog stays", () => {
    const paths = trunkPaths(base);
    appendLines(paths, bytes("1 A 0 0 0 1 0 100\n"));
    writeFileSync(paths.snapshot, "0\n");
    writeFileSync(join(paths.folder, "10.0.0.2_23000.mark"), "binlog_offset=18\n");
    writeLastTrunkServer(base, "10.0.0.1");
    forgetRole(paths, base);
    expect(readdirSync(paths.folder)).toEqual(["binlog"]);
    expect(existsSync(paths.snapshot)).toBe(false);
    expect(readLastTrunkServer(base)).toBe("");
  });
});

test("packages end with a line", () => {
  const path = join(base, "lines");
  writeFileSync(path, "aaaa\nbbbb\ncccc");
  const lines = new WholeLines(path, 12);
  const text = (offset: number): string => new TextDecoder().decode(lines.read(offset));
  expect(lines.size).toBe(14);
  expect(text(0)).toBe("aaaa\nbbbb\n");
  expect(text(10)).toBe("");
  writeFileSync(path, "\n", { flag: "a" });
  expect(text(10)).toBe("cccc\n");
  expect([0, 5, 6, 15].map((offset) => lines.isLineStart(offset))).toEqual([true, true, false, true]);
  lines.close();
});

test("a torn last line is cut off, whole ones stay", () => {
  const path = join(base, "torn");
  expect(cutTornLine(path)).toBe(0);
  writeFileSync(path, "1 A 0 0 0 1 0 100\n2 D 0");
  expect(cutTornLine(path)).toBe(5);
  expect(readFileSync(path, "utf8")).toBe("1 A 0 0 0 1 0 100\n");
  expect(cutTornLine(path)).toBe(0);
});

test("a header on the disk tells that a block is in use", () => {
  const block = { storePathIndex: 0, subPathHigh: 1, subPathLow: 2, trunkFileId: 7, offset: 0, size: 256 };
  mkdirSync(join(base, "data", "01", "02"), { recursive: true });
  const content = new Uint8Array(1024);
  // Sizes left over from an upload that never came: not in use.
  content.set([0x46, 0, 0, 1, 0, 0, 0, 0, 12], 0);
  content.set([0x46, 0, 0, 1, 0, 0, 0, 0, 12, 1, 2, 3, 4], 256);
  writeFileSync(join(base, "data", "01", "02", "000007"), content);
  const headers = new HeaderReader([base]);
  expect(headers.isOccupied(block)).toBe(false);
  expect(headers.isOccupied({ ...block, offset: 256 })).toBe(true);
  expect(headers.isOccupied({ ...block, offset: 2048 })).toBe(false);
  expect(headers.isOccupied({ ...block, trunkFileId: 8 })).toBe(false);
  headers.close();
});
