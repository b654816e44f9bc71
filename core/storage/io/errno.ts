// Errors with a system code, and which status an exception of an operation answers.

import { type Status, statusOfError } from "../../wire/status.ts";

/** An error in the form of node:fs's. */
export function codedErrno(code: keyof typeof Status, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code });
}

/** Status for an exception of file work: its errno, EIO for anything without one. */
export function errnoOf(error: unknown): number {
  return statusOfError(error);
}

/** True for an error that says its own status: a refusal, or a failed system call. Anything else is a mistake of ours. */
export function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("status" in error && typeof error.status === "number") || ("code" in error && typeof error.code === "string");
}
