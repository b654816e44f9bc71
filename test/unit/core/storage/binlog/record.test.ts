// Records: what C and we write is read back, everything else is told in a sentence.

import { describe, expect, test } from "bun:test";
import { formatRecord, isOwn, Op, parseRecord, upperOf } from "../../../../../core/storage/binlog/record.ts";

const A = "M00/00/00/wKgAAWhX_eaAYQd1AAAAC7E8cB4001.txt";
const B = "M00/00/00/wKgAAWhX_eaEYQd1AAAAALE8cB4001.txt";

describe("whole records", () => {
  test.each<[string, ReturnType<typeof parseRecord>]>([
    [`1791000000 C ${A}`, { timestamp: 1_791_000_000, op: "C", name: A, otherName: "", first: 0, second: 0 }],
    [`1 d ${A}-m`, { timestamp: 1, op: "d", name: `${A}-m`, otherName: "", first: 0, second: 0 }],
    [`1 A ${B} 100 20`, { timestamp: 1, op: "A", name: B, otherName: "", first: 100, second: 20 }],
    [`1 t ${B} 20 0`, { timestamp: 1, op: "t", name: B, otherName: "", first: 20, second: 0 }],
    [`1 L ${A} ${B}`, { timestamp: 1, op: "L", name: A, otherName: B, first: 0, second: 0 }],
    [`1 L ${A}`, { timestamp: 1, op: "L", name: A, otherName: "", first: 0, second: 0 }],
    [`1 r ${A} ${B}`, { timestamp: 1, op: "r", name: A, otherName: B, first: 0, second: 0 }],
  ])("%s", (line, expected) => {
    expect(parseRecord(line)).toEqual(expected);
  });

  test("what is written is read back", () => {
    const line = formatRecord(1_791_000_000, Op.MODIFY, `${B} 5 6`);
    expect(line).toBe(`1791000000 M ${B} 5 6\n`);
    expect(parseRecord(line.trimEnd())).toMatchObject({ op: "M", name: B, first: 5, second: 6 });
  });
});

describe("lines that are no records", () => {
  test.each<[string, string]>([
    ["", "it has no timestamp"],
    [`x C ${A}`, "it has no timestamp"],
    [`-1 C ${A}`, "it has no timestamp"],
    [`12345678901 C ${A}`, "it has no timestamp"],
    [`1 X ${A}`, "'X' is no operation"],
    ["1 C", "'' is no file name"],
    ["1 L ", "'' is no file name"],
    ["1 C ../../etc/passwd", "is no file name"],
    [`1 C ${A} more`, "it has too many fields"],
    [`1 A ${B}`, "it lacks its two numbers"],
    [`1 A ${B} 1`, "it lacks its two numbers"],
    [`1 A ${B} 1 x`, "it lacks its two numbers"],
    [`1 A ${B} -1 2`, "it lacks its two numbers"],
    [`1 A ${B} 1 2 3`, "it has too many fields"],
    [`1 R ${A}`, "it lacks the old name"],
    [`1 R ${A} ../x`, "is no file name"],
    [`1 R ${A} ${B} x`, "it has too many fields"],
    [`1 C ${"M".repeat(300)}`, "a line of 304 characters"],
  ])("%j", (line, reason) => {
    expect(parseRecord(line)).toContain(reason);
  });

  test("no cut of a line is taken for the line", () => {
    const line = `1791000000 A ${B} 1000 2000`;
    const numbersBegin = line.length - "2000".length;
    for (let length = 0; length < numbersBegin; length++) {
      const found = parseRecord(line.slice(0, length));
      expect(typeof found === "string" || found.name !== B).toBe(true);
    }
  });
});

test("capital letters are own operations", () => {
  for (const op of Object.values(Op)) {
    expect(isOwn(op)).toBe(op === op.toUpperCase());
    expect(isOwn(upperOf(op))).toBe(true);
  }
});
