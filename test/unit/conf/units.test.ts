// Value texts of tracker.md §9.3 and http-config-tools.md §1.6.

import { describe, expect, test } from "bun:test";
import { formatReservedSpace, formatTimeOfDay, readReservedSpace, readSize } from "../../../conf/index.ts";
import { formatSize, readBoolean, readInteger, readLogLevel, readTimeOfDay } from "../../../conf/units.ts";

describe("sizes", () => {
  const cases: [string, number | null][] = [
    ["", 0],
    ["0", 0],
    ["1024", 1024],
    ["256KB", 262144],
    ["10 kb", 10240],
    ["1Gb", 1073741824],
    ["5kB ", 5120],
    ["1 T", 1099511627776],
    ["2m", 2097152],
    ["7 ", 7],
    ["1.5G", null],
    ["1P", null],
    ["10X", null],
    ["10B", null],
    ["10 M B", null],
    ["10 KiB", null],
    ["10%", null],
    ["abc", null],
    ["-1", null],
    ["0x10", null],
    ["99999999999T", null],
  ];
  for (const [text, bytes] of cases) test(JSON.stringify(text), () => expect(readSize(text)).toBe(bytes));

  test("are printed in the largest exact unit", () => {
    expect([0, 1000, 1024, 1536, 64 * 1024 ** 2, 1024 ** 4].map(formatSize)).toEqual([
      "0",
      "1000",
      "1KB",
      "1536",
      "64MB",
      "1TB",
    ]);
  });
});

test("booleans", () => {
  for (const text of ["true", "TRUE", "yes", "On", "1"]) expect(readBoolean(text)).toEqual({ on: true, exact: true });
  for (const text of ["false", "no", "OFF", "0"]) expect(readBoolean(text)).toEqual({ on: false, exact: true });
  for (const text of ["", "2", "TRUE1", "enabled", "11"])
    expect(readBoolean(text)).toEqual({ on: false, exact: false });
});

test("integers", () => {
  expect(readInteger("12")).toEqual({ number: 12, exact: true });
  expect(readInteger("-3")).toEqual({ number: -3, exact: true });
  expect(readInteger("12abc")).toEqual({ number: 12, exact: false });
  expect(readInteger("0x10")).toEqual({ number: 0, exact: false });
  expect(readInteger("")).toEqual({ number: 0, exact: false });
});

describe("times of day", () => {
  const cases: [string, number | null][] = [
    ["00:00", 0],
    ["2:5", 7500],
    ["02:05", 7500],
    ["23:59:59", 86399],
    ["24:00", null],
    ["12:60", null],
    ["12:00:60", null],
    ["12", null],
    ["", null],
    ["a:b", null],
    ["-1:00", null],
  ];
  for (const [text, seconds] of cases) test(JSON.stringify(text), () => expect(readTimeOfDay(text)).toBe(seconds));

  test("are printed with two digits", () => {
    expect([7500, 86399].map(formatTimeOfDay)).toEqual(["02:05", "23:59:59"]);
  });
});

describe("reserved space", () => {
  const cases: [string, string | null][] = [
    ["20%", "20.00%"],
    ["0.5%", "0.50%"],
    ["99.99%", "99.99%"],
    ["1G", "1024MB"],
    ["1500K", "1MB"],
    ["100", "0MB"],
    ["0%", null],
    ["100%", null],
    ["-5%", null],
    ["20 %", null],
    ["%", null],
    ["", null],
    ["abc", null],
  ];
  for (const [text, printed] of cases) {
    test(JSON.stringify(text), () => {
      const space = readReservedSpace(text);
      expect(space === null ? null : formatReservedSpace(space)).toBe(printed);
    });
  }
});

test("log levels match by prefix in any case", () => {
  const levels = [
    "debug",
    "Info",
    "notice",
    "warn",
    "WARNING",
    "err",
    "error",
    "critical",
    "alert",
    "emerg",
    "LOG_DEBUG",
  ];
  expect(levels.map(readLogLevel)).toEqual([
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "WARNING",
    "ERROR",
    "ERROR",
    "CRIT",
    "ALERT",
    "EMERG",
    "DEBUG",
  ]);
  expect(["", "loud", "in"].map(readLogLevel)).toEqual([null, null, null]);
});
