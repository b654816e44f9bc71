// Sizes, delays and times against the forms http-config-tools.md §4.3 describes.

import { expect, test } from "bun:test";
import { formatBytes, formatDuration, formatMegabytes, formatTime } from "../../../../cmd/render/units.ts";

test("sizes have one decimal below ten units and none above", () => {
  expect(formatBytes(0)).toBe("0  B");
  expect(formatBytes(1023)).toBe("1023  B");
  expect(formatBytes(1024)).toBe("1.0 KB");
  expect(formatBytes(9.94 * 1024)).toBe("9.9 KB");
  expect(formatMegabytes(2560)).toBe("2.5 GB");
  expect(formatMegabytes(3)).toBe("3.0 MB");
  expect(formatMegabytes(9.96 * 1024)).toBe("10 GB");
  expect(formatMegabytes(252 * 1024)).toBe("252 GB");
  expect(formatMegabytes(1024 * 1024 - 1)).toBe("1024 GB");
  expect(formatMegabytes(1024 * 1024)).toBe("1.0 TB");
});

test("delays leave out zero parts", () => {
  expect(formatDuration(0)).toBe("0 second");
  expect(formatDuration(-5)).toBe("0 second");
  expect(formatDuration(1)).toBe("1 second");
  expect(formatDuration(62)).toBe("1 minute 2 seconds");
  expect(formatDuration(86400)).toBe("1 day");
  expect(formatDuration(2 * 86400 + 3600 + 5)).toBe("2 days 1 hour 5 seconds");
});

test("times are local and zero is the epoch", () => {
  const local = new Date(2026, 10, 21, 3, 50, 4);
  expect(formatTime(local.getTime() / 1000)).toBe("2026-11-21 03:50:04");
  expect(formatTime(0)).toMatch(/^(1970-01-01|1969-12-31) \d\d:\d\d:00$/);
});
