// The decisions: is it time, what is the old file called, which old files go (http-config-tools.md §1.9, storage.md §10.5).

import { describe, expect, test } from "bun:test";
import {
  lastTimeOfDay,
  passedTimeOfDay,
  planOldLogs,
  type RotationRules,
  rotatedName,
} from "../../../../core/observe/rotation.ts";

const at = (day: number, hours: number, minutes: number, seconds = 0): number =>
  new Date(2026, 10, day, hours, minutes, seconds).getTime();
const HOUR = 3600;

describe("the time of day", () => {
  test("is passed once", () => {
    expect(passedTimeOfDay(at(20, 23, 59, 59), at(21, 0, 0, 0), 0)).toBe(true);
    expect(passedTimeOfDay(at(21, 0, 0, 0), at(21, 0, 0, 1), 0)).toBe(false);
    expect(passedTimeOfDay(at(21, 1, 29, 59), at(21, 1, 30, 0), 1.5 * HOUR)).toBe(true);
    expect(passedTimeOfDay(at(21, 1, 29, 58), at(21, 1, 29, 59), 1.5 * HOUR)).toBe(false);
  });
  test("is passed by a process that slept, for hours or days", () => {
    expect(passedTimeOfDay(at(20, 10, 0), at(21, 9, 0), 0)).toBe(true);
    expect(passedTimeOfDay(at(20, 10, 0), at(23, 9, 0), 9.5 * HOUR)).toBe(true);
  });
  test("is not passed by a clock that was set back", () => {
    expect(passedTimeOfDay(at(21, 0, 0, 1), at(20, 23, 0), 0)).toBe(false);
  });
  test("last came today or yesterday", () => {
    expect(lastTimeOfDay(at(21, 2, 0), 1.5 * HOUR)).toBe(at(21, 1, 30));
    expect(lastTimeOfDay(at(21, 1, 0), 1.5 * HOUR)).toBe(at(20, 1, 30));
  });
});

describe("the name", () => {
  test("is the day whose lines the file holds", () => {
    expect(rotatedName("/l/storaged.log", false, at(21, 0, 0))).toBe("/l/storaged.log.20261120");
    expect(rotatedName("/l/storaged.log", false, at(21, 0, 1, 59))).toBe("/l/storaged.log.20261120");
    expect(rotatedName("/l/storaged.log", false, at(21, 0, 2))).toBe("/l/storaged.log.20261121");
    expect(rotatedName("/l/storaged.log", false, at(21, 23, 59))).toBe("/l/storaged.log.20261121");
    expect(rotatedName("/l/storaged.log", false, at(1, 0, 0))).toBe("/l/storaged.log.20261031");
  });
  test("with the time is the moment itself", () => {
    expect(rotatedName("a.log", true, at(21, 0, 0, 7))).toBe("a.log.20261121_000007");
  });
});

describe("old files", () => {
  const rules: RotationRules = {
    rotateEveryday: true,
    rotateAtSeconds: 0,
    rotateOnSizeBytes: 0,
    compressOld: true,
    compressDaysBefore: 1,
    keepDays: 15,
    deleteAtSeconds: 1.5 * HOUR,
  };
  const names = [
    "a.log",
    "a.log.20261121",
    "a.log.20261121_101500",
    "a.log.20261120",
    "a.log.20261120_235959.gz",
    "a.log.20261106",
    "a.log.20261105_000000",
    "a.log.20261105.gz",
    "a.log.2026110",
    "a.log.20261105.bak",
    "a.log.20261105.gz.tmp",
    "b.log.20261101",
    "a.logx.20261101",
  ];
  test("are compressed from one day on and deleted after fifteen; nothing else is touched", () => {
    expect(planOldLogs(names, "a.log", rules, at(21, 12, 0))).toEqual({
      compress: ["a.log.20261120", "a.log.20261106"],
      remove: ["a.log.20261105_000000", "a.log.20261105.gz"],
    });
  });
  test("are all kept with keep_days 0, and uncompressed unless wanted", () => {
    const plan = planOldLogs(names, "a.log", { ...rules, keepDays: 0, compressOld: false }, at(21, 12, 0));
    expect(plan).toEqual({ compress: [], remove: [] });
  });
  test("of today are compressed with compress_days_before 0", () => {
    const plan = planOldLogs(["a.log.20261121"], "a.log", { ...rules, compressDaysBefore: 0 }, at(21, 0, 5));
    expect(plan.compress).toEqual(["a.log.20261121"]);
  });
});
