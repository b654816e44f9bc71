// What a failed operation means for what the client knows: nothing happened, or nobody can tell.

import { FdfsError } from "../../../core/client/index.ts";
import { RemoteError } from "../../../core/net/remote-error.ts";
import { Status } from "../../../core/wire/status.ts";

export type Failure = "refused" | "uncertain";

/**
 * `refused`: a server said no, or no connection was made. `uncertain`: the connection to a storage broke with the request
 * on it. `trackers`: their `host:port`; what they are asked changes nothing.
 */
export function judge(error: unknown, trackers: ReadonlySet<string>): Failure {
  const attempts = error instanceof FdfsError ? error.attempts : [error];
  for (const attempt of attempts) {
    if (!(attempt instanceof RemoteError)) continue;
    const wasSent =
      !attempt.answered && attempt.status !== Status.ECONNREFUSED && attempt.status !== Status.EHOSTUNREACH;
    if (wasSent && !trackers.has(attempt.server)) return "uncertain";
  }
  if (attempts.some((attempt) => attempt instanceof RemoteError)) return "refused";
  throw error;
}

/** The status that decided it. */
export function statusOf(error: unknown): number {
  return error instanceof FdfsError || error instanceof RemoteError ? error.status : 0;
}
