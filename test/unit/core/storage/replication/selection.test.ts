// Which records a peer gets, and which of them must keep their order.

import { expect, test } from "bun:test";
import { type BinlogOp, type BinlogRecord, Op } from "../../../../../core/storage/binlog/record.ts";
import { isFirstAfter, isForPeer, namesOf } from "../../../../../core/storage/replication/selection.ts";

const record = (op: BinlogOp, timestamp = 10_000): BinlogRecord => ({
  timestamp,
  op,
  name: "M00/00/00/a",
  otherName: "",
  first: 0,
  second: 0,
});
const serving = { needsOld: false, isOldDone: false };
const filling = { needsOld: true, isOldDone: false };
const filled = { needsOld: true, isOldDone: true };

test("own operations always", () => {
  const own = [Op.CREATE, Op.DELETE, Op.UPDATE, Op.APPEND, Op.MODIFY, Op.TRUNCATE, Op.LINK, Op.RENAME];
  for (const op of own) for (const old of [serving, filling, filled]) expect(isForPeer(record(op), old)).toBe(true);
});

test("what others have sent only while a new member is filled, and no ranges", () => {
  for (const op of [Op.SYNC_CREATE, Op.SYNC_DELETE, Op.SYNC_UPDATE, Op.SYNC_LINK, Op.SYNC_RENAME]) {
    expect(isForPeer(record(op), filling)).toBe(true);
    expect(isForPeer(record(op), serving)).toBe(false);
    expect(isForPeer(record(op), filled)).toBe(false);
  }
  for (const op of [Op.SYNC_APPEND, Op.SYNC_MODIFY, Op.SYNC_TRUNCATE])
    expect(isForPeer(record(op), filling)).toBe(false);
});

test("records of two names keep their order with both", () => {
  expect(namesOf(record(Op.CREATE))).toEqual(["M00/00/00/a"]);
  expect(namesOf({ ...record(Op.RENAME), otherName: "M00/00/00/b" })).toEqual(["M00/00/00/a", "M00/00/00/b"]);
});

test("a new member filled by another storage gets own records from an hour before the boundary", () => {
  expect(isFirstAfter(10_000, record(Op.CREATE, 6400))).toBe(true);
  expect(isFirstAfter(10_000, record(Op.CREATE, 6399))).toBe(false);
  expect(isFirstAfter(10_000, record(Op.SYNC_CREATE, 10_000))).toBe(false);
});
