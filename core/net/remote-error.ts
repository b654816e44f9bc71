// What can go wrong with a request to another server: where, what was tried, and the errno it comes down to.

import { statusOfError, statusText } from "../wire/status.ts";

/** A request that failed at or on the way to one server. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  /** `host:port`. */
  readonly server: string;
  /** Linux errno: the status byte of the answer, or that of the broken connection. */
  readonly status: number;
  /** True when the server itself answered; false when the connection failed. */
  readonly answered: boolean;

  constructor(server: string, status: number, answered: boolean, detail: string, cause?: unknown) {
    super(`${server}: ${detail}`, cause === undefined ? {} : { cause });
    this.server = server;
    this.status = status;
    this.answered = answered;
  }

  /** The server answered with a status other than 0. */
  static fromStatus(server: string, status: number): RemoteError {
    return new RemoteError(server, status, true, `${statusText(status)} (${status})`);
  }

  /** The connection could not be made, broke, or stalled. */
  static fromFailure(server: string, error: unknown): RemoteError {
    if (error instanceof RemoteError) return error;
    const status = statusOfError(error);
    const isCoded = error !== null && typeof error === "object" && "code" in error;
    const detail = isCoded ? statusText(status) : error instanceof Error ? error.message : String(error);
    return new RemoteError(server, status, false, detail.charAt(0).toLowerCase() + detail.slice(1), error);
  }
}
