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
import { checkGroup, locate, type StoredName } from "../io/store-paths.ts";
import { linkTarget } from "../io/stored-facts.ts";
import { closeStored, openStored, readStored, sizeOfStored } from "../io/stored-file.ts";
import { Counter } from "../scoreboard/counters.ts";
import { SLOT_HEADER_SIZE, SlotType } from "../trunk/slot-header.ts";
import { type FoundSlot, type SlotPlace, slotPlaceOf } from "../trunk/slot-place.ts";
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
    const stored = locate(worker, fileName);
    const { path } = stored;
    session.fileName = fileName;
    const kept = worker.hotFiles.find(fileName);
    if (kept !== null && sendKept(session, request, kept)) {
      if (offset === 0 && byteCount === 0) worker.hotFiles.noteAnswer(key, fileName);
      return;
    }
    const epoch = worker.scoreboard.epochOf(fileName);
    if (sendSlot(session, request, stored, epoch, true)) return;
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

/** Answers with a file that lies inside a trunk file, or what a link there leads to; false when there is none of this name. */
function sendSlot(
  session: Session,
  request: DownloadRequest,
  stored: StoredName,
  epoch: number,
  followsLinks: boolean,
): boolean {
  const place = slotPlaceOf(stored);
  if (place === null) return false;
  const { worker } = session;
  const { slots } = worker.trunk;
  const { fileSize } = place.named;
  const { offset, byteCount, fileName } = request;
  const isWhole = offset === 0 && (byteCount === 0 || byteCount >= fileSize);
  worker.counters[Counter.totalFileOpenCount]! += 1;
  const bytes = isWhole && fileSize <= KEPT_CONTENT_MAX ? slots.read(place) : null;
  const isFile = bytes !== null && bytes[0] === SlotType.FILE;
  const found = isFile ? null : slots.find(place);
  if (!isFile && found === null) return false;
  worker.counters[Counter.successFileOpenCount]! += 1;
  if (found?.isLink === true) return followsLinks && sendLinked(session, request, stored, found, place);
  const length = lengthToSend(fileSize, offset, byteCount);
  if (bytes !== null) {
    // The answer's head takes the place of the last bytes of the slot's header.
    const answer = bytes.subarray(SLOT_HEADER_SIZE - HEADER_SIZE);
    answer.set(headOf(length));
    if (worker.hotFiles.hasRoomFor(fileSize) && worker.hotFiles.wants(fileName)) {
      worker.hotFiles.keep(fileName, epoch, answer);
    }
    sendKept(session, WHOLE, answer);
    return true;
  }
  const { file, named } = found!;
  file.use();
  sendFile(session, file.fd, named.offset + SLOT_HEADER_SIZE + offset, length, () => file.release());
  return true;
}

/** What a link inside a trunk file leads to: one step, as in C. Throws what answers 2. */
function sendLinked(
  session: Session,
  request: DownloadRequest,
  link: StoredName,
  found: FoundSlot,
  place: SlotPlace,
): boolean {
  const { worker } = session;
  const facts = { kind: "link", size: found.named.fileSize, modifiedAt: found.named.modifiedAt } as const;
  const target = linkTarget(worker, link, { ...facts, slot: { ...found, place } });
  if (target === null) throw new ProtocolError(`${link.name} leads nowhere`, Status.ENOENT);
  // Under the link's name nothing is kept: it does not change when its target does.
  if (sendSlot(session, { ...request, fileName: target.name }, target, worker.scoreboard.epochOf(target.name), false)) {
    return true;
  }
  const fd = openStored(target.path);
  sendFile(session, fd, request.offset, lengthOrClose(fd, request), () => closeStored(fd));
  return true;
}

function lengthOrClose(fd: number, { offset, byteCount }: Range): number {
  try {
    return lengthToSend(sizeOfStored(fd), offset, byteCount);
  } catch (error) {
    closeStored(fd);
    throw error;
  }
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
