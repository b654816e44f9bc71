// Positioned reading and writing of whole pieces, by the cheap native calls where the runtime has them.

import { readSync, writeSync } from "node:fs";
import { native } from "../../runtime/index.ts";
import { codedErrno } from "../io/errno.ts";

const ENXIO = 6;

/** Where the next bytes are that were ever written; `offset` itself where nobody can tell. */
export function nextData(fd: number, offset: number): number {
  const found = native()?.seekData(fd, offset) ?? offset;
  return found === -ENXIO ? Number.POSITIVE_INFINITY : Math.max(found, offset);
}

/** Bytes read; fewer only at the end of the file. Throws the system's errors. */
export function readAt(fd: number, target: Uint8Array, start: number, length: number, position: number): number {
  const calls = native();
  let done = 0;
  while (done < length) {
    let count = calls === null ? -1 : calls.readAt(fd, target, start + done, length - done, position + done);
    if (count < 0) count = readSync(fd, target, start + done, length - done, position + done);
    if (count === 0) return done;
    done += count;
  }
  return done;
}

export function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = writeSync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) throw codedErrno("ENOSPC", "nothing could be written");
    done += count;
  }
}
