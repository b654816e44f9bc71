// A file inside a trunk file that another storage of the group sends (trunk-dedup-recovery.md §4.2): it goes to the place
// its name tells. C writes there whatever it finds; here a place that is in use keeps its file, and the newcomer becomes a
// file of its own under its name (a stray) until the place is free.

import type { BodySink } from "../../net/frame-protocol.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import { type BinlogOp, formatRecord, Op } from "../binlog/record.ts";
import { CollectedBody, SMALL_BODY_MAX_BYTES } from "../io/collected-body.ts";
import { codedErrno } from "../io/errno.ts";
import { TemporaryFile } from "../io/new-file.ts";
import { receiveBody } from "../io/receive-body.ts";
import type { Session } from "../io/session.ts";
import type { StoredName } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { judgeCopy } from "../replication/judge.ts";
import { Counter } from "../scoreboard/counters.ts";
import { type SlotHeader, SlotType } from "../trunk/slot-header.ts";
import { blockOf, type SlotPlace } from "../trunk/slot-place.ts";
import { noteStray } from "../trunk/strays.ts";
import { trunkFolder } from "../trunk/trunk-file.ts";
import { incoming, localState, noteWritten } from "./local-state.ts";
import { noteSource, recorded } from "./sync-common.ts";
import { whileLocked } from "./while-locked.ts";

export interface SlotCopy {
  readonly place: SlotPlace;
  readonly stored: StoredName;
  /** Bytes that follow. */
  readonly size: number;
  /** Unix seconds, of the record. */
  readonly timestamp: number;
  readonly op: BinlogOp;
}

/** Takes the content; throws 22 when it is not what the name speaks of. */
export function receiveIntoSlot(session: Session, copy: SlotCopy): BodySink {
  const { fileSize } = copy.place.named;
  if (copy.size !== fileSize) {
    throw new ProtocolError(`Cannot put ${copy.size} bytes into the slot of a file of ${fileSize}`);
  }
  return new SyncSlot(session, copy);
}

function headerOf({ named }: SlotPlace, type: number): SlotHeader {
  const { size: allocatedSize, fileSize, crc32, modifiedAt, tail } = named;
  return { type, allocatedSize, fileSize, crc32, modifiedAt, tail };
}

class SyncSlot implements BodySink {
  readonly #session: Session;
  readonly #copy: SlotCopy;
  /** What is small waits in memory, the rest under a temporary name. */
  readonly #content: CollectedBody | TemporaryFile;
  #missing: number;

  constructor(session: Session, copy: SlotCopy) {
    this.#session = session;
    this.#copy = copy;
    this.#missing = copy.size;
    const isSmall = copy.size <= SMALL_BODY_MAX_BYTES;
    this.#content = isSmall ? new CollectedBody() : new TemporaryFile(session.worker, copy.place.storePathIndex, false);
  }

  write(chunk: Uint8Array): void {
    const content = this.#content;
    this.#missing -= chunk.length;
    if (content instanceof CollectedBody) content.add(chunk, this.#missing === 0);
    else receiveBody(this.#session, content, chunk, (error) => this.#fail(error));
  }

  finish(): void {
    const { name } = this.#copy.stored;
    const run = (): Outcome | null => {
      try {
        return this.#publish();
      } catch (error) {
        this.#fail(error);
        return null;
      }
    };
    whileLocked(this.#session, name, run, () => this.#fail(codedErrno("EAGAIN", `${name} is locked`)));
  }

  abort(): void {
    if (this.#content instanceof TemporaryFile) this.#content.discard();
  }

  #publish(): Outcome | null {
    const { stored, size, timestamp, op } = this.#copy;
    const { worker, connection } = this.#session;
    const { counters } = worker;
    const change = incoming(this.#session, timestamp);
    // The lock is held only now: what was true at the first look may have changed.
    const isTaken = judgeCopy(stored.name, { ...change, size, isUpdate: false }, localState(worker, stored)) !== "have";
    if (isTaken) {
      counters[Counter.totalSyncInBytes]! += size;
      this.#store();
      counters[Counter.successSyncInBytes]! += size;
      noteWritten(worker, stored.name, change);
    } else this.abort();
    if (!isTaken && factsOf(worker, stored) === null) {
      // Deleted here: a record would bring it back on others.
      noteSource(this.#session, timestamp);
      connection.replyStatus(Status.EEXIST);
      return null;
    }
    const status = isTaken ? Status.OK : Status.EEXIST;
    return recorded(this.#session, formatRecord(timestamp, op, stored.name), timestamp, status);
  }

  #store(): void {
    const { worker } = this.#session;
    const { place, stored, op } = this.#copy;
    const { slots } = worker.trunk;
    const content = this.#content;
    const header = headerOf(place, SlotType.FILE);
    const block = blockOf(place);
    worker.commits.intend(op, stored.name);
    const isWritten =
      content instanceof CollectedBody
        ? slots.write(block, header, content.pieces)
        : slots.writeFrom(block, header, content.fd);
    if (isWritten) {
      this.abort();
      worker.trunk.taken(block);
      worker.commits.flushesFirst(() => slots.files.forWriting(block));
      return;
    }
    const file = content instanceof TemporaryFile ? content : new TemporaryFile(worker, place.storePathIndex, false);
    if (content instanceof CollectedBody) for (const piece of content.pieces) file.write(piece);
    file.finish(place.named.modifiedAt);
    noteStray(trunkFolder(worker.config.basePath), stored.name);
    file.replace(stored.path);
    worker.log.warn(`The slot of ${stored.name} is in use by another file: it is kept as a file of its own meanwhile`);
  }

  #fail(error: unknown): void {
    this.abort();
    this.#session.failWith(error);
  }
}

/** A link of another storage: its slot holds the name it points to. False: the slot is in use. */
export function putLinkIntoSlot(
  { trunk, commits }: WorkerContext,
  link: StoredName,
  place: SlotPlace,
  sourceName: string,
): boolean {
  const content = Buffer.from(sourceName, "latin1");
  if (content.length !== place.named.fileSize) {
    throw new ProtocolError(`Cannot link ${link.name}: its slot is not for a name of ${content.length} bytes`);
  }
  const block = blockOf(place);
  commits.intend(Op.SYNC_LINK, link.name);
  if (!trunk.slots.write(block, headerOf(place, SlotType.LINK), [content])) return false;
  trunk.taken(block);
  commits.flushesFirst(() => trunk.slots.files.forWriting(block));
  return true;
}
