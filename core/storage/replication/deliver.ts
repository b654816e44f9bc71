// The table of what is sent for which record (storage.md §6.3).

import { type BinlogOp, type BinlogRecord, Op, upperOf } from "../binlog/record.ts";
import type { Delivery } from "./delivery.ts";
import { sendCopy } from "./send-copy.ts";
import { sendDeletion, sendLink, sendRename } from "./send-name.ts";
import { sendRange, sendTruncation } from "./send-range.ts";

type Send = (delivery: Delivery, record: BinlogRecord) => Promise<number>;

const sends: Partial<Record<BinlogOp, Send>> = {
  [Op.CREATE]: (delivery, record) => sendCopy(delivery, record, record.name, "create"),
  [Op.UPDATE]: (delivery, record) => sendCopy(delivery, record, record.name, "update"),
  [Op.DELETE]: sendDeletion,
  [Op.APPEND]: sendRange,
  [Op.MODIFY]: sendRange,
  [Op.TRUNCATE]: sendTruncation,
  [Op.LINK]: sendLink,
  [Op.RENAME]: sendRename,
  // What another storage renamed is a new file here: the peer gets it whole.
  [Op.SYNC_RENAME]: (delivery, record) => sendCopy(delivery, record, record.name, "create"),
};

/** Brings one record to the peer. Returns 0, or the status that refuses it; rejects when the connection fails. */
export function deliver(delivery: Delivery, record: BinlogRecord): Promise<number> {
  return (sends[record.op] ?? sends[upperOf(record.op)]!)(delivery, record);
}
