// UPLOAD_SLAVE_FILE (storage.md §2.2): a file named after a master. Its name is known before its content, so it always
// arrives under a temporary name and is published without replacing: of two at once, one gets 17.

import { existsSync, statSync } from "node:fs";
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
import { removeQuietly, TemporaryFile } from "../io/new-file.ts";
import { receiveBody } from "../io/receive-body.ts";
import { ClientCompletion, countTried, type Session } from "../io/session.ts";
import { locate } from "../io/store-paths.ts";
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
  readonly #name: string;
  readonly #path: string;
  readonly #size: number;

  constructor(session: Session, storePath: number, name: string, path: string, size: number) {
    this.#session = session;
    this.#file = new TemporaryFile(session.worker, storePath, false);
    this.#name = name;
    this.#path = path;
    this.#size = size;
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
    const refused = (): void => this.#fail(codedErrno("EAGAIN", `${this.#name} is locked`));
    whileLocked(this.#session, this.#name, publish, refused);
  }

  #publish(): Outcome {
    const { worker } = this.#session;
    const timestamp = Math.max(this.#file.modifiedAt, ownTimestamp(worker, { name: this.#name, path: this.#path }));
    this.#file.finish(timestamp);
    worker.commits.intend(Op.CREATE, this.#name);
    this.#file.publish(this.#path);
    noteWritten(worker, this.#name, ownChange(timestamp));
    countTried(worker, uploadCounters, this.#size);
    const packet = encodeResponse(uploadSlaveFile, {
      groupName: worker.config.groupName,
      fileName: this.#name,
    });
    const undo = (): void => removeQuietly(this.#path);
    return {
      record: formatRecord(timestamp, Op.CREATE, this.#name),
      waiter: new ClientCompletion(this.#session, uploadCounters, this.#size, packet, undo),
    };
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
  if (statSync(master.path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new ProtocolError(`Cannot find the master ${masterName}`, Status.ENOENT);
  }
  if (existsSync(slave.path)) throw new ProtocolError(`${name} exists`, Status.EEXIST);
  if (!worker.scoreboard.hasSpace(slave.storePathIndex, fileSize)) throw new ProtocolError("no space", Status.ENOSPC);
  return new SlaveUpload(session, slave.storePathIndex, name, slave.path, fileSize);
}

export const uploadSlaveRoute: StreamRoute<Session> = {
  kind: "stream",
  headSize,
  start,
};
