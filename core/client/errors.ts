// The client's error: one operation, everything that was tried and where, and the errno it comes down to.

import { RemoteError } from "../net/remote-error.ts";
import { Status, statusOfError } from "../wire/status.ts";

/** An operation of the client that failed. `status` is the errno for scripts, `attempts` what was tried in order. */
export class FdfsError extends Error {
  override readonly name = "FdfsError";
  readonly status: number;
  readonly attempts: readonly unknown[];

  constructor(operation: string, attempts: readonly unknown[]) {
    const texts = attempts.map((attempt) => (attempt instanceof Error ? attempt.message : String(attempt)));
    super(`Cannot ${operation}: ${[...new Set(texts)].join("; ")}`);
    this.attempts = attempts;
    this.status = attempts.length === 0 ? Status.EIO : statusOfError(decisive(attempts));
  }
}

/** An answer says more than a broken connection. */
function decisive(attempts: readonly unknown[]): unknown {
  return attempts.findLast((attempt) => attempt instanceof RemoteError && attempt.answered) ?? attempts.at(-1);
}

/** True when another server may do better: the connection failed, not the request. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof RemoteError && !error.answered;
}
