// .data_init_flag and storage_stat.dat against what C 6.16.1 wrote (storage.md §5.1, §5.2).

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseStorePathMark } from "../../../../../core/disk/store-path-mark.ts";
import {
  firstInitFlag,
  formatInitFlag,
  InitFlagFile,
  parseInitFlag,
} from "../../../../../core/storage/control/init-flag.ts";
import { formatStatFile, parseStatFile } from "../../../../../core/storage/control/stat-file.ts";
import { Statistics } from "../../../../../core/storage/control/statistics.ts";
import { Counter } from "../../../../../core/storage/scoreboard/counters.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Written by a C 6.16.1 storage at 127.0.50.2:23550. */
const CAPTURED_FLAG = `storage_join_time=1795241108
sync_old_done=1
sync_src_server=
sync_until_timestamp=0
last_ip_addr=127.0.50.2
last_server_port=23550
current_trunk_file_id=0
trunk_last_compress_time=0
trunk_binlog_compress_stage=0
store_path_mark0=MTI3LjAuNTAuMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP5bAAAAAJQ0AWs
`;

const STAT_KEYS =
  "total_upload_count, success_upload_count, total_append_count, success_append_count, total_modify_count, success_modify_count, total_truncate_count, success_truncate_count, total_download_count, success_download_count, last_source_update, last_sync_update, total_set_meta_count, success_set_meta_count, total_delete_count, success_delete_count, total_get_meta_count, success_get_meta_count, total_create_link_count, success_create_link_count, total_delete_link_count, success_delete_link_count, total_upload_bytes, success_upload_bytes, total_append_bytes, success_append_bytes, total_modify_bytes, success_modify_bytes, total_download_bytes, success_download_bytes, total_sync_in_bytes, success_sync_in_bytes, total_sync_out_bytes, success_sync_out_bytes, total_file_open_count, success_file_open_count, total_file_read_count, success_file_read_count, total_file_write_count, success_file_write_count, dist_path_index_high, dist_path_index_low, dist_write_file_count".split(
    ", ",
  );

describe(".data_init_flag", () => {
  test("the captured text comes out as it went in", () => {
    const flag = parseInitFlag(CAPTURED_FLAG, "flag", 1);
    expect(flag.syncSourceId).toBe("");
    expect(flag.syncOldDone).toBe(true);
    expect(flag.lastServerPort).toBe(23550);
    expect(parseStorePathMark(flag.storePathMarks[0]!)).toEqual({
      ipAddress: "127.0.50.2",
      port: 23550,
      storePathIndex: 0,
      createTime: 1795241108,
    });
    expect(formatInitFlag(flag)).toBe(CAPTURED_FLAG);
  });

  test("marks are absent where check_store_path_mark was off", () => {
    const text = CAPTURED_FLAG.split("store_path_mark0")[0]!;
    const flag = parseInitFlag(text, "flag", 2);
    expect(flag.storePathMarks).toEqual([null, null]);
    expect(formatInitFlag(flag)).toBe(text);
  });

  test("a source is remembered with its moment (storage.md §5.1)", () => {
    const text =
      "storage_join_time=1795233168\nsync_old_done=1\nsync_src_server=127.0.0.72\nsync_until_timestamp=1795233167\n";
    const flag = parseInitFlag(text, "flag", 1);
    expect([flag.syncSourceId, flag.syncUntilTimestamp]).toEqual(["127.0.0.72", 1795233167]);
    expect(formatInitFlag(flag)).toStartWith(text);
  });

  test("an empty source is a value", () => {
    expect(parseInitFlag("storage_join_time=5\nsync_old_done=0\nsync_src_server=\n", "flag", 1)).toEqual({
      ...firstInitFlag(5, 0, 1),
    });
  });

  for (const key of ["storage_join_time", "sync_old_done", "sync_src_server"]) {
    test(`without ${key} there is no start`, () => {
      const text = CAPTURED_FLAG.replace(new RegExp(`^${key}=.*\n`, "m"), "");
      expect(() => parseInitFlag(text, "/base/data/.data_init_flag", 2)).toThrow(
        `Cannot start: /base/data/.data_init_flag has no ${key}`,
      );
    });
  }

  test("a change is in the file before it counts", () => {
    mkdirSync(join(folder, "data"));
    const file = new InitFlagFile(folder, firstInitFlag(1795233168, 23411, 1), undefined);
    expect(file.isFirstStart).toBe(true);
    file.update({ syncOldDone: true, lastIpAddress: "127.0.0.73" });
    expect(readFileSync(file.path, "utf8")).toStartWith("storage_join_time=1795233168\nsync_old_done=1\n");
    const again = new InitFlagFile(folder, firstInitFlag(2, 1, 1), undefined);
    expect(again.isFirstStart).toBe(false);
    expect(again.value).toEqual(file.value);
    rmSync(join(folder, "data"), { recursive: true });
    expect(() => again.update({ syncOldDone: false })).toThrow();
    expect(again.value.syncOldDone).toBe(true);
  });
});

describe("storage_stat.dat", () => {
  const text = `${STAT_KEYS.map((key, index) => `${key}=${index + 1}`).join("\n")}\n`;

  test("all keys in C's order", () => {
    expect(formatStatFile(parseStatFile(text, "stat"))).toBe(text);
  });

  test("missing, empty or broken values count from zero", () => {
    expect(formatStatFile(parseStatFile(null, "stat"))).toBe(`${STAT_KEYS.map((key) => `${key}=0`).join("\n")}\n`);
    expect(parseStatFile("total_upload_count=-4\nsuccess_upload_count=x\n", "stat").counters.totalUploadCount).toBe(0);
  });

  test("earlier processes' counts and the workers' are added up and written only when something changed", () => {
    mkdirSync(join(folder, "data"), { recursive: true });
    const path = join(folder, "data", "storage_stat.dat");
    writeFileSync(path, text);
    const scoreboard = new Scoreboard();
    const statistics = new Statistics(folder, scoreboard);
    expect(scoreboard.directories.newest).toEqual({ high: 41, low: 42, count: 43 });
    scoreboard.counterRow(0)[Counter.totalUploadCount] = 100;
    scoreboard.counterRow(1)[Counter.lastSourceUpdate] = 5;
    statistics.save();
    const saved = parseStatFile(readFileSync(path, "utf8"), path);
    expect(saved.counters.totalUploadCount).toBe(101);
    expect(saved.counters.lastSourceUpdate).toBe(11);
    rmSync(path);
    statistics.save();
    expect(() => readFileSync(path)).toThrow();
    expect(statistics.block().length).toBe(348);
  });
});
