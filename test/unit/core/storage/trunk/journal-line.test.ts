// Lines of the trunk binlog: the ones of the document (trunk-dedup-recovery.md §1.11), as a C trunk server wrote them.

import { expect, test } from "bun:test";
import { formatLine, parseLine } from "../../../../../core/storage/trunk/journal-line.ts";

const LINE = "1795233112 D 0 0 0 1 67328 4126976";
const BLOCK = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1, offset: 67_328, size: 4_126_976 };

test("a line as C writes it", () => {
  expect(parseLine(LINE)).toEqual({ seconds: 1_795_233_112, op: "D", block: BLOCK });
  expect(formatLine(1_795_233_112, "D", BLOCK)).toBe(`${LINE}\n`);
});

test("directories are decimal", () => {
  const block = { ...BLOCK, storePathIndex: 2, subPathHigh: 171, subPathLow: 255 };
  expect(formatLine(1, "A", block)).toBe("1 A 2 171 255 1 67328 4126976\n");
});

test.each([
  "",
  "1795233112 D 0 0 0 1 67328",
  "1795233112 X 0 0 0 1 67328 256",
  "now D 0 0 0 1 67328 256",
  "1795233112 D 0 0 0 1 -1 256",
  "1795233112 D 0  0 1 67328 256",
])("'%s' is no line", (text) => {
  expect(parseLine(text)).toBeNull();
});
