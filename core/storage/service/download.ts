// DOWNLOAD_FILE (storage.md §2.7): the announced length is exact, the content leaves without passing through this
// program's memory where it is larger than a few pages.

import { existsSync } from "node:fs";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeHeader, RESPONSE_COMMAND } from "../../wire/header.ts";
import { HEADER_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { downloadFile } from "../../wire/storage-client.ts";
import { HotFile, KEPT_CONTENT_MAX, type Kept } from "../io/hot-files.ts";
import { countDone, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import { closeStored, openStored, readStored, sizeOfStored } from "../io/stored-file.ts";
import { Counter } from "../scoreboard/counters.ts";
import { downloadThrough, isMissing, mayReadThrough } from "./read-through.ts";

/** Of the file with a file's metadata (storage.md §2.8). */
const METADATA_SUFFIX = "-m";
type Range = Pick<DownloadRequest, "offset" | "byteCount">;
const WHOLE: Range = { offset: 0, byteCount: 0 };
/** Offset, count, group and a name of the usual length. */
const LONGEST_KEY = 128;
type DownloadRequest = ReturnType<typeof downloadFile.request.parse>;

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
    const key = keyOf(body);
    const known = session.worker.hotFiles.findAnswer(key);
    if (known !== null) {
      session.fileName = known.name;
      sendKept(session, WHOLE, known.kept);
      return;
    }
    const request = downloadFile.request.parse(body);
    const { offset, byteCount, groupName, fileName } = request;
    const { worker } = session;
    if (offset < 0 || byteCount < 0) throw new ProtocolError(`Cannot download ${byteCount} bytes at ${offset}`);
    checkGroup(worker, groupName);
    const { path } = locate(worker, fileName);
    session.fileName = fileName;
    const kept = worker.hotFiles.find(fileName);
    if (kept !== null && sendKept(session, request, kept)) {
      if (offset === 0 && byteCount === 0) worker.hotFiles.noteAnswer(key, fileName);
      return;
    }
    const epoch = worker.scoreboard.epochOf(fileName);
    worker.counters[Counter.totalFileOpenCount]! += 1;
    let fd: number;
    try {
      fd = openStored(path);
    } catch (error) {
      // Most files have no metadata: the others are not asked for it when the file itself is here.
      const isAbsentMetadata = path.endsWith(METADATA_SUFFIX) && existsSync(path.slice(0, -METADATA_SUFFIX.length));
      if (!isMissing(error) || isAbsentMetadata || !mayReadThrough(session, fileName)) throw error;
      downloadThrough(session, request, counters);
      return;
    }
    worker.counters[Counter.successFileOpenCount]! += 1;
    let isHandedOn = false;
    try {
      isHandedOn = sendOpened(session, request, fd, epoch);
    } finally {
      if (!isHandedOn) closeStored(fd);
    }
  },
};

/** The body of a request as a key; "" of one that is too long to be that of a file's whole content. */
function keyOf(body: Uint8Array): string {
  if (body.length > LONGEST_KEY) return "";
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1");
}

/** Answers from the file just opened; true when the descriptor is closed by somebody else. */
function sendOpened(session: Session, request: DownloadRequest, fd: number, epoch: number): boolean {
  const { fileName, offset, byteCount } = request;
  const { hotFiles } = session.worker;
  const size = sizeOfStored(fd);
  const length = lengthToSend(size, offset, byteCount);
  if (length === size && hotFiles.hasRoomFor(size) && hotFiles.wants(fileName)) {
    const kept = size > KEPT_CONTENT_MAX ? new HotFile(fd, size) : wholeAnswer(fd, size);
    hotFiles.keep(fileName, epoch, kept);
    sendKept(session, request, kept);
    return kept instanceof HotFile;
  }
  sendFile(session, fd, offset, length, () => closeStored(fd));
  return true;
}

/** Answers with what is kept of the file; false when that does not do. */
function sendKept(session: Session, { offset, byteCount }: Range, kept: Kept): boolean {
  const { worker } = session;
  if (kept instanceof HotFile) {
    const length = lengthToSend(kept.size, offset, byteCount);
    kept.use();
    sendFile(session, kept.fd, offset, length, () => kept.release());
    return true;
  }
  const length = kept.length - HEADER_SIZE;
  if (offset > 0 || (byteCount > 0 && byteCount < length)) return false;
  countTried(worker, counters, length);
  countDone(worker, counters, length);
  session.reply(kept);
  return true;
}

function sendFile(session: Session, fd: number, offset: number, length: number, release: () => void): void {
  const { worker } = session;
  countTried(worker, counters, length);
  worker.counters[Counter.totalFileReadCount]! += 1;
  session.connection.replyFile(headOf(length), fd, offset, length, (error, bytesSent) => {
    release();
    if (error === null) {
      worker.counters[Counter.successFileReadCount]! += 1;
      countDone(worker, counters, length);
    }
    session.record(error === null ? Status.OK : Status.EIO, HEADER_SIZE + bytesSent);
  });
}

function headOf(length: number): Uint8Array {
  return encodeHeader({ bodyLength: length, command: RESPONSE_COMMAND, status: Status.OK });
}

/** Head and content of a small file in one. */
function wholeAnswer(fd: number, size: number): Uint8Array {
  const answer = new Uint8Array(HEADER_SIZE + size);
  answer.set(headOf(size));
  readStored(fd, answer, HEADER_SIZE);
  return answer;
}

/** Clips the wanted count to the file; throws 22. */
function lengthToSend(size: number, offset: number, byteCount: number): number {
  const rest = size - offset;
  if (rest <= 0) throw new ProtocolError(`Cannot download from ${offset}: the file has ${size} bytes`);
  return byteCount === 0 ? rest : Math.min(byteCount, rest);
}
