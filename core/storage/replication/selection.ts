// Which records of this storage's binlog a peer gets (storage.md §6.3, §6.4). Pure.

import { type BinlogRecord, isOwn, Op, upperOf } from "../binlog/record.ts";

/** Whether the peer is being handed the old files. */
export interface OldFiles {
  readonly needsOld: boolean;
  readonly isOldDone: boolean;
}

/**
 * Own operations always. What others have sent only while a new member is being filled, and then not as ranges: the
 * creation's record brings the whole file as it is. Beyond C without regard to the time of the record: one that another
 * member sends too does no harm, one that nobody sends would be lost.
 */
export function isForPeer(record: BinlogRecord, { needsOld, isOldDone }: OldFiles): boolean {
  if (isOwn(record.op)) return true;
  if (!needsOld || isOldDone) return false;
  const kind = upperOf(record.op);
  return kind !== Op.APPEND && kind !== Op.MODIFY && kind !== Op.TRUNCATE;
}

/** Names whose records must not overtake each other. */
export function namesOf(record: BinlogRecord): readonly string[] {
  return record.otherName === "" ? [record.name] : [record.name, record.otherName];
}

/** Own records from this long before a new member's boundary are sent again: clocks differ, and its source may have lagged. */
const OVERLAP_SECONDS = 3600;

/**
 * True for the first record that a storage must send to a new member whose old files come from another one: C starts at
 * the boundary itself, and misses what had not reached the source yet.
 */
export function isFirstAfter(untilTimestamp: number, record: BinlogRecord): boolean {
  return isOwn(record.op) && record.timestamp >= untilTimestamp - OVERLAP_SECONDS;
}
