// MODIFY_FILE (storage.md §2.4). What an interrupted modify has written stays and gets its own record, so that replicas
// follow; C leaves it unrecorded and the copies differ.

import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { modifyFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { Counter } from "../scoreboard/counters.ts";
import { headSizeWithName, locateAppender } from "./appender-file.ts";
import { RangeWriter } from "./write-range.ts";

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
    const completion = (): ClientCompletion => new ClientCompletion(session, counters, byteCount, null, null);
    const writer = new RangeWriter(session, {
      name: fileName,
      path,
      position: (file) => (offset > file.size ? { status: Status.EINVAL } : { at: offset }),
      done: (file, at) => {
        if (byteCount === 0) {
          session.replyDone();
          return;
        }
        countTried(worker, counters, byteCount);
        worker.commits.push(formatRecord(file.modifiedAt, Op.MODIFY, `${fileName} ${at} ${byteCount}`), completion());
      },
      interrupted: (file, at, written, status) => {
        countTried(worker, counters, byteCount);
        if (written > 0) {
          const record = formatRecord(file.modifiedAt, Op.MODIFY, `${fileName} ${at} ${written}`);
          worker.commits.push(record, { committed() {} });
        }
        if (status !== null) session.fail(status);
      },
      refuse: (status) => session.fail(status),
    });
    writer.begin();
    return writer;
  },
};
