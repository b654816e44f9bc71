// DELETE_FILE (storage.md §2.6): the file, then its metadata; the records follow in one append. Slaves stay.

import { existsSync, lstatSync, readlinkSync, unlinkSync } from "node:fs";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { deleteFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory } from "../io/new-file.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { Counter } from "../scoreboard/counters.ts";
import { noteDeleted, ownChange, ownTimestamp } from "./local-state.ts";
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
    const { path } = locate(worker, fileName);
    session.fileName = fileName;
    whileLocked(session, fileName, () => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) throw new ProtocolError(`Cannot find ${fileName}`, Status.ENOENT);
      if (!stat.isFile() && !stat.isSymbolicLink()) throw new ProtocolError(`${fileName} is no file`);
      const counters = stat.isSymbolicLink() ? linkCounters : fileCounters;
      countTried(worker, counters);
      const target = stat.isSymbolicLink() ? slaveTarget(session, fileName, path) : null;
      const timestamp = ownTimestamp(worker, { name: fileName, path });
      worker.commits.intend(Op.DELETE, fileName);
      unlinkSync(path);
      const metadata = { name: `${fileName}-m`, path: `${path}-m` };
      let records = target === null ? "" : recordOf(worker, target, timestamp);
      records += recordOf(worker, fileName, timestamp);
      if (existsSync(metadata.path)) {
        const metadataTimestamp = ownTimestamp(worker, metadata);
        worker.commits.intend(Op.DELETE, metadata.name);
        unlinkSync(metadata.path);
        records += recordOf(worker, metadata.name, metadataTimestamp);
      }
      flushDirectory(worker, path);
      return {
        record: records,
        waiter: new ClientCompletion(session, counters, 0, null, null),
      };
    });
  },
};

function recordOf(worker: WorkerContext, name: string, timestamp: number): string {
  noteDeleted(worker, name, ownChange(timestamp));
  return formatRecord(timestamp, Op.DELETE, name);
}

/** The hidden file behind a slave that is a link (store_slave_file_use_link): it goes with its link. */
function slaveTarget(session: Session, fileName: string, path: string): string | null {
  const isSlave = fileName.length > 60;
  const data = /^(.*)\/data\/([0-9A-F]{2}\/[0-9A-F]{2}\/[^/]+)$/.exec(isSlave ? readlinkSync(path) : "");
  const index = session.worker.config.storePaths.findIndex((store) => store.path === data?.[1]);
  if (data === null || index < 0) return null;
  const name = `M${index.toString(16).toUpperCase().padStart(2, "0")}/${data[2]}`;
  session.worker.commits.intend(Op.DELETE, name);
  unlinkSync(`${data[1]}/data/${data[2]}`);
  return name;
}
