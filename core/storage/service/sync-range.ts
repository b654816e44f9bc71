// SYNC_APPEND_FILE and SYNC_MODIFY_FILE (storage.md §3.4): a range of a file changed elsewhere. The same range twice is
// harmless; one that does not fit answers 2, which makes the source send the whole file.

import { lstatSync, utimesSync } from "node:fs";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { syncAppendFile } from "../../wire/storage-sync.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { noteSource, replyRecorded, syncHeadSize } from "./sync-common.ts";
import { RangeWriter } from "./write-range.ts";

const FIXED_SIZE = 44;

/** What a file of `size` bytes does with an append at `offset`: null means write. */
function judgeAppend(size: number, offset: number, byteCount: number): number | null {
  if (size === offset) return null;
  return size >= offset + byteCount ? Status.EEXIST : Status.ENOENT;
}

function route(isAppend: boolean): StreamRoute<Session> {
  return {
    kind: "stream",
    headSize: (head) => syncHeadSize(head, FIXED_SIZE),
    start(session, head, streamLength): BodySink | null {
      const { offset, byteCount, timestamp, groupName, fileName } = syncAppendFile.request.parse(head);
      const { worker, connection } = session;
      checkGroup(worker, groupName);
      const { path } = locate(worker, fileName);
      if (offset < 0 || byteCount < 0 || byteCount !== streamLength) {
        throw new ProtocolError(`Cannot take ${byteCount} bytes at ${offset}: ${streamLength} follow`);
      }
      const refuse = (status: number): void => {
        noteSource(session, timestamp);
        connection.replyStatus(status);
      };
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || !stat.isFile()) {
        refuse(stat === undefined ? Status.ENOENT : Status.EEXIST);
        return null;
      }
      const writer = new RangeWriter(session, {
        name: fileName,
        path,
        position(file) {
          const status = isAppend
            ? judgeAppend(file.size, offset, byteCount)
            : file.size < offset
              ? Status.ENOENT
              : null;
          return status === null ? { at: offset } : { status };
        },
        done() {
          worker.counters[Counter.totalSyncInBytes]! += byteCount;
          worker.counters[Counter.successSyncInBytes]! += byteCount;
          utimesSync(path, timestamp, timestamp);
          const op = isAppend ? Op.SYNC_APPEND : Op.SYNC_MODIFY;
          replyRecorded(
            session,
            formatRecord(timestamp, op, `${fileName} ${offset} ${byteCount}`),
            timestamp,
            Status.OK,
          );
        },
        interrupted(file, at, _written, status) {
          // The source repeats the record: only an append must not stay half.
          if (isAppend) file.truncate(at);
          if (status !== null) connection.replyStatus(status);
        },
        refuse,
      });
      writer.begin();
      return writer;
    },
  };
}

export const syncAppendRoute = route(true);
export const syncModifyRoute = route(false);
