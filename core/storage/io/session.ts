// One connection's state in a storage, and the way every operation ends: counters, access log line, reply.

import type { Connection } from "../../net/connection.ts";
import type { Header } from "../../wire/header.ts";
import { HEADER_SIZE } from "../../wire/limits.ts";
import { Status } from "../../wire/status.ts";
import type { Committed } from "../binlog/commit-queue.ts";
import { Counter } from "../scoreboard/counters.ts";
import { errnoOf, isExpected } from "./errno.ts";
import type { WorkerContext } from "./worker-context.ts";

export class Session {
  readonly connection: Connection<Session>;
  readonly worker: WorkerContext;
  /** Id of the storage that announced itself with REPORT_SERVER_ID; "" for clients. */
  peerId = "";
  /** Logic name of the running request, for the access log. */
  fileName = "-";
  #action = "";
  #startMs = 0;
  #requestBytes = 0;

  constructor(connection: Connection<Session>, worker: WorkerContext) {
    this.connection = connection;
    this.worker = worker;
  }

  /** Opens a request that the access log shows under `action`. */
  begin(action: string, header: Header): void {
    if (this.worker.accessLog === null) return;
    this.#action = action;
    this.#startMs = performance.timeOrigin + performance.now();
    this.#requestBytes = HEADER_SIZE + header.bodyLength;
    this.fileName = "-";
  }

  reply(packet: Uint8Array): void {
    this.record(Status.OK, packet.length);
    this.connection.reply(packet);
  }

  /** Success without a body. */
  replyDone(): void {
    this.record(Status.OK, HEADER_SIZE);
    this.connection.replyStatus(Status.OK);
  }

  fail(status: number): void {
    this.record(status, HEADER_SIZE);
    this.connection.replyStatus(status);
  }

  /** Ends the request with the status of an exception; one that is no refusal and no system call's is logged. */
  failWith(error: unknown): void {
    if (!isExpected(error)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.worker.log.error(`Request of ${this.connection.remoteAddress} on ${this.fileName} failed: ${text}`);
    }
    this.fail(errnoOf(error));
  }

  /** Writes the access log line of the running request. */
  record(status: number, responseBytes: number): void {
    const log = this.worker.accessLog;
    if (log === null || this.#action === "") return;
    log.record({
      startMs: this.#startMs,
      usedMs: performance.timeOrigin + performance.now() - this.#startMs,
      clientIp: this.connection.remoteAddress,
      action: this.#action,
      fileName: this.fileName,
      status,
      requestBytes: this.#requestBytes,
      responseBytes,
    });
    this.#action = "";
  }
}

/** The counters an operation moves: totals when it was tried, successes when it was answered with 0. */
export interface OperationCounters {
  readonly total: number;
  readonly success: number;
  readonly totalBytes?: number;
  readonly successBytes?: number;
}

/** Adds to the totals. */
export function countTried({ counters }: WorkerContext, operation: OperationCounters, bytes = 0): void {
  counters[operation.total]! += 1;
  if (operation.totalBytes !== undefined) counters[operation.totalBytes]! += bytes;
}

/** Adds to the successes. */
export function countDone({ counters }: WorkerContext, operation: OperationCounters, bytes = 0): void {
  counters[operation.success]! += 1;
  if (operation.successBytes !== undefined) counters[operation.successBytes]! += bytes;
}

/** An operation of a client that is done on disk and waits for its binlog record. */
export class ClientCompletion implements Committed {
  readonly #session: Session;
  readonly #operation: OperationCounters;
  readonly #bytes: number;
  readonly #packet: Uint8Array | null;
  readonly #undo: (() => void) | null;

  /** `packet` null: success without a body. `undo` takes the change back when its record could not be written. */
  constructor(
    session: Session,
    operation: OperationCounters,
    bytes: number,
    packet: Uint8Array | null,
    undo: (() => void) | null,
  ) {
    this.#session = session;
    this.#operation = operation;
    this.#bytes = bytes;
    this.#packet = packet;
    this.#undo = undo;
  }

  committed(status: number): void {
    const session = this.#session;
    if (status !== Status.OK) {
      this.#undo?.();
      session.fail(status);
      return;
    }
    countDone(session.worker, this.#operation, this.#bytes);
    session.worker.counters[Counter.lastSourceUpdate] = Math.floor(Date.now() / 1000);
    if (this.#packet === null) session.replyDone();
    else session.reply(this.#packet);
  }
}
