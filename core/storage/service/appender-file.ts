// What APPEND, MODIFY, TRUNCATE and REGENERATE share: which names they accept, and the open file under its lock.

import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, futimesSync, lstatSync, openSync } from "node:fs";
import { readFileName } from "../../fileid/file-id.ts";
import { LOGIC_NAME_LIMIT, LOGIC_NAME_MIN } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Reader } from "../../wire/reader.ts";
import { Status } from "../../wire/status.ts";
import { EDGE_MS, writeSome } from "../io/new-file.ts";
import { locate, type StoredName } from "../io/store-paths.ts";
import { sizeOfStored } from "../io/stored-file.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { Counter } from "../scoreboard/counters.ts";

/** The size of a fixed part whose first field is the length of the name behind `fixedSize` bytes. */
export function headSizeWithName(head: Uint8Array, fixedSize: number): number {
  if (head.length < fixedSize) return fixedSize;
  return fixedSize + checkNameLength(new Reader(head).int64());
}

/** Appender names have 44..127 characters (storage.md §2.3). */
function checkNameLength(length: number): number {
  if (length < LOGIC_NAME_MIN || length >= LOGIC_NAME_LIMIT)
    throw new ProtocolError(`Cannot use a name of ${length} bytes`);
  return length;
}

/** Locates an appender file; throws 22 for a name without the appender bit or what is no file, 2 for a missing one. */
export function locateAppender(worker: WorkerContext, name: string): StoredName {
  checkNameLength(name.length);
  const stored = locate(worker, name);
  const stat = lstatSync(stored.path, { throwIfNoEntry: false });
  if (stat === undefined) throw new ProtocolError(`Cannot find ${name}`, Status.ENOENT);
  if (!stat.isFile() || readFileName(name).kind !== "appender") throw new ProtocolError(`${name} is no appender file`);
  return stored;
}

/** An existing file that is changed in place. The caller holds its lock. */
export class OpenFile {
  readonly fd: number;
  readonly #worker: WorkerContext;

  constructor(worker: WorkerContext, path: string) {
    this.#worker = worker;
    worker.counters[Counter.totalFileOpenCount]! += 1;
    this.fd = openSync(path, "r+");
    worker.counters[Counter.successFileOpenCount]! += 1;
  }

  get size(): number {
    return sizeOfStored(this.fd);
  }

  /** Seconds of the change that was made just now. */
  get modifiedAt(): number {
    const nowMs = Date.now();
    // The kernel's time of a change is at most a tick old: only near a second's edge it has to be asked for.
    return Math.floor((nowMs % 1000 < EDGE_MS ? fstatSync(this.fd).mtimeMs : nowMs) / 1000);
  }

  /** Gives the file its source's time (storage.md §3.4). */
  setModifiedAt(timestamp: number): void {
    futimesSync(this.fd, timestamp, timestamp);
  }

  /** Writes `bytes` from `start` on, or a part of them; returns how many. */
  write(bytes: Uint8Array, start: number, position: number): number {
    return writeSome(this.#worker, this.fd, bytes, start, position);
  }

  truncate(size: number): void {
    ftruncateSync(this.fd, size);
  }

  flush(): void {
    if (this.#worker.config.durability === "power") fdatasyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
