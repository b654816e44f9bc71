// Runs an operation that holds a whole request while it holds the file's lock. An exception answers its errno; the lock
// is given back in any case.

import { errnoOf } from "../io/errno.ts";
import type { Session } from "../io/session.ts";
import { FileLock } from "../scoreboard/file-lock.ts";

/** `run` is synchronous. */
export function whileLocked(session: Session, name: string, run: () => void): void {
  const lock = new FileLock(session.worker.scoreboard, name);
  lock.acquire(() => {
    try {
      if (!session.connection.isClosed) run();
    } catch (error) {
      session.fail(errnoOf(error));
    } finally {
      lock.release();
    }
  });
}

/** `run` waits for something; the lock is held until it settles. */
export function whileLockedAsync(session: Session, name: string, run: () => Promise<void>): void {
  const lock = new FileLock(session.worker.scoreboard, name);
  lock.acquire(() => {
    run()
      .catch((error: unknown) => session.fail(errnoOf(error)))
      .finally(() => lock.release());
  });
}
