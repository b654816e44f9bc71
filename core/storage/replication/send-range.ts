// Brings a change inside a file to a peer: SYNC_APPEND_FILE, SYNC_MODIFY_FILE, SYNC_TRUNCATE_FILE (storage.md §3.4, §3.5).
// The bytes are those that stand there now. A peer that cannot apply the change gets the whole file; so it does when the
// file here has moved on so far that the range is gone: later records would not fit what it has.

import { Status } from "../../wire/status.ts";
import { syncAppendFile, syncModifyFile, syncTruncateFile } from "../../wire/storage-sync.ts";
import { type BinlogRecord, Op, upperOf } from "../binlog/record.ts";
import { type Delivery, NOTHING_TO_SEND } from "./delivery.ts";
import { isPiece, openForSending, piecesOf, readPiece, sendCopy } from "./send-copy.ts";

/** Returns the refusing status, 0 for success. */
export async function sendRange(delivery: Delivery, record: BinlogRecord): Promise<number> {
  const { name, first: offset, second: byteCount } = record;
  const file = openForSending(delivery, name);
  if (file === null) return NOTHING_TO_SEND;
  let status: number;
  try {
    if (file.size < offset + byteCount) return await sendCopy(delivery, record, name, "update");
    const command = upperOf(record.op) === Op.APPEND ? syncAppendFile : syncModifyFile;
    const { timestamp } = record;
    const fields = { offset, byteCount, timestamp, groupName: delivery.groupName, fileName: name };
    const piece = isPiece(byteCount) ? readPiece(file.fd, offset, byteCount) : null;
    status =
      piece === null
        ? await delivery.link.stream(command, fields, piecesOf(file.fd, offset, byteCount), byteCount)
        : await delivery.link.askWith(command, fields, piece);
  } finally {
    file.close();
  }
  if (status === Status.OK) delivery.countBytes(byteCount);
  return ended(delivery, record, status);
}

/** Returns the refusing status, 0 for success. */
export async function sendTruncation(delivery: Delivery, record: BinlogRecord): Promise<number> {
  const { name, first: oldSize, second: newSize, timestamp } = record;
  const file = openForSending(delivery, name);
  if (file === null) return NOTHING_TO_SEND;
  file.close();
  const { groupName } = delivery;
  const fields = { oldSize, newSize, timestamp, groupName, fileName: name };
  return ended(delivery, record, await delivery.link.ask(syncTruncateFile, fields));
}

/** 17: it has been applied before. 2: the peer's file is missing or too short. */
function ended(delivery: Delivery, record: BinlogRecord, status: number): Promise<number> | number {
  if (status === Status.ENOENT) return sendCopy(delivery, record, record.name, "update");
  return status === Status.EEXIST ? Status.OK : status;
}
