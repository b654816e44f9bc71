// The commands of other storages without content: announce, delete, truncate, rename, link (storage.md §3.1, §3.3,
// §3.5-§3.7). Answers carry no body; C echoes the request of a rename, which its own sender takes for an error.

import { existsSync, lstatSync, symlinkSync, unlinkSync } from "node:fs";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import {
  reportServerId,
  syncCreateLink,
  syncDeleteFile,
  syncRenameFile,
  syncTruncateFile,
} from "../../wire/storage-sync.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory, inDirectory, renameWithoutReplacing } from "../io/new-file.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import { OpenFile } from "./appender-file.ts";
import { noteSource, recorded } from "./sync-common.ts";
import { whileLocked } from "./while-locked.ts";

export const reportServerIdRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { storageId } = reportServerId.request.parse(body);
    if (storageId === "") throw new ProtocolError("Cannot use an empty storage id");
    session.peerId = storageId;
    session.connection.replyStatus(Status.OK);
  },
};

export const syncDeleteRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { timestamp, groupName, fileName } = syncDeleteFile.request.parse(body);
    checkGroup(session.worker, groupName);
    const { path } = locate(session.worker, fileName);
    whileLocked(session, fileName, () => {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
        session.connection.replyStatus(Status.ENOENT);
        return null;
      }
      unlinkSync(path);
      flushDirectory(session.worker, path);
      return recorded(session, formatRecord(timestamp, Op.SYNC_DELETE, fileName), timestamp, Status.OK);
    });
  },
};

export const syncTruncateRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { oldSize, newSize, timestamp, groupName, fileName } = syncTruncateFile.request.parse(body);
    checkGroup(session.worker, groupName);
    if (oldSize < 0 || newSize < 0) throw new ProtocolError(`Cannot truncate from ${oldSize} to ${newSize}`);
    const { path } = locate(session.worker, fileName);
    whileLocked(session, fileName, () => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      const status =
        stat === undefined ? Status.ENOENT : !stat.isFile() || stat.size !== oldSize ? Status.EEXIST : null;
      if (status !== null) {
        noteSource(session, timestamp);
        session.connection.replyStatus(status);
        return null;
      }
      const file = new OpenFile(session.worker, path);
      try {
        file.truncate(newSize);
        file.setModifiedAt(timestamp);
        file.flush();
      } finally {
        file.close();
      }
      const record = formatRecord(timestamp, Op.SYNC_TRUNCATE, `${fileName} ${oldSize} ${newSize}`);
      return recorded(session, record, timestamp, Status.OK);
    });
  },
};

export const syncRenameRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { timestamp, groupName, newName, oldName } = syncRenameFile.request.parse(body);
    checkGroup(session.worker, groupName);
    checkNames(newName, oldName);
    const target = locate(session.worker, newName);
    const source = locate(session.worker, oldName);
    whileLocked(session, oldName, () => {
      if (existsSync(target.path)) {
        session.connection.replyStatus(Status.EEXIST);
        return null;
      }
      renameWithoutReplacing(source.path, target.path);
      flushDirectory(session.worker, target.path);
      const record = formatRecord(timestamp, Op.SYNC_RENAME, `${newName} ${oldName}`);
      // A rename does not count as progress of its source (storage.md §7.5).
      return {
        record,
        waiter: {
          committed: (status) => session.connection.replyStatus(status),
        },
      };
    });
  },
};

export const syncCreateLinkRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { timestamp, groupName, linkName, sourceName } = syncCreateLink.request.parse(body);
    checkGroup(session.worker, groupName);
    checkNames(linkName, sourceName);
    const link = locate(session.worker, linkName);
    const source = locate(session.worker, sourceName);
    whileLocked(session, linkName, () => {
      const isNeeded = lstatSync(link.path, { throwIfNoEntry: false }) === undefined && existsSync(source.path);
      if (isNeeded) {
        inDirectory(link.path, () => symlinkSync(source.path, link.path));
        flushDirectory(session.worker, link.path);
      }
      const record = formatRecord(timestamp, Op.SYNC_LINK, `${linkName} ${sourceName}`);
      return recorded(session, record, timestamp, Status.OK);
    });
  },
};

function checkNames(...names: readonly string[]): void {
  for (const name of names) {
    if (name.length >= LOGIC_NAME_LIMIT) throw new ProtocolError(`Cannot use a name of ${name.length} bytes`);
  }
}
