// TRUNCATE_FILE (storage.md §2.5): shorter or, with zero bytes, longer; the same size is a success without a record.

import type { WholeRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { truncateFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { Counter } from "../scoreboard/counters.ts";
import { locateAppender, OpenFile } from "./appender-file.ts";
import { whileLocked } from "./while-locked.ts";

const counters: OperationCounters = {
  total: Counter.totalTruncateCount,
  success: Counter.successTruncateCount,
};

export const truncateRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("truncate", header);
    const { newSize, fileName } = truncateFile.request.parse(body);
    session.fileName = fileName;
    if (newSize < 0) throw new ProtocolError(`Cannot truncate to ${newSize}`);
    const { worker } = session;
    const { path } = locateAppender(worker, fileName);
    whileLocked(session, fileName, () => {
      const file = new OpenFile(worker, path);
      try {
        const oldSize = file.size;
        if (oldSize === newSize) {
          session.replyDone();
          return null;
        }
        countTried(worker, counters);
        worker.commits.intend(Op.TRUNCATE, fileName);
        file.truncate(newSize);
        file.flush();
        return {
          record: formatRecord(file.modifiedAt, Op.TRUNCATE, `${fileName} ${oldSize} ${newSize}`),
          waiter: new ClientCompletion(session, counters, 0, null, null),
        };
      } finally {
        file.close();
      }
    });
  },
};
