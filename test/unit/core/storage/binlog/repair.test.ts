// What a crash between change and record leads to at the next start, case by case.

import { expect, test } from "bun:test";
import type { Intent } from "../../../../../core/storage/binlog/intents.ts";
import { type BinlogOp, type BinlogRecord, Op, parseRecord } from "../../../../../core/storage/binlog/record.ts";
import { type Found, missingRecords } from "../../../../../core/storage/binlog/repair.ts";

const NAME = "M00/00/00/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
const OTHER = "M00/00/00/fwAASGsBFUGEfoSXAAAADg4Qul0702.txt";
const NOW = 500;
const nothing: Found = { kind: "nothing", modifiedAt: 0, target: "" };
const file: Found = { kind: "file", modifiedAt: 100, target: "" };
const link: Found = { kind: "link", modifiedAt: 100, target: OTHER };
const last = (line: string): BinlogRecord => parseRecord(line) as BinlogRecord;

test.each<[string, BinlogOp, Found, Found, BinlogRecord | undefined, string[]]>([
  ["an upload is recorded", Op.CREATE, file, nothing, undefined, [`100 C ${NAME}\n`]],
  ["an upload that has its record is not", Op.CREATE, file, nothing, last(`100 C ${NAME}`), []],
  ["an upload that never came is not", Op.CREATE, nothing, nothing, undefined, []],
  ["a slave uploaded again after its deletion is", Op.CREATE, file, nothing, last(`99 D ${NAME}`), [`100 C ${NAME}\n`]],
  ["a deletion is recorded", Op.DELETE, nothing, nothing, last(`9 C ${NAME}`), [`500 D ${NAME}\n`]],
  ["a deletion that has its record is not", Op.DELETE, nothing, nothing, last(`9 D ${NAME}`), []],
  ["a deletion that was not made is not", Op.DELETE, file, nothing, undefined, []],
  ["an append becomes an update", Op.APPEND, file, nothing, last(`9 A ${NAME} 1 2`), [`100 U ${NAME}\n`]],
  ["so does a modification", Op.MODIFY, file, nothing, undefined, [`100 U ${NAME}\n`]],
  ["so does a truncation", Op.TRUNCATE, file, nothing, undefined, [`100 U ${NAME}\n`]],
  ["an append to what is gone since is not", Op.APPEND, nothing, nothing, undefined, []],
  ["a link is recorded with what it points to", Op.LINK, link, nothing, undefined, [`500 L ${NAME} ${OTHER}\n`]],
  ["a link that has its record is not", Op.LINK, link, nothing, last(`9 L ${NAME} ${OTHER}`), []],
  ["a rename is recorded", Op.RENAME, file, nothing, undefined, [`500 R ${NAME} ${OTHER}\n`]],
  ["a rename that was not made is not", Op.RENAME, nothing, file, undefined, []],
  ["a rename that has its record is not", Op.RENAME, file, nothing, last(`9 R ${NAME} ${OTHER}`), []],
])("%s", (_, op, found, otherFound, record, expected) => {
  const intent: Intent = { op, name: NAME, otherName: op === Op.RENAME ? OTHER : "" };
  const find = (name: string): Found => (name === NAME ? found : otherFound);
  expect(missingRecords([intent, intent], find, () => record, NOW)).toEqual(expected);
});
