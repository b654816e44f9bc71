// What becomes of a record that a peer has refused. Pure.

import { Status } from "../../wire/status.ts";

/** Pauses before the next attempts; then the record is set aside. */
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
/** The peer as a whole is in trouble (its disk is full, broken, read-only): no record is to blame. */
const peerTrouble: ReadonlySet<number> = new Set([
  Status.ENOSPC,
  Status.EIO,
  Status.EAGAIN,
  Status.EBUSY,
  Status.ENOMEM,
  Status.EROFS,
  Status.EDQUOT,
  Status.EMFILE,
  Status.ENFILE,
]);
const TROUBLE_PAUSE_MS = 5000;

export type Verdict = { readonly kind: "again"; readonly afterMs: number } | { readonly kind: "set-aside" };

/** The record could not be sent for a reason of this storage's own: its file cannot be read. */
export function afterFailure(attempts: number): Verdict {
  const afterMs = PAUSES_MS[attempts];
  return afterMs === undefined ? { kind: "set-aside" } : { kind: "again", afterMs };
}

/** `attempts`: how often it failed before. */
export function afterRefusal(status: number, attempts: number): Verdict {
  if (peerTrouble.has(status)) return { kind: "again", afterMs: TROUBLE_PAUSE_MS };
  return afterFailure(attempts);
}
