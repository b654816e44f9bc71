// UPLOAD_SLAVE_FILE (storage.md §2.2): a file named after a master. Its name is known before its content, so it always
// arrives under a temporary name and is published without replacing: of two at once, one gets 17.

import { existsSync, lstatSync, symlinkSync } from "node:fs";
import { checkExtension, checkPrefix, formatSlaveName } from "../../fileid/file-id.ts";
import { LOGIC_PATH_SIZE } from "../../fileid/logic-name.ts";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import type { Header } from "../../wire/header.ts";
import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Reader } from "../../wire/reader.ts";
import { Status } from "../../wire/status.ts";
import { uploadSlaveFile } from "../../wire/storage-client.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { codedErrno } from "../io/errno.ts";
import { flushDirectory, inDirectory, removeQuietly, TemporaryFile } from "../io/new-file.ts";
import { receiveBody } from "../io/receive-body.ts";
import { ClientCompletion, countTried, type Session } from "../io/session.ts";
import { locate, pathOf, type StoredName } from "../io/store-paths.ts";
import { readableFacts } from "../io/stored-facts.ts";
import { type FreshFile, withFreshName } from "./fresh-name.ts";
import { noteWritten, ownChange, ownTimestamp } from "./local-state.ts";
import { uploadCounters } from "./upload.ts";
import { whileLocked } from "./while-locked.ts";

const FIXED_SIZE = 38;

/** The fixed part is 38 bytes and the master's name behind it. */
function headSize(head: Uint8Array): number {
  if (head.length < FIXED_SIZE) return FIXED_SIZE;
  const length = new Reader(head).int64();
  if (length <= LOGIC_PATH_SIZE || length >= LOGIC_NAME_LIMIT)
    throw new ProtocolError(`Cannot use a master name of ${length} bytes`);
  return FIXED_SIZE + length;
}

class SlaveUpload implements BodySink {
  readonly #session: Session;
  readonly #file: TemporaryFile;
  readonly #slave: StoredName;
  readonly #size: number;
  readonly #ext: string;

  constructor(session: Session, slave: StoredName, size: number, ext: string) {
    const { worker } = session;
    this.#session = session;
    // A file that gets a name of its own has its CRC32 in it.
    this.#file = new TemporaryFile(worker, slave.storePathIndex, worker.config.slaveFilesUseLink);
    this.#slave = slave;
    this.#size = size;
    this.#ext = ext;
  }

  write(chunk: Uint8Array): void {
    receiveBody(this.#session, this.#file, chunk, (error) => this.#fail(error));
  }

  finish(): void {
    const publish = (): Outcome | null => {
      try {
        return this.#publish();
      } catch (error) {
        this.#fail(error);
        return null;
      }
    };
    const { name } = this.#slave;
    whileLocked(this.#session, name, publish, () => this.#fail(codedErrno("EAGAIN", `${name} is locked`)));
  }

  #publish(): Outcome {
    const { worker } = this.#session;
    const slave = this.#slave;
    const timestamp = Math.max(this.#file.modifiedAt, ownTimestamp(worker, slave));
    this.#file.finish(timestamp);
    const { records, undo } = worker.config.slaveFilesUseLink
      ? this.#publishAsLink(timestamp)
      : this.#publishAsFile(timestamp);
    noteWritten(worker, slave.name, ownChange(timestamp));
    countTried(worker, uploadCounters, this.#size);
    const packet = encodeResponse(uploadSlaveFile, {
      groupName: worker.config.groupName,
      fileName: slave.name,
    });
    return { record: records, waiter: new ClientCompletion(this.#session, uploadCounters, this.#size, packet, undo) };
  }

  #publishAsFile(timestamp: number): { records: string; undo: () => void } {
    const { name, path } = this.#slave;
    this.#session.worker.commits.intend(Op.CREATE, name);
    this.#file.publish(path);
    return { records: formatRecord(timestamp, Op.CREATE, name), undo: () => removeQuietly(path) };
  }

  /** store_slave_file_use_link: the content under a name of its own, the slave's name as a link to it (C's record is broken). */
  #publishAsLink(timestamp: number): { records: string; undo: () => void } {
    const { worker } = this.#session;
    const { name, path, storePathIndex: storePath } = this.#slave;
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw codedErrno("EEXIST", `${name} exists`);
    const hidden: FreshFile = { kind: "normal", storePath, size: this.#size, ext: this.#ext };
    const hiddenName = withFreshName(worker, hidden, timestamp, this.#file.crc ?? 0, (target) =>
      this.#file.publish(target),
    );
    const hiddenPath = pathOf(worker, storePath, hiddenName);
    const undo = (): void => {
      removeQuietly(path);
      removeQuietly(hiddenPath);
    };
    try {
      worker.commits.intend(Op.LINK, name);
      inDirectory(path, () => symlinkSync(hiddenPath, path));
      flushDirectory(worker, path);
    } catch (error) {
      undo();
      throw error;
    }
    const records = formatRecord(timestamp, Op.CREATE, hiddenName);
    return { records: records + formatRecord(timestamp, Op.LINK, `${name} ${hiddenName}`), undo };
  }

  abort(): void {
    this.#file.discard();
  }

  #fail(error: unknown): void {
    this.#file.discard();
    countTried(this.#session.worker, uploadCounters, this.#size);
    this.#session.failWith(error);
  }
}

function start(session: Session, head: Uint8Array, streamLength: number, header: Header): BodySink {
  session.begin("upload", header);
  const { fileSize, prefix, fileExt, masterName } = uploadSlaveFile.request.parse(head);
  if (fileSize !== streamLength)
    throw new ProtocolError(`Cannot upload: ${fileSize} bytes announced, ${streamLength} follow`);
  checkPrefix(prefix);
  checkExtension(fileExt);
  const { worker } = session;
  const master = locate(worker, masterName);
  const name = formatSlaveName(masterName, prefix, fileExt);
  if (name.length >= LOGIC_NAME_LIMIT) throw new ProtocolError(`Cannot use a slave name of ${name.length} bytes`);
  const slave = locate(worker, name);
  session.fileName = name;
  if (readableFacts(worker, master)?.kind !== "file") {
    throw new ProtocolError(`Cannot find the master ${masterName}`, Status.ENOENT);
  }
  if (existsSync(slave.path)) throw new ProtocolError(`${name} exists`, Status.EEXIST);
  if (!worker.scoreboard.hasSpace(slave.storePathIndex, fileSize)) throw new ProtocolError("no space", Status.ENOSPC);
  return new SlaveUpload(session, slave, fileSize, fileExt);
}

export const uploadSlaveRoute: StreamRoute<Session> = {
  kind: "stream",
  headSize,
  start,
};
