// UPLOAD_FILE and UPLOAD_APPENDER_FILE (storage.md §2.1). The body is taken as it arrives: up to SMALL_BODY_MAX_BYTES
// it is kept and written at once under the final name, beyond that it streams through a temporary file.

import { checkExtension } from "../../fileid/file-id.ts";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import type { Header } from "../../wire/header.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { uploadAppenderFile, uploadFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import type { Duplicates } from "../duplicates/duplicates.ts";
import { FileSignature } from "../duplicates/file-signature.ts";
import { CollectedBody, SMALL_BODY_MAX_BYTES } from "../io/collected-body.ts";
import { createSmallFile, removeQuietly, TemporaryFile } from "../io/new-file.ts";
import { receiveBody } from "../io/receive-body.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { chooseStorePath, chooseTrunkPath, pathOf } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { type FreshFile, withFreshName } from "./fresh-name.ts";
import { type SlotContent, storeInSlot } from "./store-in-slot.ts";
import { type StoredUpload, uploadOnce } from "./upload-once.ts";

const HEAD_SIZE = 15;

export const uploadCounters: OperationCounters = {
  total: Counter.totalUploadCount,
  success: Counter.successUploadCount,
  totalBytes: Counter.totalUploadBytes,
  successBytes: Counter.successUploadBytes,
};

/** What an upload knows before its content. */
interface Plan extends FreshFile {
  readonly session: Session;
  /** It belongs into a trunk file, if a slot can be had. */
  readonly wantsSlot: boolean;
  /** Its content may be here already; null: nobody looks. */
  readonly duplicates: Duplicates | null;
}

/** Called with what stands, or why nothing does; maybe before the caller's call returns. */
type Stored = (stored: StoredUpload | Error) => void;

/** A file of its own after all: now the disk must have room. Throws 28. */
function withSpace(plan: Plan): Plan {
  const { worker } = plan.session;
  if (!plan.wantsSlot || worker.scoreboard.hasSpace(plan.storePath, plan.size)) return plan;
  return { ...plan, storePath: chooseStorePath(worker, -1, plan.size) };
}

/** The file stands: record, then reply. */
function acknowledge({ session, size, kind }: Plan, { name, timestamp, undo }: StoredUpload): void {
  session.fileName = name;
  const { worker } = session;
  const declaration = kind === "normal" ? uploadFile : uploadAppenderFile;
  const packet = encodeResponse(declaration, {
    groupName: worker.config.groupName,
    fileName: name,
  });
  worker.commits.push(
    formatRecord(timestamp, Op.CREATE, name),
    new ClientCompletion(session, uploadCounters, size, packet, undo),
  );
}

/** `store` as a promise. */
function storing(store: (done: Stored) => void): Promise<StoredUpload> {
  return new Promise((resolve, reject) => {
    store((stored) => (stored instanceof Error ? reject(stored) : resolve(stored)));
  });
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
    const { session, duplicates } = plan;
    countTried(session.worker, uploadCounters, plan.size);
    if (duplicates !== null) {
      this.#storeOnce(duplicates);
      return;
    }
    this.#store((stored) => {
      if (stored instanceof Error) session.failWith(stored);
      else acknowledge(plan, stored);
    });
  }

  #storeOnce(duplicates: Duplicates): void {
    const { session } = this.#plan;
    void uploadOnce(duplicates, {
      ...this.#plan,
      counters: uploadCounters,
      signature: async () => {
        const signature = duplicates.newSignature();
        for (const piece of this.#body.pieces) signature.update(piece);
        return signature.digest();
      },
      store: () => storing((done) => this.#store(done)),
      drop: () => {},
      fail: (error) => session.failWith(error),
    });
  }

  #store(done: Stored): void {
    const plan = this.#plan;
    const crc = this.#body.crc32();
    const startMs = Date.now();
    const timestamp = Math.floor(startMs / 1000);
    if (!plan.wantsSlot) {
      this.#storePlainly(crc, timestamp, startMs, done);
      return;
    }
    const { pieces } = this.#body;
    const content: SlotContent = {
      crc,
      timestamp,
      write: (slots, block, header) => slots.write(block, header, pieces),
    };
    storeInSlot(plan, content, (stored) => {
      if (stored === null) this.#storePlainly(crc, timestamp, startMs, done);
      else done({ ...stored, timestamp, again: () => {} });
    });
  }

  #storePlainly(crc: number, timestamp: number, startMs: number, done: Stored): void {
    let stored: StoredUpload | Error;
    try {
      const plan = withSpace(this.#plan);
      const { worker } = plan.session;
      const name = withFreshName(worker, plan, timestamp, crc, (path) =>
        createSmallFile(worker, path, this.#body.pieces, plan.size, timestamp, startMs),
      );
      const undo = (): void => removeQuietly(pathOf(worker, plan.storePath, name));
      stored = { name, timestamp, undo, again: () => {} };
    } catch (error) {
      stored = error as Error;
    }
    done(stored);
  }

  /** Nothing is on disk yet. */
  abort(): void {}
}

class StreamedUpload implements BodySink {
  readonly #plan: Plan;
  readonly #file: TemporaryFile;
  /** Null: nobody asks for it. */
  readonly #signature: FileSignature | null;
  #isCounted = false;

  constructor(plan: Plan) {
    const { session, storePath, duplicates } = plan;
    this.#plan = plan;
    this.#file = new TemporaryFile(session.worker, storePath, true);
    this.#signature = duplicates === null ? null : new FileSignature(() => duplicates.newSignature(), this.#file.path);
  }

  write(chunk: Uint8Array): void {
    this.#signature?.update(chunk);
    receiveBody(this.#plan.session, this.#file, chunk, (error) => this.#fail(error));
  }

  finish(): void {
    const plan = this.#plan;
    if (plan.duplicates !== null) {
      this.#storeOnce(plan.duplicates);
      return;
    }
    this.#store((stored) => {
      if (stored instanceof Error) {
        this.#fail(stored);
        return;
      }
      this.#countTried();
      acknowledge(plan, stored);
      if (plan.wantsSlot) this.#file.discard();
    });
  }

  #storeOnce(duplicates: Duplicates): void {
    this.#countTried();
    void uploadOnce(duplicates, {
      ...this.#plan,
      counters: uploadCounters,
      signature: () => this.#signature!.digest(this.#plan.size),
      store: () => storing((done) => this.#store(done)),
      drop: () => this.#file.discard(),
      fail: (error) => this.#fail(error),
    });
  }

  #store(done: Stored): void {
    const plan = this.#plan;
    const file = this.#file;
    const { modifiedAt: timestamp } = file;
    if (!plan.wantsSlot || !file.isOpen) {
      this.#storePlainly(timestamp, done);
      return;
    }
    const content: SlotContent = {
      crc: file.crc ?? 0,
      timestamp,
      write: (slots, block, header) => slots.writeFrom(block, header, file.fd),
    };
    storeInSlot(plan, content, (stored) => {
      if (stored === null) this.#storePlainly(timestamp, done);
      else done({ ...stored, timestamp, again: () => {} });
    });
  }

  #storePlainly(timestamp: number, done: Stored): void {
    let stored: StoredUpload | Error;
    try {
      // Already on this disk under its temporary name: the rename needs the same one.
      const { session, storePath } = this.#plan;
      const file = this.#file;
      file.finish(null);
      const name = withFreshName(session.worker, this.#plan, timestamp, file.crc ?? 0, (path) => file.publish(path));
      const path = pathOf(session.worker, storePath, name);
      stored = { name, timestamp, undo: () => removeQuietly(path), again: () => file.again(path) };
    } catch (error) {
      stored = error as Error;
    }
    done(stored);
  }

  abort(): void {
    this.#file.discard();
  }

  #countTried(): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    countTried(this.#plan.session.worker, uploadCounters, this.#plan.size);
  }

  #fail(error: unknown): void {
    this.#file.discard();
    this.#countTried();
    this.#plan.session.failWith(error);
  }
}

function start(
  session: Session,
  head: Uint8Array,
  streamLength: number,
  header: Header,
  kind: FreshFile["kind"],
): BodySink {
  session.begin("upload", header);
  const { storePathIndex, fileSize, fileExt } = uploadFile.request.parse(head);
  if (fileSize !== streamLength)
    throw new ProtocolError(`Cannot upload: ${fileSize} bytes announced, ${streamLength} follow`);
  checkExtension(fileExt);
  const { worker } = session;
  const wantsSlot = kind === "normal" && worker.trunk.takes(fileSize);
  const duplicates = kind === "normal" ? worker.duplicates : null;
  const isSmall = fileSize <= SMALL_BODY_MAX_BYTES;
  // What is streamed is on the disk before it moves into its slot.
  const choose = wantsSlot && isSmall ? chooseTrunkPath : chooseStorePath;
  const storePath = choose(worker, storePathIndex, fileSize);
  const plan: Plan = { session, kind, storePath, size: fileSize, ext: fileExt, wantsSlot, duplicates };
  return isSmall ? new SmallUpload(plan) : new StreamedUpload(plan);
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
