// Binlog records (storage.md §6.1): one line, `<unix seconds> <op> <name>[ <extra>...]`, upper case for what a client
// did here, lower case for what another storage did.

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

/** One line with its line end. `rest` is the name and, blank-separated, what else the operation carries. */
export function formatRecord(timestamp: number, op: BinlogOp, rest: string): string {
  return `${timestamp} ${op} ${rest}\n`;
}
