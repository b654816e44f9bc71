// DOWNLOAD_FILE (storage.md §2.7): the announced length is exact, the content leaves without passing through this
// program's memory where it is larger than a few pages.

import { closeSync, existsSync, fstatSync, openSync } from "node:fs";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeHeader, RESPONSE_COMMAND } from "../../wire/header.ts";
import { HEADER_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { downloadFile } from "../../wire/storage-client.ts";
import { countDone, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { downloadThrough, isMissing, mayReadThrough } from "./read-through.ts";

/** Of the file with a file's metadata (storage.md §2.8). */
const METADATA_SUFFIX = "-m";
const counters: OperationCounters = {
  total: Counter.totalDownloadCount,
  success: Counter.successDownloadCount,
  totalBytes: Counter.totalDownloadBytes,
  successBytes: Counter.successDownloadBytes,
};

export const downloadRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("download", header);
    const { offset, byteCount, groupName, fileName } = downloadFile.request.parse(body);
    const { worker } = session;
    if (offset < 0 || byteCount < 0) throw new ProtocolError(`Cannot download ${byteCount} bytes at ${offset}`);
    checkGroup(worker, groupName);
    const { path } = locate(worker, fileName);
    session.fileName = fileName;
    worker.counters[Counter.totalFileOpenCount]! += 1;
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch (error) {
      // Most files have no metadata: the others are not asked for it when the file itself is here.
      const isAbsentMetadata = path.endsWith(METADATA_SUFFIX) && existsSync(path.slice(0, -METADATA_SUFFIX.length));
      if (!isMissing(error) || isAbsentMetadata || !mayReadThrough(session, fileName)) throw error;
      downloadThrough(session, { offset, byteCount, groupName, fileName }, counters);
      return;
    }
    worker.counters[Counter.successFileOpenCount]! += 1;
    let length: number;
    try {
      length = lengthToSend(fd, offset, byteCount);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    countTried(worker, counters, length);
    const head = encodeHeader({
      bodyLength: length,
      command: RESPONSE_COMMAND,
      status: Status.OK,
    });
    worker.counters[Counter.totalFileReadCount]! += 1;
    session.connection.replyFile(head, fd, offset, length, (error, bytesSent) => {
      closeSync(fd);
      if (error === null) {
        worker.counters[Counter.successFileReadCount]! += 1;
        countDone(worker, counters, length);
      }
      session.record(error === null ? Status.OK : Status.EIO, HEADER_SIZE + bytesSent);
    });
  },
};

/** Clips the wanted count to the file; throws 21 or 22. */
function lengthToSend(fd: number, offset: number, byteCount: number): number {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw new ProtocolError("it is a directory", Status.EISDIR);
  const rest = stat.size - offset;
  if (rest <= 0) throw new ProtocolError(`Cannot download from ${offset}: the file has ${stat.size} bytes`);
  return byteCount === 0 ? rest : Math.min(byteCount, rest);
}
