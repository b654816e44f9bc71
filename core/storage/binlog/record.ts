// Binlog records (storage.md §6.1): one line, `<unix seconds> <op> <name>[ <extra>...]`, upper case for what a client
// did here, lower case for what another storage did.

import { isPlainName } from "../../fileid/logic-name.ts";

/** Operation letters of this storage's own operations. */
export const Op = {
  CREATE: "C",
  DELETE: "D",
  UPDATE: "U",
  APPEND: "A",
  MODIFY: "M",
  TRUNCATE: "T",
  LINK: "L",
  RENAME: "R",
  SYNC_CREATE: "c",
  SYNC_DELETE: "d",
  SYNC_UPDATE: "u",
  SYNC_APPEND: "a",
  SYNC_MODIFY: "m",
  SYNC_TRUNCATE: "t",
  SYNC_LINK: "l",
  SYNC_RENAME: "r",
} as const;
export type BinlogOp = (typeof Op)[keyof typeof Op];

/** In notes of what is under way only: a slot of another trunk server that is not confirmed. Nothing of it may stay. */
export const UNCONFIRMED = "?";

/** One line with its line end. `rest` is the name and, blank-separated, what else the operation carries. */
export function formatRecord(timestamp: number, op: BinlogOp, rest: string): string {
  return `${timestamp} ${op} ${rest}\n`;
}

/** A record as it is read back. */
export interface BinlogRecord {
  /** Unix seconds, by the clock of the storage that a client asked. Not monotonic in one binlog. */
  readonly timestamp: number;
  readonly op: BinlogOp;
  readonly name: string;
  /** Of links and renames: what the link points to, the name before. "" where the record has none. */
  readonly otherName: string;
  /** Of ranges: start and length; of truncations: old and new size. */
  readonly first: number;
  readonly second: number;
}

const letters = new Set<string>(Object.values(Op));
const LINE_MAX = 256;

/** Reads a line without its line end; a sentence when it is none that C or we wrote whole. */
export function parseRecord(line: string): BinlogRecord | string {
  if (line.length >= LINE_MAX) return `a line of ${line.length} characters`;
  const [time = "", letter = "", name = "", third, fourth, ...more] = line.split(" ");
  if (!/^\d{1,10}$/.test(time)) return "it has no timestamp";
  if (!letters.has(letter)) return `'${letter}' is no operation`;
  const op = letter as BinlogOp;
  // C 6.16.1 writes records of links without names (storage.md §3.7).
  if (name === "" || !isPlainName(name)) return `'${name}' is no file name`;
  if (more.length > 0) return "it has too many fields";
  const record = { timestamp: Number(time), op, name, otherName: "", first: 0, second: 0 };
  const kind = upperOf(op);
  if (kind === Op.APPEND || kind === Op.MODIFY || kind === Op.TRUNCATE) {
    const [first, second] = [Number(third), Number(fourth)];
    const areSizes = [first, second].every((size) => Number.isSafeInteger(size) && size >= 0);
    return third === undefined || fourth === undefined || third === "" || fourth === "" || !areSizes
      ? "it lacks its two numbers"
      : { ...record, first, second };
  }
  if (fourth !== undefined) return "it has too many fields";
  if (kind === Op.LINK || kind === Op.RENAME) {
    if (third === undefined || third === "") return kind === Op.LINK ? record : "it lacks the old name";
    return isPlainName(third) ? { ...record, otherName: third } : `'${third}' is no file name`;
  }
  return third === undefined ? record : "it has too many fields";
}

/** The operation without regard to who asked for it. */
export function upperOf(op: BinlogOp): BinlogOp {
  return op.toUpperCase() as BinlogOp;
}

/** True for what a client did on this storage. */
export function isOwn(op: BinlogOp): boolean {
  return op < "a";
}
