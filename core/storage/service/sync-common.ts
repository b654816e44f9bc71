// What the commands of other storages share: the size of their fixed part, and their end — a lower-case record with the
// source's time, then the status.

import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Reader } from "../../wire/reader.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import type { Session } from "../io/session.ts";
import { Counter } from "../scoreboard/counters.ts";

/** The fixed part and the name whose length stands in its first field. */
export function syncHeadSize(head: Uint8Array, fixedSize: number): number {
  if (head.length < fixedSize) return fixedSize;
  const length = new Reader(head).int64();
  if (length < 0 || length >= LOGIC_NAME_LIMIT) throw new ProtocolError(`Cannot use a name of ${length} bytes`);
  return fixedSize + length;
}

/** Metadata is changed under its file's lock, as by clients. */
export function lockNameOf(name: string): string {
  return name.endsWith("-m") ? name.slice(0, -2) : name;
}

/** Remembers how far the source has come (storage.md §7.5). */
export function noteSource(session: Session, timestamp: number): void {
  const { worker, peerId } = session;
  worker.counters[Counter.lastSyncUpdate] = Math.floor(Date.now() / 1000);
  if (peerId !== "") worker.scoreboard.sourceReceived(peerId, timestamp);
}

/** An operation of another storage that is done: recorded, then answered with `status`, or the errno of the record. */
export function recorded(session: Session, record: string, timestamp: number, status: number): Outcome {
  noteSource(session, timestamp);
  return {
    record,
    waiter: {
      committed: (result) => session.connection.replyStatus(result === 0 ? status : result),
    },
  };
}
