// The table of a storage: command number to operation. What is not in it answers 22.

import type { Route, StreamRoute, WholeRoute } from "../../net/frame-protocol.ts";
import { activeTest, quit } from "../../wire/common-commands.ts";
import { listStoredFiles, replicationStatus, trunkStatus } from "../../wire/own-commands.ts";
import { Status } from "../../wire/status.ts";
import * as client from "../../wire/storage-client.ts";
import * as sync from "../../wire/storage-sync.ts";
import type { Session } from "../io/session.ts";
import { appendRoute } from "./append.ts";
import { createLinkRoute } from "./create-link.ts";
import { deleteRoute } from "./delete.ts";
import { downloadRoute } from "./download.ts";
import { getMetadataRoute, setMetadataRoute } from "./metadata.ts";
import { modifyRoute } from "./modify.ts";
import { onePathBinlogRoute, storedFilesRoute } from "./one-path-binlog.ts";
import { queryInfoRoute } from "./query-info.ts";
import { regenerateRoute } from "./regenerate.ts";
import { replicationStatusRoute } from "./replication-status.ts";
import { syncCreateRoute, syncUpdateRoute } from "./sync-copy.ts";
import { syncAppendRoute, syncModifyRoute } from "./sync-range.ts";
import {
  reportServerIdRoute,
  syncCreateLinkRoute,
  syncDeleteRoute,
  syncRenameRoute,
  syncTruncateRoute,
} from "./sync-small.ts";
import { truncateRoute } from "./truncate.ts";
import { trunkAllocConfirmRoute, trunkAllocSpaceRoute, trunkFreeSpaceRoute } from "./trunk-allocation.ts";
import {
  deleteBinlogMarksRoute,
  truncateBinlogRoute,
  trunkBinlogSizeRoute,
  trunkSyncBinlogRoute,
} from "./trunk-binlog.ts";
import { trunkStatusRoute } from "./trunk-status.ts";
import { uploadAppenderRoute, uploadRoute } from "./upload.ts";
import { uploadSlaveRoute } from "./upload-slave.ts";

const activeTestRoute: WholeRoute<Session> = {
  kind: "whole",
  handle: ({ connection }, body) => connection.replyStatus(body.length === 0 ? Status.OK : Status.EINVAL),
};

const quitRoute: WholeRoute<Session> = {
  kind: "whole",
  handle: ({ connection }) => connection.destroy(),
};

const operations: readonly (readonly [{ readonly number: number }, Route<Session>])[] = [
  [quit, quitRoute],
  [activeTest, activeTestRoute],
  [client.uploadFile, uploadRoute],
  [client.uploadAppenderFile, uploadAppenderRoute],
  [client.uploadSlaveFile, uploadSlaveRoute],
  [client.appendFile, appendRoute],
  [client.modifyFile, modifyRoute],
  [client.truncateFile, truncateRoute],
  [client.regenerateAppenderFilename, regenerateRoute],
  [client.deleteFile, deleteRoute],
  [client.downloadFile, downloadRoute],
  [client.setMetadata, setMetadataRoute],
  [client.getMetadata, getMetadataRoute],
  [client.queryFileInfo, queryInfoRoute],
  [client.createLink, createLinkRoute],
  [sync.reportServerId, reportServerIdRoute],
  [sync.syncCreateFile, syncCreateRoute],
  [sync.syncUpdateFile, syncUpdateRoute],
  [sync.syncDeleteFile, syncDeleteRoute],
  [sync.syncAppendFile, syncAppendRoute],
  [sync.syncModifyFile, syncModifyRoute],
  [sync.syncTruncateFile, syncTruncateRoute],
  [sync.syncRenameFile, syncRenameRoute],
  [sync.syncCreateLink, syncCreateLinkRoute],
  [sync.fetchOnePathBinlog, onePathBinlogRoute],
  [sync.trunkAllocSpace, trunkAllocSpaceRoute],
  [sync.trunkAllocConfirm, trunkAllocConfirmRoute],
  [sync.trunkFreeSpace, trunkFreeSpaceRoute],
  [sync.trunkSyncBinlog, trunkSyncBinlogRoute],
  [sync.trunkGetBinlogSize, trunkBinlogSizeRoute],
  [sync.trunkDeleteBinlogMarks, deleteBinlogMarksRoute],
  [sync.trunkTruncateBinlogFile, truncateBinlogRoute],
  [replicationStatus, replicationStatusRoute],
  [trunkStatus, trunkStatusRoute],
  [listStoredFiles, storedFilesRoute],
];

/** Refusals end as every operation does, with their line in the access log. */
function answering(session: Session, error: unknown): null {
  session.failWith(error);
  return null;
}

function withAnswers(route: Route<Session>): Route<Session> {
  if (route.kind === "whole") {
    const whole: WholeRoute<Session> = {
      kind: "whole",
      handle(session, body, header) {
        try {
          route.handle(session, body, header);
        } catch (error) {
          answering(session, error);
        }
      },
    };
    return whole;
  }
  const stream: StreamRoute<Session> = {
    ...route,
    start(session, head, streamLength, header) {
      try {
        return route.start(session, head, streamLength, header);
      } catch (error) {
        return answering(session, error);
      }
    },
  };
  return stream;
}

/** Every command a storage serves. */
export const storageRoutes: ReadonlyMap<number, Route<Session>> = new Map(
  operations.map(([command, route]) => [command.number, withAnswers(route)]),
);
