// The body of APPEND, MODIFY and their replication twins: waits for the file's lock, then writes what arrives at its
// place. What an operation does before, after and on failure is handed in.

import type { BodySink } from "../../net/frame-protocol.ts";
import { Status } from "../../wire/status.ts";
import { errnoOf } from "../io/errno.ts";
import type { Session } from "../io/session.ts";
import { FileLock } from "../scoreboard/file-lock.ts";
import { OpenFile } from "./appender-file.ts";

export interface RangeOperation {
  readonly name: string;
  readonly path: string;
  /** The file is open and locked: where to write, or a status that ends the operation. */
  position(file: OpenFile): { at: number } | { status: number };
  /** Everything is written: records and replies. The lock is given back afterwards. */
  done(file: OpenFile, at: number): void;
  /** Only `written` bytes came before the peer vanished or the disk refused; `status` null: nobody is left to answer. */
  interrupted(file: OpenFile, at: number, written: number, status: number | null): void;
  /** The operation ends before anything is written. */
  refuse(status: number): void;
}

export class RangeWriter implements BodySink {
  readonly #session: Session;
  readonly #operation: RangeOperation;
  readonly #lock: FileLock;
  #file: OpenFile | undefined;
  #at = 0;
  #written = 0;
  #isOver = false;

  constructor(session: Session, operation: RangeOperation) {
    this.#session = session;
    this.#operation = operation;
    this.#lock = new FileLock(session.worker.scoreboard, operation.name);
  }

  /** Waits for the lock; content is held back until it is granted. */
  begin(): void {
    const { connection } = this.#session;
    let isWaiting = false;
    const granted = this.#lock.acquire(() => {
      this.#open();
      if (isWaiting) connection.resumeBody();
    });
    if (granted) return;
    isWaiting = true;
    connection.pauseBody();
  }

  write(chunk: Uint8Array): void {
    if (this.#file === undefined) return;
    try {
      this.#file.write(chunk, this.#at + this.#written);
      this.#written += chunk.length;
    } catch (error) {
      this.#interrupt(errnoOf(error));
    }
  }

  finish(): void {
    const file = this.#file;
    if (file === undefined) return;
    try {
      file.flush();
      this.#operation.done(file, this.#at);
      this.#close();
    } catch (error) {
      this.#interrupt(errnoOf(error));
    }
  }

  abort(): void {
    if (this.#file === undefined) {
      this.#isOver = true;
      this.#lock.release();
    } else {
      this.#interrupt(null);
    }
  }

  #open(): void {
    if (this.#isOver) {
      this.#lock.release();
      return;
    }
    let file: OpenFile | undefined;
    try {
      file = new OpenFile(this.#session.worker, this.#operation.path);
      const place = this.#operation.position(file);
      if ("at" in place) {
        this.#file = file;
        this.#at = place.at;
        return;
      }
      file.close();
      this.#refuse(place.status);
    } catch (error) {
      file?.close();
      this.#refuse(errnoOf(error));
    }
  }

  #refuse(status: number): void {
    this.#isOver = true;
    this.#lock.release();
    this.#operation.refuse(status);
  }

  #interrupt(status: number | null): void {
    const file = this.#file;
    if (file === undefined) return;
    try {
      this.#operation.interrupted(file, this.#at, this.#written, status);
    } catch (error) {
      this.#session.worker.log.error(`Cannot take back a change of ${this.#operation.path}: ${String(error)}`);
      if (status !== null) this.#session.fail(Status.EIO);
    }
    this.#close();
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#isOver = true;
    this.#lock.release();
  }
}
