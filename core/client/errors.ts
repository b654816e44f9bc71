// The client's error: one operation, everything that was tried and where, and the errno it comes down to.

import { RemoteError } from "../net/remote-error.ts";
import { Status, statusOfError } from "../wire/status.ts";

/** An operation of the client that failed at the servers. `cause` is the attempt that decided it. */
export class FdfsError extends Error {
  override readonly name = "FdfsError";
  /** What was wanted, as it stands in the message: `download group1/M00/...`. */
  readonly operation: string;
  /** Linux errno for scripts: a server's refusal if there was one, else that of the last broken connection. */
  readonly status: number;
  /** What was tried, in order. */
  readonly attempts: readonly unknown[];

  constructor(operation: string, attempts: readonly unknown[]) {
    const cause = decisive(attempts);
    const texts = attempts.map((attempt) => (attempt instanceof Error ? attempt.message : String(attempt)));
    super(`Cannot ${operation}: ${[...new Set(texts)].join("; ")}`, { cause });
    this.operation = operation;
    this.attempts = attempts;
    this.status = attempts.length === 0 ? Status.EIO : statusOfError(cause);
  }
}

/** An answer says more than a broken connection. */
function decisive(attempts: readonly unknown[]): unknown {
  return attempts.findLast((attempt) => attempt instanceof RemoteError && attempt.answered) ?? attempts.at(-1);
}

/** True when another server may do better: the connection failed, not the request. */
export function isUnreachable(error: unknown): error is RemoteError {
  return error instanceof RemoteError && !error.answered;
}

/** True when a server said no with one of `statuses`. */
export function isRefusal(error: unknown, statuses: readonly number[]): error is RemoteError {
  return error instanceof RemoteError && error.answered && statuses.includes(error.status);
}

/** Runs one step; a failure at a server becomes an FdfsError that names the operation. */
export async function during<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof RemoteError ? new FdfsError(operation, [error]) : error;
  }
}
