// The hours in which copying is allowed.

import { expect, test } from "bun:test";
import { isCopyTime, secondOfDay } from "../../../../../core/storage/replication/copy-hours.ts";

const at = (hour: number, minute: number, second = 0): number => hour * 3600 + minute * 60 + second;

test.each<[string, number, number, number, boolean]>([
  ["all day, at midnight", 0, at(0, 0), at(23, 59), true],
  ["all day, in the last second", at(23, 59, 59), at(0, 0), at(23, 59), true],
  ["at night, before it begins", at(0, 59, 59), at(1, 0), at(5, 0), false],
  ["at night, when it begins", at(1, 0), at(1, 0), at(5, 0), true],
  ["at night, in the end's minute", at(5, 0, 59), at(1, 0), at(5, 0), true],
  ["at night, after it", at(5, 1), at(1, 0), at(5, 0), false],
  ["over midnight, late", at(23, 0), at(22, 0), at(5, 0), true],
  ["over midnight, early", at(5, 0, 59), at(22, 0), at(5, 0), true],
  ["over midnight, at noon", at(12, 0), at(22, 0), at(5, 0), false],
])("%s", (_, second, start, end, expected) => {
  expect(isCopyTime(second, start, end)).toBe(expected);
});

test("the day begins at local midnight", () => {
  expect(secondOfDay(new Date(2026, 0, 2, 0, 0, 0))).toBe(0);
  expect(secondOfDay(new Date(2026, 0, 2, 23, 59, 59))).toBe(86_399);
});
