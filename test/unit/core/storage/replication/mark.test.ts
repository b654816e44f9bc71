// Marks: C's text, what older ones may lack, and the order of positions.

import { expect, test } from "bun:test";
import {
  formatMark,
  isBefore,
  type Mark,
  markFileName,
  parseMark,
} from "../../../../../core/storage/replication/mark.ts";

/** As C writes it (storage.md §5.4). */
const TEXT = `binlog_index=2
binlog_offset=1044
need_sync_old=1
sync_old_done=0
until_timestamp=1791000000
scan_row_count=42
sync_row_count=17
`;
const mark: Mark = {
  position: { index: 2, offset: 1044 },
  needsOld: true,
  isOldDone: false,
  untilTimestamp: 1_791_000_000,
  scannedRows: 42,
  copiedRows: 17,
};

test("the text is C's, both ways", () => {
  expect(formatMark(mark)).toBe(TEXT);
  expect(parseMark(TEXT, "a.mark")).toEqual(mark);
});

test("an old mark may lack the counters", () => {
  expect(parseMark("binlog_index=0\nbinlog_offset=7\n", "a.mark")).toEqual({
    position: { index: 0, offset: 7 },
    needsOld: false,
    isOldDone: false,
    untilTimestamp: 0,
    scannedRows: 0,
    copiedRows: 0,
  });
});

test.each(["", "binlog_index=0\n", "binlog_index=-1\nbinlog_offset=0\n", "binlog_index=x\nbinlog_offset=0\n"])(
  "no position, no mark: %j",
  (text) => {
    expect(() => parseMark(text, "a.mark")).toThrow("Cannot use the mark a.mark");
  },
);

test("positions are ordered by file, then by byte", () => {
  const at = (index: number, offset: number): Mark["position"] => ({ index, offset });
  expect(isBefore(at(0, 9), at(1, 0))).toBe(true);
  expect(isBefore(at(1, 0), at(1, 1))).toBe(true);
  expect(isBefore(at(1, 1), at(1, 1))).toBe(false);
  expect(isBefore(at(2, 0), at(1, 9))).toBe(false);
});

test("the file is called after the peer", () => {
  expect(markFileName("10.0.0.1", 23000, false)).toBe("10.0.0.1_23000.mark");
  expect(markFileName("100001", 23000, true)).toBe("100001.mark");
});
