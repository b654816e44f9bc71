// DELETE_FILE (storage.md §2.6): the file, then its metadata; the records follow in one append. Slaves stay.

import { existsSync, unlinkSync } from "node:fs";
import { readFileName } from "../../fileid/file-id.ts";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { deleteFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup, locate, metadataOf, type StoredName } from "../io/store-paths.ts";
import { factsOf, linkTarget } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { Counter } from "../scoreboard/counters.ts";
import { countingRemoval } from "./counting-removal.ts";
import { noteDeleted, ownChange, ownTimestamp } from "./local-state.ts";
import { removeStored } from "./remove-stored.ts";
import { whileLocked } from "./while-locked.ts";

const fileCounters: OperationCounters = {
  total: Counter.totalDeleteCount,
  success: Counter.successDeleteCount,
};
const linkCounters: OperationCounters = {
  total: Counter.totalDeleteLinkCount,
  success: Counter.successDeleteLinkCount,
};
export const deleteRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("delete", header);
    const { groupName, fileName } = deleteFile.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    const stored = locate(worker, fileName);
    session.fileName = fileName;
    whileLocked(session, fileName, () => {
      const facts = factsOf(worker, stored);
      if (facts === null) throw new ProtocolError(`Cannot find ${fileName}`, Status.ENOENT);
      if (facts.kind === "other") throw new ProtocolError(`${fileName} is no file`);
      const isLink = facts.kind === "link";
      const counters = isLink ? linkCounters : fileCounters;
      countTried(worker, counters);
      // The hidden file behind a slave that is a link (store_slave_file_use_link) goes with its link.
      const isSlave = isSlaveName(fileName);
      const hidden = isLink && isSlave ? linkTarget(worker, stored, facts) : null;
      const wasRemoved = isLink && !isSlave ? countingRemoval(worker, stored, facts) : null;
      const timestamp = ownTimestamp(worker, stored);
      let records = hidden === null ? "" : deleteHidden(worker, hidden, timestamp);
      worker.commits.intend(Op.DELETE, fileName);
      removeStored(worker, stored, facts);
      records += recordOf(worker, fileName, timestamp);
      const metadata = metadataOf(stored);
      if (existsSync(metadata.path)) {
        const metadataTimestamp = ownTimestamp(worker, metadata);
        worker.commits.intend(Op.DELETE, metadata.name);
        unlinkSync(metadata.path);
        records += recordOf(worker, metadata.name, metadataTimestamp);
      }
      const answered = new ClientCompletion(session, counters, 0, null, null);
      const committed = (status: number): void => {
        answered.committed(status);
        wasRemoved?.();
      };
      return { record: records, waiter: wasRemoved === null ? answered : { committed } };
    });
  },
};

/** Made from a master's name (C: storage_is_slave_file). */
function isSlaveName(fileName: string): boolean {
  try {
    return readFileName(fileName).kind === "slave";
  } catch {
    return false;
  }
}

function recordOf(worker: WorkerContext, name: string, timestamp: number): string {
  noteDeleted(worker, name, ownChange(timestamp));
  return formatRecord(timestamp, Op.DELETE, name);
}

function deleteHidden(worker: WorkerContext, hidden: StoredName, timestamp: number): string {
  const facts = factsOf(worker, hidden);
  if (facts?.kind !== "file") return "";
  worker.commits.intend(Op.DELETE, hidden.name);
  removeStored(worker, hidden, facts);
  return recordOf(worker, hidden.name, timestamp);
}
