// SYNC_APPEND_FILE and SYNC_MODIFY_FILE (storage.md §3.4): a range of a file changed elsewhere. The same range twice is
// harmless; one that does not fit answers 2, which makes the source send the whole file.

import { lstatSync } from "node:fs";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { syncAppendFile } from "../../wire/storage-sync.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { isGoneForGood } from "./local-state.ts";
import { noteSource, recorded, syncHeadSize } from "./sync-common.ts";
import { rangeSink } from "./write-range.ts";

const FIXED_SIZE = 44;

/** What a file of `size` bytes does with an append at `offset`: null means write. */
function judgeAppend(size: number, offset: number, byteCount: number): number | null {
  if (size === offset) return null;
  return size >= offset + byteCount ? Status.EEXIST : Status.ENOENT;
}

/** The same for a range that is overwritten. */
function judgeModify(size: number, offset: number): number | null {
  return size < offset ? Status.ENOENT : null;
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
      const stat = lstatSync(path, { throwIfNoEntry: false });
      // Discarded ranges count as received too (storage.md §7.5).
      const refuse = (status: number): void => {
        noteSource(session, timestamp);
        connection.replyStatus(status);
      };
      if (stat === undefined || !stat.isFile()) {
        // Asked for the whole file, the source would bring back what was deleted here.
        refuse(stat === undefined && !isGoneForGood(worker, fileName) ? Status.ENOENT : Status.EEXIST);
        return null;
      }
      const judge = isAppend ? judgeAppend : judgeModify;
      return rangeSink(
        session,
        {
          name: fileName,
          // The source repeats what it got no answer to.
          intent: null,
          path,
          position(file) {
            const status = judge(file.size, offset, byteCount);
            return status === null ? { at: offset } : { status };
          },
          done(file) {
            worker.counters[Counter.totalSyncInBytes]! += byteCount;
            worker.counters[Counter.successSyncInBytes]! += byteCount;
            file.setModifiedAt(timestamp);
            const op = isAppend ? Op.SYNC_APPEND : Op.SYNC_MODIFY;
            const record = formatRecord(timestamp, op, `${fileName} ${offset} ${byteCount}`);
            return recorded(session, record, timestamp, Status.OK);
          },
          interrupted(file, at) {
            // The source repeats the record: only an append must not stay half.
            if (isAppend) file.truncate(at);
            return null;
          },
          refuse,
          fail: (error) => session.failWith(error),
        },
        byteCount,
      );
    },
  };
}

export const syncAppendRoute = route(true);
export const syncModifyRoute = route(false);
