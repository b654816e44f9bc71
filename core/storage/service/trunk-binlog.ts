// The trunk binlog as other servers see it: 30 brings lines of it, 33 begins it anew, 32 makes ready for taking the role
// over, 31 tells its size (trunk-dedup-recovery.md §1.10). All but the size are refused without trunk files and by the trunk
// server itself: its own binlog is the true one.

import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { trunkDeleteBinlogMarks, trunkGetBinlogSize, trunkTruncateBinlogFile } from "../../wire/storage-sync.ts";
import type { Session } from "../io/session.ts";
import { type TrunkPaths, trunkPaths } from "../trunk/role/paths.ts";
import { appendLines, forgetRole, truncateBinlog, trunkBinlogSize } from "../trunk/role/received-binlog.ts";
import { readTrunkNotice, type TrunkNotice } from "../trunk/trunk-notice.ts";

const LF = 10;
const PACKAGE_MAX = 64 * 1024;

function requireTrunkFiles({ worker }: Session): TrunkNotice {
  const notice = readTrunkNotice(worker.scoreboard.notice("trunk").text);
  if (notice === null) throw new ProtocolError("Cannot tell of a trunk binlog: use_trunk_file is off");
  return notice;
}

/** The files, for a storage that has a copy; throws what answers 22 otherwise. */
function copyPaths(session: Session): { readonly paths: TrunkPaths; readonly maxBackups: number } {
  const notice = requireTrunkFiles(session);
  const { worker, peerId } = session;
  if (notice.isSelf) throw new ProtocolError("Cannot take another trunk binlog: this storage is the trunk server");
  // A former trunk server that was stopped for a while may still have lines on the way.
  if (peerId !== "" && notice.server !== null && notice.server.id !== peerId) {
    throw new ProtocolError(`Cannot take a trunk binlog of ${peerId}: the trunk server is ${notice.server.id}`);
  }
  return { paths: trunkPaths(worker.config.basePath), maxBackups: notice.binlogMaxBackups };
}

export const trunkSyncBinlogRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { paths } = copyPaths(session);
    if (body.length === 0 || body.length > PACKAGE_MAX || body.at(-1) !== LF) {
      throw new ProtocolError(`Cannot use ${body.length} bytes as lines of the trunk binlog`);
    }
    appendLines(paths, body);
    session.replyDone();
  },
};

export const trunkBinlogSizeRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    trunkGetBinlogSize.request.parse(body);
    requireTrunkFiles(session);
    session.worker.trunk.flush();
    const size = trunkBinlogSize(trunkPaths(session.worker.config.basePath));
    session.reply(encodeResponse(trunkGetBinlogSize, { size }));
  },
};

export const deleteBinlogMarksRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    trunkDeleteBinlogMarks.request.parse(body);
    forgetRole(copyPaths(session).paths, session.worker.config.basePath);
    session.replyDone();
  },
};

export const truncateBinlogRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    trunkTruncateBinlogFile.request.parse(body);
    const { paths, maxBackups } = copyPaths(session);
    truncateBinlog(paths, maxBackups, new Date());
    session.replyDone();
  },
};
