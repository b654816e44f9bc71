// The one error of the pure floor: bytes that do not fit the declared layout. It carries the status a server
// answers with; it knows nothing of sockets or files.

import { Status } from "./status.ts";

/** Bytes or values that break a declared layout. `status` is what a server puts into the response header. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly status: number;

  constructor(message: string, status: number = Status.EINVAL) {
    super(message);
    this.status = status;
  }
}
