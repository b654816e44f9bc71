// SYNC_CREATE_FILE and SYNC_UPDATE_FILE from another storage of the group (storage.md §3.2): the file arrives under a
// temporary name, gets the source's time, and replaces what is there when that differs.

import { lstatSync } from "node:fs";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { syncCreateFile } from "../../wire/storage-sync.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import { type BinlogOp, formatRecord, Op } from "../binlog/record.ts";
import { codedErrno } from "../io/errno.ts";
import { TemporaryFile } from "../io/new-file.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate, type StoredName } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { recorded, syncHeadSize } from "./sync-common.ts";
import { whileLocked } from "./while-locked.ts";

const FIXED_SIZE = 36;

interface Copy {
  readonly stored: StoredName;
  readonly size: number;
  readonly timestamp: number;
  readonly op: BinlogOp;
}

class SyncCopy implements BodySink {
  readonly #session: Session;
  readonly #copy: Copy;
  /** Null: the same file is here already, the content is thrown away. */
  readonly #file: TemporaryFile | null;

  constructor(session: Session, copy: Copy, isHere: boolean) {
    this.#session = session;
    this.#copy = copy;
    this.#file = isHere ? null : new TemporaryFile(session.worker, copy.stored.storePathIndex);
  }

  write(chunk: Uint8Array): void {
    if (this.#file === null) return;
    try {
      this.#file.write(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  finish(): void {
    const run = (): Outcome | null => {
      try {
        return this.#publish();
      } catch (error) {
        this.#fail(error);
        return null;
      }
    };
    const { name } = this.#copy.stored;
    whileLocked(this.#session, name, run, () => this.#fail(codedErrno("EAGAIN", `${name} is locked`)));
  }

  #publish(): Outcome {
    const { stored, size, timestamp, op } = this.#copy;
    const { counters } = this.#session.worker;
    if (this.#file !== null) {
      counters[Counter.totalSyncInBytes]! += size;
      this.#file.finish(timestamp);
      this.#file.replace(stored.path);
      counters[Counter.successSyncInBytes]! += size;
    }
    const status = this.#file === null ? Status.EEXIST : Status.OK;
    return recorded(this.#session, formatRecord(timestamp, op, stored.name), timestamp, status);
  }

  abort(): void {
    this.#file?.discard();
  }

  #fail(error: unknown): void {
    this.#file?.discard();
    this.#session.failWith(error);
  }
}

function route(isUpdate: boolean): StreamRoute<Session> {
  const op = isUpdate ? Op.SYNC_UPDATE : Op.SYNC_CREATE;
  return {
    kind: "stream",
    headSize: (head) => syncHeadSize(head, FIXED_SIZE),
    start(session, head, streamLength, header): BodySink | null {
      const { fileSize, timestamp, groupName, fileName } = syncCreateFile.request.parse(head);
      const { worker } = session;
      checkGroup(worker, groupName);
      const stored = locate(worker, fileName);
      const isAnnouncedOnly = header.status === Status.EEXIST;
      if (fileSize < 0 || streamLength !== (isAnnouncedOnly ? 0 : fileSize)) {
        throw new ProtocolError(`Cannot take ${fileSize} bytes: ${streamLength} follow`);
      }
      const copy: Copy = { stored, size: fileSize, timestamp, op };
      if (isAnnouncedOnly) return new SyncCopy(session, copy, true);
      const stat = isUpdate ? undefined : lstatSync(stored.path, { throwIfNoEntry: false });
      return new SyncCopy(session, copy, stat?.isFile() === true && stat.size === fileSize);
    },
  };
}

export const syncCreateRoute = route(false);
export const syncUpdateRoute = route(true);
