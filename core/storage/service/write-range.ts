// The body of APPEND, MODIFY and their replication twins: a small one is collected first and written at once, so that a
// client that vanishes changes nothing; a large one is written as it arrives, under the file's lock all the time. What an
// operation does before, after and on failure is handed in.

import type { BodySink } from "../../net/frame-protocol.ts";
import { Status } from "../../wire/status.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import type { BinlogOp } from "../binlog/record.ts";
import { CollectedBody, SMALL_BODY_MAX_BYTES } from "../io/collected-body.ts";
import type { Session } from "../io/session.ts";
import type { FileLock } from "../scoreboard/lock-table.ts";
import { OpenFile } from "./appender-file.ts";
import { settle } from "./while-locked.ts";

export interface RangeOperation {
  readonly name: string;
  readonly path: string;
  /** What is noted while the file is changed and not yet recorded; null: nothing. */
  readonly intent: BinlogOp | null;
  /** The file is open and locked: where to write, or a status that ends the operation. */
  position(file: OpenFile): { at: number } | { status: number };
  /** Everything is written; null: it has answered and leaves no record. The lock is given back after the record. */
  done(file: OpenFile, at: number): Outcome | null;
  /** Only `written` bytes came before the peer vanished or the disk refused: takes them back, or tells what to record. */
  interrupted(file: OpenFile, at: number, written: number): Outcome | null;
  /** Answers a status: nothing was written, or it was interrupted by the disk. */
  refuse(status: number): void;
  /** As `refuse`, for an exception. */
  fail(error: unknown): void;
}

/** The sink for a body of `byteCount` bytes. */
export function rangeSink(session: Session, operation: RangeOperation, byteCount: number): BodySink {
  if (byteCount <= SMALL_BODY_MAX_BYTES) return new CollectedRange(session, operation, byteCount);
  const streamed = new StreamedRange(session, operation);
  streamed.begin();
  return streamed;
}

/** The open file of one operation and what has been written to it. */
class Writing {
  readonly #operation: RangeOperation;
  readonly #file: OpenFile;
  readonly #at: number;
  #written = 0;
  /** Ends the note of a change that takes longer. */
  readonly endNote: () => void;

  private constructor(operation: RangeOperation, file: OpenFile, at: number, endNote: () => void) {
    this.#operation = operation;
    this.#file = file;
    this.#at = at;
    this.endNote = endNote;
  }

  /** Opens the file; null when the operation has ended with an answer. `isLong`: it is not written in this turn. */
  static begin(session: Session, operation: RangeOperation, isLong: boolean): Writing | null {
    let file: OpenFile | undefined;
    try {
      file = new OpenFile(session.worker, operation.path);
      const place = operation.position(file);
      if ("at" in place) return new Writing(operation, file, place.at, noteIntent(session, operation, isLong));
      operation.refuse(place.status);
    } catch (error) {
      operation.fail(error);
    }
    file?.close();
    return null;
  }

  write(piece: Uint8Array): void {
    // Counted call by call: what a full disk took of a piece is changed content too.
    for (let done = 0; done < piece.length; ) {
      const count = this.#file.write(piece, done, this.#at + this.#written);
      done += count;
      this.#written += count;
    }
  }

  finish(): Outcome | null {
    this.#file.flush();
    const outcome = this.#operation.done(this.#file, this.#at);
    this.#file.close();
    return outcome;
  }

  interrupt(session: Session): Outcome | null {
    let outcome: Outcome | null = null;
    try {
      outcome = this.#operation.interrupted(this.#file, this.#at, this.#written);
    } catch (error) {
      session.worker.log.error(`Cannot take back a change of ${this.#operation.path}: ${String(error)}`);
    }
    this.#file.close();
    return outcome;
  }
}

function noteIntent({ worker }: Session, { intent, name }: RangeOperation, isLong: boolean): () => void {
  if (intent !== null && isLong) return worker.commits.intendLong(intent, name);
  if (intent !== null) worker.commits.intend(intent, name);
  return () => {};
}

class CollectedRange implements BodySink {
  readonly #session: Session;
  readonly #operation: RangeOperation;
  readonly #body = new CollectedBody();
  #missing: number;

  constructor(session: Session, operation: RangeOperation, byteCount: number) {
    this.#session = session;
    this.#operation = operation;
    this.#missing = byteCount;
  }

  write(chunk: Uint8Array): void {
    this.#missing -= chunk.length;
    this.#body.add(chunk, this.#missing === 0);
  }

  finish(): void {
    const session = this.#session;
    session.worker.locks.acquire(this.#operation.name, {
      granted: (lock) => settle(session, lock, this.#apply()),
      refused: () => this.#operation.refuse(Status.EAGAIN),
    });
  }

  /** Nothing is on disk yet. */
  abort(): void {}

  #apply(): Outcome | null {
    const writing = Writing.begin(this.#session, this.#operation, false);
    if (writing === null) return null;
    try {
      for (const piece of this.#body.pieces) writing.write(piece);
      return writing.finish();
    } catch (error) {
      const outcome = writing.interrupt(this.#session);
      this.#operation.fail(error);
      return outcome;
    }
  }
}

class StreamedRange implements BodySink {
  readonly #session: Session;
  readonly #operation: RangeOperation;
  #lock: FileLock | undefined;
  #writing: Writing | null = null;

  constructor(session: Session, operation: RangeOperation) {
    this.#session = session;
    this.#operation = operation;
  }

  /** Waits for the lock; content is held back until it is granted. */
  begin(): void {
    const { connection, worker } = this.#session;
    const lock = worker.locks.acquire(this.#operation.name, {
      granted: (held) => {
        this.#lock = held;
        this.#writing = Writing.begin(this.#session, this.#operation, true);
        if (this.#writing === null) held.release();
        connection.resumeBody();
      },
      refused: () => this.#operation.refuse(Status.EAGAIN),
    });
    this.#lock = lock;
    if (lock.isWaiting) connection.pauseBody();
  }

  write(chunk: Uint8Array): void {
    try {
      this.#writing?.write(chunk);
    } catch (error) {
      this.#interrupt();
      this.#operation.fail(error);
    }
  }

  finish(): void {
    const writing = this.#writing;
    if (writing === null) return;
    try {
      const outcome = writing.finish();
      this.#writing = null;
      this.#settle(writing, outcome);
    } catch (error) {
      this.#interrupt();
      this.#operation.fail(error);
    }
  }

  abort(): void {
    if (this.#writing === null) this.#lock?.release();
    else this.#interrupt();
  }

  #interrupt(): void {
    const writing = this.#writing;
    this.#writing = null;
    if (writing !== null) this.#settle(writing, writing.interrupt(this.#session));
  }

  /** The note stays until the record is written. */
  #settle(writing: Writing, outcome: Outcome | null): void {
    if (outcome === null) writing.endNote();
    const noted = outcome && {
      record: outcome.record,
      waiter: {
        committed(status: number): void {
          outcome.waiter.committed(status);
          writing.endNote();
        },
      },
    };
    settle(this.#session, this.#lock!, noted);
  }
}
