// The files of a recovery, in C's form; and the old layout on its way to the new one.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  formatFlag,
  formatMark,
  parseFlag,
  parseMark,
  RecoveryFiles,
} from "../../../../../core/storage/recovery/recovery-files.ts";

let storePath: string;
let files: RecoveryFiles;
const read = (name: string): string => readFileSync(join(storePath, "data", name), "utf8");
const write = (name: string, text: string): void => writeFileSync(join(storePath, "data", name), text);

beforeEach(() => {
  storePath = mkdtempSync(join(tmpdir(), "fdfs-recovery-"));
  mkdirSync(join(storePath, "data"));
  files = new RecoveryFiles(storePath, undefined);
});
afterEach(() => rmSync(storePath, { recursive: true, force: true }));

describe("flag and mark", () => {
  test("as seen of C during the fetch and after dispatch", () => {
    const during = "saved_storage_status=99\nfetch_binlog_done=0\nrecovery_threads=-1\n";
    const after = "saved_storage_status=5\nfetch_binlog_done=1\nrecovery_threads=2\n";
    expect(formatFlag({ savedStatus: 99, isFetched: false, threads: -1 })).toBe(during);
    expect(formatFlag({ savedStatus: 5, isFetched: true, threads: 2 })).toBe(after);
    expect(parseFlag(after, "f")).toEqual({ savedStatus: 5, isFetched: true, threads: 2 });
    expect(formatMark(60_400)).toBe("binlog_offset=60400\n");
    expect(parseMark("binlog_offset=60400\n", "m")).toBe(60_400);
  });
  test("what cannot be used begins again", () => {
    expect(parseFlag("fetch_binlog_done=1\nrecovery_threads=1\n", "f")).toBeNull();
    expect(parseFlag("", "f")).toEqual({ savedStatus: -1, isFetched: false, threads: -1 });
    expect(parseMark("binlog_offset=-5\n", "m")).toBe(0);
    expect(parseMark("rubbish", "m")).toBe(0);
    write(".recovery.flag", "fetch_binlog_done=1\n");
    expect(files.readFlag()).toEqual({ savedStatus: 99, isFetched: false, threads: -1 });
  });
  test("begin marks once", () => {
    expect(files.readFlag()).toBeNull();
    files.begin();
    expect(read(".recovery.flag")).toBe("saved_storage_status=99\nfetch_binlog_done=0\nrecovery_threads=-1\n");
    files.writeFlag({ savedStatus: 5, isFetched: true, threads: 3 });
    files.begin();
    expect(files.readFlag()?.threads).toBe(3);
  });
  test("all of them go at the end, other files stay", () => {
    files.begin();
    files.writeEmptyBinlog();
    files.writeMark(0, 7);
    for (const name of [".binlog.recovery.12", ".recovery.mark.12", ".binlog.recovery.1.tmp", ".binlog.recovery.tmp"])
      write(name, "x");
    write(".fastdfs_vars", "mine");
    files.removeThreadFiles(12);
    expect(readdirSync(join(storePath, "data")).some((name) => name.endsWith(".12"))).toBeFalse();
    files.removeAll();
    expect(readdirSync(join(storePath, "data"))).toEqual([".fastdfs_vars"]);
  });
});

describe("old layout", () => {
  test("nothing there, or only one of the two files", () => {
    expect(files.migrateOldLayout()).toBeFalse();
    write(".recovery.mark", "binlog_offset=3\n");
    expect(files.migrateOldLayout()).toBeFalse();
  });
  test("goes on at the mark as thread 0", () => {
    write(".binlog.recovery", "1 C M00/00/00/x\n");
    write(".recovery.mark", "saved_storage_status=5\nfetch_binlog_done=1\nbinlog_offset=3\n");
    expect(files.migrateOldLayout()).toBeTrue();
    expect(read(".recovery.flag")).toBe("saved_storage_status=5\nfetch_binlog_done=1\nrecovery_threads=1\n");
    expect(read(".recovery.mark.0")).toBe("binlog_offset=3\n");
    expect(read(".binlog.recovery.0")).toBe("1 C M00/00/00/x\n");
    expect(existsSync(join(storePath, "data", ".binlog.recovery"))).toBeFalse();
    expect(existsSync(join(storePath, "data", ".recovery.mark"))).toBeFalse();
  });
  test("that was still fetching fetches anew", () => {
    write(".binlog.recovery", "");
    write(".recovery.mark", "saved_storage_status=99\nfetch_binlog_done=0\nbinlog_offset=0\n");
    expect(files.migrateOldLayout()).toBeTrue();
    expect(files.readFlag()).toEqual({ savedStatus: 99, isFetched: false, threads: -1 });
    expect(existsSync(join(storePath, "data", ".binlog.recovery"))).toBeFalse();
  });
});
