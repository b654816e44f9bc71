// APPEND_FILE (storage.md §2.3). Appends of one file are one after another, so the start offset in the record is the true
// one; an interrupted append is cut off again.

import { truncateSync } from "node:fs";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { appendFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { Counter } from "../scoreboard/counters.ts";
import { headSizeWithName, locateAppender } from "./appender-file.ts";
import { rangeSink } from "./write-range.ts";

const FIXED_SIZE = 16;
const counters: OperationCounters = {
  total: Counter.totalAppendCount,
  success: Counter.successAppendCount,
  totalBytes: Counter.totalAppendBytes,
  successBytes: Counter.successAppendBytes,
};

export const appendRoute: StreamRoute<Session> = {
  kind: "stream",
  headSize: (head) => headSizeWithName(head, FIXED_SIZE),
  start(session, head, streamLength, header): BodySink | null {
    session.begin("append", header);
    const { byteCount, fileName } = appendFile.request.parse(head);
    session.fileName = fileName;
    if (byteCount !== streamLength)
      throw new ProtocolError(`Cannot append: ${byteCount} bytes announced, ${streamLength} follow`);
    const { worker } = session;
    const { path, storePathIndex } = locateAppender(worker, fileName);
    if (byteCount > 0 && !worker.scoreboard.hasSpace(storePathIndex, byteCount))
      throw new ProtocolError("no space", Status.ENOSPC);
    // Nothing to append: answered without a record, and without the echo of C (storage.md §2.5).
    if (byteCount === 0) {
      session.replyDone();
      return null;
    }
    return rangeSink(
      session,
      {
        name: fileName,
        intent: Op.APPEND,
        path,
        position: (file) => ({ at: file.size }),
        done(file, at) {
          countTried(worker, counters, byteCount);
          const undo = (): void => truncateSync(path, at);
          return {
            record: formatRecord(file.modifiedAt, Op.APPEND, `${fileName} ${at} ${byteCount}`),
            waiter: new ClientCompletion(session, counters, byteCount, null, undo),
          };
        },
        interrupted(file, at) {
          countTried(worker, counters, byteCount);
          file.truncate(at);
          return null;
        },
        refuse: (status) => session.fail(status),
        fail: (error) => session.failWith(error),
      },
      byteCount,
    );
  },
};
