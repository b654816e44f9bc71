// MODIFY_FILE (storage.md §2.4). A small one happens whole or not at all; what an interrupted large one has written stays
// and gets its own record, so that replicas follow. C leaves it unrecorded and the copies differ.

import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { modifyFile } from "../../wire/storage-client.ts";
import type { Committed, Outcome } from "../binlog/commit-queue.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { Counter } from "../scoreboard/counters.ts";
import { headSizeWithName, locateAppender, type OpenFile } from "./appender-file.ts";
import { rangeSink } from "./write-range.ts";

const FIXED_SIZE = 24;
const counters: OperationCounters = {
  total: Counter.totalModifyCount,
  success: Counter.successModifyCount,
  totalBytes: Counter.totalModifyBytes,
  successBytes: Counter.successModifyBytes,
};

export const modifyRoute: StreamRoute<Session> = {
  kind: "stream",
  headSize: (head) => headSizeWithName(head, FIXED_SIZE),
  start(session, head, streamLength, header): BodySink | null {
    session.begin("modify", header);
    const { offset, byteCount, fileName } = modifyFile.request.parse(head);
    session.fileName = fileName;
    if (byteCount !== streamLength)
      throw new ProtocolError(`Cannot modify: ${byteCount} bytes announced, ${streamLength} follow`);
    if (offset < 0) throw new ProtocolError(`Cannot modify at ${offset}`);
    const { worker } = session;
    const { path } = locateAppender(worker, fileName);
    const outcome = (file: OpenFile, at: number, count: number, waiter: Committed): Outcome => ({
      record: formatRecord(file.modifiedAt, Op.MODIFY, `${fileName} ${at} ${count}`),
      waiter,
    });
    return rangeSink(
      session,
      {
        name: fileName,
        intent: Op.MODIFY,
        path,
        position: (file) => (offset > file.size ? { status: Status.EINVAL } : { at: offset }),
        done(file, at) {
          if (byteCount === 0) {
            session.replyDone();
            return null;
          }
          countTried(worker, counters, byteCount);
          return outcome(file, at, byteCount, new ClientCompletion(session, counters, byteCount, null, null));
        },
        interrupted(file, at, written) {
          countTried(worker, counters, byteCount);
          return written === 0 ? null : outcome(file, at, written, { committed() {} });
        },
        refuse: (status) => session.fail(status),
        fail: (error) => session.failWith(error),
      },
      byteCount,
    );
  },
};
