// The mark of a peer: how far it has been served from the binlog, and whether it gets old files too (storage.md §5.4).
// Text in C's format; a C storage exits on a mark with fewer than seven keys.

import { parseConfText } from "../../../conf/index.ts";

/** Where a record begins: file number and byte. */
export interface Position {
  readonly index: number;
  readonly offset: number;
}

export interface Mark {
  readonly position: Position;
  /** This storage hands the peer everything that is older than `untilTimestamp`. */
  readonly needsOld: boolean;
  /** The end of the binlog has been reached with `needsOld`. */
  readonly isOldDone: boolean;
  readonly untilTimestamp: number;
  readonly scannedRows: number;
  readonly copiedRows: number;
}

export const isBefore = (a: Position, b: Position): boolean =>
  a.index < b.index || (a.index === b.index && a.offset < b.offset);

export function formatMark(mark: Mark): string {
  const lines = [
    `binlog_index=${mark.position.index}`,
    `binlog_offset=${mark.position.offset}`,
    `need_sync_old=${mark.needsOld ? 1 : 0}`,
    `sync_old_done=${mark.isOldDone ? 1 : 0}`,
    `until_timestamp=${mark.untilTimestamp}`,
    `scan_row_count=${mark.scannedRows}`,
    `sync_row_count=${mark.copiedRows}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Throws a sentence when a position is missing or negative; older marks may lack the counters. */
export function parseMark(text: string, file: string): Mark {
  const document = parseConfText(text, file);
  const number = (key: string): number => Number.parseInt(document.get(key) ?? "", 10);
  const position = { index: number("binlog_index"), offset: number("binlog_offset") };
  if (!(position.index >= 0 && position.offset >= 0)) {
    throw new Error(`Cannot use the mark ${file}: it has no binlog_index and binlog_offset`);
  }
  return {
    position,
    needsOld: number("need_sync_old") === 1,
    isOldDone: number("sync_old_done") === 1,
    untilTimestamp: number("until_timestamp") || 0,
    scannedRows: number("scan_row_count") || 0,
    copiedRows: number("sync_row_count") || 0,
  };
}

/** `<ip>_<port>.mark`, with storage ids `<id>.mark` (storage.md §5.4). */
export function markFileName(peerId: string, port: number, usesStorageIds: boolean): string {
  return usesStorageIds ? `${peerId}.mark` : `${peerId}_${port}.mark`;
}
