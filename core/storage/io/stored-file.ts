// Opening and reading the files that downloads send: by the cheap native calls where the runtime has them, else by the
// portable ones. A failure is always node:fs's error.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { native } from "../../runtime/index.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { codedErrno } from "./errno.ts";

/** Opens for reading; throws ENOENT and the like. */
export function openStored(path: string): number {
  const fd = native()?.openForReading(path) ?? -1;
  // A failure is rare, and the portable call says it best.
  return fd >= 0 ? fd : openSync(path, "r");
}

/** Size in bytes; throws what answers 21 for a directory. */
export function sizeOfStored(fd: number): number {
  const size = native()?.sizeOf(fd) ?? -1;
  if (size >= 0) return size;
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw new ProtocolError("it is a directory", Status.EISDIR);
  return stat.size;
}

/** Fills `target` from `start` with the file's first bytes; throws EIO when there are fewer. */
export function readStored(fd: number, target: Uint8Array, start: number): void {
  const calls = native();
  for (let done = start; done < target.length; ) {
    const length = target.length - done;
    let count = calls === null ? -1 : calls.readAt(fd, target, done, length, done - start);
    if (count < 0) count = readSync(fd, target, done, length, done - start);
    if (count === 0) throw codedErrno("EIO", `the file ended ${length} bytes early`);
    done += count;
  }
}

export function closeStored(fd: number): void {
  const calls = native();
  if (calls === null) closeSync(fd);
  else calls.close(fd);
}
