// The store path mark: bytes captured from a C 6.16.1 storage at 127.0.93.2:23411 with two store paths, the table of
// actions (storage.md §5.5), and the file.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatStorePathMark, judgeStorePathMark, parseStorePathMark } from "../../../../core/disk/store-path-mark.ts";
import { readStorePathMark, writeStorePathMark } from "../../../../core/disk/store-path-mark-file.ts";

const captured = [
  "MTI3LjAuOTMuMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHNbAAAAABE8AWs",
  "MTI3LjAuOTMuMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHNbAQAAABE8AWs",
];

describe("the mark", () => {
  for (const [storePathIndex, text] of captured.entries()) {
    const mark = { ipAddress: "127.0.93.2", port: 23411, storePathIndex, createTime: 0x6b013c11 };
    test(`of store path ${storePathIndex} is C's`, () => {
      expect(formatStorePathMark(mark)).toBe(text);
      expect(parseStorePathMark(text)).toEqual(mark);
    });
  }
  test("holds a long IPv6 address and any port", () => {
    const ipAddress = "2001:db8:1111:2222:3333:4444:5555:6666";
    const mark = { ipAddress, port: 65535, storePathIndex: 255, createTime: 1 };
    expect(parseStorePathMark(formatStorePathMark(mark))).toEqual(mark);
  });
  test("what is none is not read", () => {
    for (const text of ["", "abc", `${captured[0]}A`, captured[0]!.replace("M", "!")]) {
      expect(parseStorePathMark(text)).toBeNull();
    }
    const mark = { ipAddress: "x".repeat(46), port: 1, storePathIndex: 0, createTime: 0 };
    expect(() => formatStorePathMark(mark)).toThrow(RangeError);
  });
});

test("the table of actions", () => {
  expect(judgeStorePathMark(null, null)).toBe("create");
  expect(judgeStorePathMark("a", "a")).toBe("fine");
  expect(judgeStorePathMark("a", null)).toBe("recreate");
  expect(judgeStorePathMark(null, "a")).toBe("foreign");
  expect(judgeStorePathMark("a", "b")).toBe("different");
});

describe("the file", () => {
  let storePath = "";
  beforeEach(() => {
    storePath = mkdtempSync(join(tmpdir(), "fdfs-mark-"));
    mkdirSync(join(storePath, "data"));
  });
  afterEach(() => rmSync(storePath, { recursive: true, force: true }));
  const file = (): string => join(storePath, "data", ".fastdfs_vars");

  test("is written as C writes it", () => {
    writeStorePathMark(storePath, captured[0]!);
    expect(readFileSync(file(), "utf8")).toBe(`store_path_mark=${captured[0]}\n`);
    expect(readdirSync(join(storePath, "data"))).toEqual([".fastdfs_vars"]);
    expect(readStorePathMark(storePath)).toBe(captured[0]!);
  });
  test("is absent, empty, or has blanks and comments", () => {
    expect(readStorePathMark(storePath)).toBeNull();
    for (const [text, mark] of [
      ["", null],
      ["store_path_mark=\n", null],
      ["other=1\n", null],
      ["# store_path_mark=no\n store_path_mark = yes \n", "yes"],
    ] as const) {
      writeFileSync(file(), text);
      expect(readStorePathMark(storePath)).toBe(mark);
    }
  });
});
