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
import type { Outcome } from "../binlog/commit-queue.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory, inDirectory, renameWithoutReplacing } from "../io/new-file.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate, type StoredName } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import { judgeDeletion, judgeLink, judgeRename } from "../replication/judge.ts";
import { slotPlaceOf } from "../trunk/slot-place.ts";
import { OpenFile } from "./appender-file.ts";
import { checksumOf } from "./checksum.ts";
import { countingRemoval } from "./counting-removal.ts";
import { incoming, isGoneForGood, localState, noteDeleted, noteWritten } from "./local-state.ts";
import { removeCopy } from "./remove-stored.ts";
import { lockNameOf, noteSource, recorded } from "./sync-common.ts";
import { putLinkIntoSlot } from "./sync-slot.ts";
import { whileLocked, whileLockedAsync } from "./while-locked.ts";

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
    const { worker } = session;
    const stored = locate(worker, fileName);
    whileLocked(session, lockNameOf(fileName), () => {
      const change = incoming(session, timestamp);
      const state = localState(worker, stored);
      const isKnown = state.version?.isDeleted === true && state.version.timestamp >= timestamp;
      if (!judgeDeletion(fileName, change, state) || (state.file === null && isKnown)) {
        session.connection.replyStatus(Status.ENOENT);
        return null;
      }
      const facts = factsOf(worker, stored);
      // An index of our own hears of links that are deleted elsewhere from nobody else.
      const isOurs = facts?.kind === "link" && worker.duplicates?.isOwnIndex === true;
      const wasRemoved = isOurs ? countingRemoval(worker, stored, facts) : null;
      if (facts !== null) worker.commits.intend(Op.SYNC_DELETE, fileName);
      if (facts !== null) removeCopy(worker, stored, facts);
      noteDeleted(worker, fileName, change);
      wasRemoved?.();
      const record = formatRecord(timestamp, Op.SYNC_DELETE, fileName);
      if (state.file !== null) return recorded(session, record, timestamp, Status.OK);
      // Recorded too: its creation may still be on the way from another storage. As in C it does not count as progress.
      const committed = (status: number): void =>
        session.connection.replyStatus(status === Status.OK ? Status.ENOENT : status);
      return { record, waiter: { committed } };
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
      const isMissing = stat === undefined && !isGoneForGood(session.worker, fileName);
      const isFit = stat?.isFile() === true && (stat.size === oldSize || isBetween(stat.size, newSize, oldSize));
      const status = isMissing ? Status.ENOENT : isFit ? null : Status.EEXIST;
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

/** An append of what was cut off since never came: the source skips a range that it does not have any more. */
const isBetween = (size: number, newSize: number, oldSize: number): boolean => newSize < size && size < oldSize;

export const syncRenameRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { timestamp, groupName, newName, oldName } = syncRenameFile.request.parse(body);
    checkGroup(session.worker, groupName);
    checkNames(newName, oldName);
    const { worker } = session;
    const target = locate(worker, newName);
    const source = locate(worker, oldName);
    whileLockedAsync(session, oldName, async () => {
      if (existsSync(target.path) || isGoneForGood(worker, newName)) {
        session.connection.replyStatus(Status.EEXIST);
        return null;
      }
      // A file of other content is not what was renamed: the source sends the whole file.
      const isHere = lstatSync(source.path, { throwIfNoEntry: false }) !== undefined;
      if (!isHere || !judgeRename(newName, await checksumOf(source.path, () => !session.connection.isClosed))) {
        return dropOld(session, source, timestamp);
      }
      renameWithoutReplacing(source.path, target.path);
      flushDirectory(worker, target.path);
      noteDeleted(worker, oldName, incoming(session, timestamp));
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

/** The old name has gone at its source, and a C source does not delete it elsewhere. Answers 2: the new file is wanted. */
function dropOld(session: Session, old: StoredName, timestamp: number): Outcome | null {
  const { worker, connection } = session;
  if (lstatSync(old.path, { throwIfNoEntry: false }) === undefined) {
    connection.replyStatus(Status.ENOENT);
    return null;
  }
  unlinkSync(old.path);
  flushDirectory(worker, old.path);
  noteDeleted(worker, old.name, incoming(session, timestamp));
  return {
    record: formatRecord(timestamp, Op.SYNC_DELETE, old.name),
    waiter: { committed: (result) => connection.replyStatus(result === Status.OK ? Status.ENOENT : result) },
  };
}

export const syncCreateLinkRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { timestamp, groupName, linkName, sourceName } = syncCreateLink.request.parse(body);
    checkGroup(session.worker, groupName);
    checkNames(linkName, sourceName);
    const { worker } = session;
    const link = locate(worker, linkName);
    const source = locate(worker, sourceName);
    whileLocked(session, linkName, () => {
      const change = incoming(session, timestamp);
      // Also when its file is not here yet: that may come from another storage, later.
      if (judgeLink(linkName, change, localState(worker, link))) {
        noteWritten(worker, linkName, change);
        const place = slotPlaceOf(link);
        if (place === null || !putLinkIntoSlot(worker, link, place, sourceName)) {
          inDirectory(link.path, () => symlinkSync(source.path, link.path));
          flushDirectory(worker, link.path);
        }
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
