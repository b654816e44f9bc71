// Changes that a cluster asks to be tried again: the storage that a file was created on is away, and only that one changes
// it. A restart takes a second or two; so long nobody need notice.

import { setTimeout as sleep } from "node:timers/promises";
import { Status } from "../wire/status.ts";
import { FdfsError, isRefusal } from "./errors.ts";

const PATIENCE_MS = 5000;
const PAUSE_MS = 200;

/** Runs `attempt` again while it is refused with EAGAIN, for up to five seconds; then its error is thrown. */
export async function patiently<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const refusal = error instanceof FdfsError ? error.cause : error;
      if (!isRefusal(refusal, [Status.EAGAIN]) || Date.now() + PAUSE_MS > deadline) throw error;
      await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal });
    }
  }
}
