// Runs an operation while it holds its file's lock, and keeps the lock until the operation's record is in the binlog:
// records of one file therefore stand in the order of its changes, whichever worker made them.

import { Status } from "../../wire/status.ts";
import type { Outcome } from "../binlog/commit-queue.ts";
import type { Session } from "../io/session.ts";
import type { FileLock } from "../scoreboard/lock-table.ts";

/** Ends an operation under a lock; `outcome` null: it has answered already and leaves no record. */
export function settle({ worker }: Session, lock: FileLock, outcome: Outcome | null): void {
  if (outcome === null) {
    lock.release();
    return;
  }
  worker.commits.push(outcome.record, {
    committed(status) {
      try {
        outcome.waiter.committed(status);
      } finally {
        lock.release();
      }
    },
  });
}

/** Runs `run` with the lock of `name`; `refused` when it is not free within the network timeout: answers EAGAIN. */
export function whileLocked(
  session: Session,
  name: string,
  run: () => Outcome | null,
  refused: () => void = () => session.fail(Status.EAGAIN),
): void {
  session.worker.locks.acquire(name, {
    granted(lock) {
      let outcome: Outcome | null = null;
      try {
        outcome = run();
      } catch (error) {
        session.failWith(error);
      }
      settle(session, lock, outcome);
    },
    refused,
  });
}

/** As `whileLocked`, for an operation that waits for something. */
export function whileLockedAsync(session: Session, name: string, run: () => Promise<Outcome | null>): void {
  session.worker.locks.acquire(name, {
    granted(lock) {
      run()
        .catch((error: unknown) => {
          session.failWith(error);
          return null;
        })
        .then((outcome) => settle(session, lock, outcome));
    },
    refused: () => session.fail(Status.EAGAIN),
  });
}
