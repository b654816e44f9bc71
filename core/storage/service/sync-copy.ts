// SYNC_CREATE_FILE and SYNC_UPDATE_FILE from another storage of the group (storage.md §3.2): the file arrives under a
// temporary name, gets the source's time, and replaces what is there when it is the later one.

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { BodySink, StreamRoute } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { syncCreateFile } from "../../wire/storage-sync.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import { type BinlogOp, formatRecord, Op } from "../binlog/record.ts";
import { codedErrno } from "../io/errno.ts";
import { TemporaryFile } from "../io/new-file.ts";
import { receiveBody } from "../io/receive-body.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate, type StoredName } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import { type CopyVerdict, judgeCopy } from "../replication/judge.ts";
import { Counter } from "../scoreboard/counters.ts";
import { slotPlaceOf } from "../trunk/slot-place.ts";
import { incoming, localState, noteWritten } from "./local-state.ts";
import { lockNameOf, noteSource, recorded, syncHeadSize } from "./sync-common.ts";
import { receiveIntoSlot } from "./sync-slot.ts";
import { whileLocked } from "./while-locked.ts";

const FIXED_SIZE = 36;

interface Copy {
  readonly stored: StoredName;
  readonly size: number;
  readonly timestamp: number;
  readonly op: BinlogOp;
  /** The source believes that the file is here already: no content follows. */
  readonly isAnnouncedOnly: boolean;
}

class SyncCopy implements BodySink {
  readonly #session: Session;
  readonly #copy: Copy;
  /** Null: it is here already or has been deleted, the content is thrown away. */
  readonly #file: TemporaryFile | null;

  constructor(session: Session, copy: Copy, isWanted: boolean) {
    this.#session = session;
    this.#copy = copy;
    this.#file = isWanted ? new TemporaryFile(session.worker, copy.stored.storePathIndex, false) : null;
  }

  write(chunk: Uint8Array): void {
    if (this.#file !== null) receiveBody(this.#session, this.#file, chunk, (error) => this.#fail(error));
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
    whileLocked(this.#session, lockNameOf(name), run, () => this.#fail(codedErrno("EAGAIN", `${name} is locked`)));
  }

  #publish(): Outcome | null {
    const { stored, size, timestamp, op } = this.#copy;
    const { worker } = this.#session;
    const { counters } = worker;
    // The lock is held only now: what was true at the first look may have changed.
    const isTaken = this.#file !== null && this.#isTaken(this.#file);
    if (this.#file !== null && isTaken) {
      counters[Counter.totalSyncInBytes]! += size;
      this.#file.finish(timestamp);
      this.#file.replace(stored.path);
      counters[Counter.successSyncInBytes]! += size;
      noteWritten(worker, stored.name, incoming(this.#session, timestamp));
    } else this.#file?.discard();
    const isHere = isTaken || factsOf(worker, stored) !== null;
    if (!isHere && !this.#copy.isAnnouncedOnly) {
      // Deleted here: a record would bring it back on others.
      noteSource(this.#session, timestamp);
      this.#session.connection.replyStatus(Status.EEXIST);
      return null;
    }
    const status = isTaken ? Status.OK : Status.EEXIST;
    return recorded(this.#session, formatRecord(timestamp, op, stored.name), timestamp, status);
  }

  #isTaken(file: TemporaryFile): boolean {
    const verdict = verdictOf(this.#session, this.#copy);
    if (verdict !== "compare") return verdict === "take";
    return Buffer.compare(readFileSync(file.path), readFileSync(this.#copy.stored.path)) > 0;
  }

  abort(): void {
    this.#file?.discard();
  }

  #fail(error: unknown): void {
    this.#file?.discard();
    this.#session.failWith(error);
  }
}

function verdictOf(session: Session, { stored, size, timestamp, op }: Copy): CopyVerdict {
  const change = { ...incoming(session, timestamp), size, isUpdate: op === Op.SYNC_UPDATE };
  return judgeCopy(stored.name, change, localState(session.worker, stored));
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
      const copy: Copy = { stored, size: fileSize, timestamp, op, isAnnouncedOnly };
      const place = slotPlaceOf(stored);
      if (place !== null && !isAnnouncedOnly && verdictOf(session, copy) !== "have") {
        return receiveIntoSlot(session, { place, stored, size: fileSize, timestamp, op });
      }
      return new SyncCopy(session, copy, !isAnnouncedOnly && verdictOf(session, copy) !== "have");
    },
  };
}

export const syncCreateRoute = route(false);
export const syncUpdateRoute = route(true);
