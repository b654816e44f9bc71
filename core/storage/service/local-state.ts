// What is known on this storage of a name that somebody changes: the last change and the file on disk. The rules that use
// it are in replication/judge.ts.

import type { Session } from "../io/session.ts";
import type { StoredName } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { type Incoming, isReusable, type LocalState, nextTimestamp } from "../replication/judge.ts";
import { ORIGIN_OWN } from "../scoreboard/versions.ts";

/** Of a link the time is that of the change which made it: the link's own is when it was made here. */
export function localState(worker: WorkerContext, stored: StoredName): LocalState {
  const version = worker.scoreboard.versions.of(stored.name);
  const facts = factsOf(worker, stored);
  if (facts === null) return { version, file: null };
  const modifiedAt = facts.kind === "link" ? (version?.timestamp ?? 0) : facts.modifiedAt;
  // What is no file has no size that another could have.
  return { version, file: { modifiedAt, size: facts.kind === "file" ? facts.size : -1 } };
}

/** When and from whom a change of another storage is. */
export function incoming({ worker, peerId }: Session, timestamp: number): Incoming {
  return { timestamp, origin: worker.scoreboard.originOf(peerId) };
}

/** The Unix second of a change that a client makes here. */
export function ownTimestamp(worker: WorkerContext, stored: StoredName): number {
  const now = Math.floor(Date.now() / 1000);
  return isReusable(stored.name) ? nextTimestamp(now, ORIGIN_OWN, localState(worker, stored)) : now;
}

/** A file has been written; remembers it of a name that can be used again. */
export function noteWritten({ scoreboard }: WorkerContext, name: string, { timestamp, origin }: Incoming): void {
  scoreboard.contentChanged(name);
  if (isReusable(name)) scoreboard.versions.note(name, { timestamp, origin, isDeleted: false });
}

/** Remembers that a name has gone. */
export function noteDeleted({ scoreboard }: WorkerContext, name: string, { timestamp, origin }: Incoming): void {
  scoreboard.contentChanged(name);
  scoreboard.versions.note(name, { timestamp, origin, isDeleted: true });
}

/** True for a name that was deleted here and can never be used again. */
export function isGoneForGood({ scoreboard }: WorkerContext, name: string): boolean {
  return scoreboard.versions.of(name)?.isDeleted === true && !isReusable(name);
}

/** A change by a client of this storage. */
export function ownChange(timestamp: number): Incoming {
  return { timestamp, origin: ORIGIN_OWN };
}
