// UPLOAD_FILE and UPLOAD_APPENDER_FILE (storage.md §2.1). The body is taken as it arrives: up to SMALL_BODY_MAX_BYTES
// it is kept and written at once under the final name, beyond that it streams through a temporary file.

import { checkExtension, formatTail } from "../../fileid/file-id.ts";
import { encodeBlock } from "../../fileid/packed-block.ts";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import type { Header } from "../../wire/header.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { uploadAppenderFile, uploadFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { CollectedBody, SMALL_BODY_MAX_BYTES } from "../io/collected-body.ts";
import { createSmallFile, removeQuietly, TemporaryFile } from "../io/new-file.ts";
import { receiveBody } from "../io/receive-body.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { chooseStorePath, pathOf, placeNewFile } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";

const NAME_ATTEMPTS = 10;
const RANDOM_RANGE = 0x80_0000;
const DIGITS_RANGE = 10_000_000;
const HEAD_SIZE = 15;

export const uploadCounters: OperationCounters = {
  total: Counter.totalUploadCount,
  success: Counter.successUploadCount,
  totalBytes: Counter.totalUploadBytes,
  successBytes: Counter.successUploadBytes,
};

type Kind = "normal" | "appender";

/** What an upload knows before its content. */
interface Plan {
  readonly session: Session;
  readonly kind: Kind;
  readonly storePath: number;
  readonly size: number;
  readonly ext: string;
}

/** Tries fresh names until one is free: `create` throws EEXIST on a taken one. Returns the logic name. */
function withFreshName(plan: Plan, timestamp: number, crc: number, create: (path: string) => void): string {
  const { session, storePath, kind, size, ext } = plan;
  const { worker } = session;
  for (let attempt = 1; ; attempt++) {
    const random = Math.floor(Math.random() * RANDOM_RANGE);
    const block = encodeBlock(worker.config.sourceBytes, timestamp, kind, size, crc, random);
    const name = placeNewFile(worker, storePath, block, formatTail(ext, Math.floor(Math.random() * DIGITS_RANGE)));
    try {
      worker.commits.intend(Op.CREATE, name);
      create(pathOf(worker, storePath, name));
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}

/** The file stands: record, then reply. */
function acknowledge(plan: Plan, name: string, timestamp: number): void {
  const { session, storePath, size, kind } = plan;
  session.fileName = name;
  const { worker } = session;
  const declaration = kind === "normal" ? uploadFile : uploadAppenderFile;
  const packet = encodeResponse(declaration, {
    groupName: worker.config.groupName,
    fileName: name,
  });
  const undo = (): void => removeQuietly(pathOf(worker, storePath, name));
  worker.commits.push(
    formatRecord(timestamp, Op.CREATE, name),
    new ClientCompletion(session, uploadCounters, size, packet, undo),
  );
}

class SmallUpload implements BodySink {
  readonly #plan: Plan;
  readonly #body = new CollectedBody();
  #missing: number;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#missing = plan.size;
  }

  write(chunk: Uint8Array): void {
    this.#missing -= chunk.length;
    this.#body.add(chunk, this.#missing === 0);
  }

  finish(): void {
    const plan = this.#plan;
    const { session, size } = plan;
    countTried(session.worker, uploadCounters, size);
    const crc = this.#body.crc32();
    const startMs = Date.now();
    const timestamp = Math.floor(startMs / 1000);
    try {
      const name = withFreshName(plan, timestamp, crc, (path) =>
        createSmallFile(session.worker, path, this.#body.pieces, size, timestamp, startMs),
      );
      acknowledge(plan, name, timestamp);
    } catch (error) {
      session.failWith(error);
    }
  }

  /** Nothing is on disk yet. */
  abort(): void {}
}

class StreamedUpload implements BodySink {
  readonly #plan: Plan;
  readonly #file: TemporaryFile;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#file = new TemporaryFile(plan.session.worker, plan.storePath, true);
  }

  write(chunk: Uint8Array): void {
    receiveBody(this.#plan.session, this.#file, chunk, (error) => this.#fail(error));
  }

  finish(): void {
    const plan = this.#plan;
    try {
      const timestamp = this.#file.modifiedAt;
      this.#file.finish(null);
      const name = withFreshName(plan, timestamp, this.#file.crc ?? 0, (path) => this.#file.publish(path));
      countTried(plan.session.worker, uploadCounters, plan.size);
      acknowledge(plan, name, timestamp);
    } catch (error) {
      this.#fail(error);
    }
  }

  abort(): void {
    this.#file.discard();
  }

  #fail(error: unknown): void {
    const { session, size } = this.#plan;
    this.#file.discard();
    countTried(session.worker, uploadCounters, size);
    session.failWith(error);
  }
}

function start(session: Session, head: Uint8Array, streamLength: number, header: Header, kind: Kind): BodySink {
  session.begin("upload", header);
  const { storePathIndex, fileSize, fileExt } = uploadFile.request.parse(head);
  if (fileSize !== streamLength)
    throw new ProtocolError(`Cannot upload: ${fileSize} bytes announced, ${streamLength} follow`);
  checkExtension(fileExt);
  const storePath = chooseStorePath(session.worker, storePathIndex, fileSize);
  const plan: Plan = { session, kind, storePath, size: fileSize, ext: fileExt };
  return fileSize <= SMALL_BODY_MAX_BYTES ? new SmallUpload(plan) : new StreamedUpload(plan);
}

const headSize = (): number => HEAD_SIZE;

export const uploadRoute: StreamRoute<Session> = {
  kind: "stream",
  headSize,
  start: (session, head, streamLength, header) => start(session, head, streamLength, header, "normal"),
};
export const uploadAppenderRoute: StreamRoute<Session> = {
  kind: "stream",
  headSize,
  start: (session, head, streamLength, header) => start(session, head, streamLength, header, "appender"),
};
