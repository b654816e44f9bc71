// Writing a new file so that no other is ever replaced and nothing half-written carries a real name: small contents go
// into an exclusively created file with one write, large ones through a temporary file that is renamed without replacing.

import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
  writevSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { native } from "../../runtime/index.ts";
import { Counter } from "../scoreboard/counters.ts";
import { codedErrno } from "./errno.ts";
import type { WorkerContext } from "./worker-context.ts";

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
/** The kernel stamps files with a clock that lags by up to one timer tick: near a second's edge the two may differ. */
export const EDGE_MS = 12;
/** Prefix of temporary upload files; start-up removes what a crash left. */
export const TEMPORARY_PREFIX = ".fdfs-upload-";

/** Runs `create`, once more after making the directory of `path` when that is missing (the C server answers ENOENT). */
export function inDirectory<T>(path: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    return create();
  }
}

function openCounted({ counters }: WorkerContext, path: string, flags: string): number {
  counters[Counter.totalFileOpenCount]! += 1;
  const fd = inDirectory(path, () => openSync(path, flags, FILE_MODE));
  counters[Counter.successFileOpenCount]! += 1;
  return fd;
}

/** With durability "power": makes a rename or removal in the directory of `path` survive a power cut. */
export function flushDirectory({ config }: WorkerContext, path: string): void {
  if (config.durability !== "power") return;
  const fd = openSync(dirname(path), "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes a part of `bytes` at `position` (null: where the file stands), at least one byte. Throws ENOSPC on a full disk. */
export function writeSome(
  { counters }: WorkerContext,
  fd: number,
  bytes: Uint8Array,
  start: number,
  position: number | null,
): number {
  counters[Counter.totalFileWriteCount]! += 1;
  const count = writeSync(fd, bytes, start, bytes.length - start, position);
  if (count === 0) throw codedErrno("ENOSPC", "nothing could be written");
  counters[Counter.successFileWriteCount]! += 1;
  return count;
}

function writeFully(worker: WorkerContext, fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSome(worker, fd, bytes, done, null);
}

function writeChunks(worker: WorkerContext, fd: number, chunks: readonly Uint8Array[], size: number): void {
  if (size === 0) return;
  if (chunks.length === 1) {
    writeFully(worker, fd, chunks[0]!);
    return;
  }
  worker.counters[Counter.totalFileWriteCount]! += 1;
  const written = writevSync(fd, chunks as Uint8Array[]);
  if (written !== size) throw codedErrno("ENOSPC", `only ${written} of ${size} bytes were written`);
  worker.counters[Counter.successFileWriteCount]! += 1;
}

/**
 * Creates `path` with the content; throws EEXIST when it exists. The file's time is `timestamp`, the one in its name.
 * `startMs` is when the caller took that timestamp.
 */
export function createSmallFile(
  worker: WorkerContext,
  path: string,
  chunks: readonly Uint8Array[],
  size: number,
  timestamp: number,
  startMs: number,
): void {
  const fd = openCounted(worker, path, "wx");
  try {
    writeChunks(worker, fd, chunks, size);
    const nowMs = Date.now();
    if (startMs % 1000 < EDGE_MS || Math.floor(nowMs / 1000) !== timestamp) futimesSync(fd, timestamp, timestamp);
    if (worker.config.durability === "power") fdatasyncSync(fd);
  } catch (error) {
    closeSync(fd);
    removeQuietly(path);
    throw error;
  }
  closeSync(fd);
}

/** A file that is being received under a temporary name. */
export class TemporaryFile {
  readonly path: string;
  readonly fd: number;
  readonly #worker: WorkerContext;
  readonly storePath: number;
  #isOpen = true;
  #modifiedAt = 0;
  #crc: number | null;

  /** `hasCrc`: the CRC32 of what is written will be asked for. */
  constructor(worker: WorkerContext, storePath: number, hasCrc: boolean) {
    this.#worker = worker;
    this.storePath = storePath;
    this.#crc = hasCrc ? 0 : null;
    const { config } = worker;
    const folder = `${config.storePaths[storePath]!.path}/data`;
    this.path = `${folder}/${TEMPORARY_PREFIX}${process.pid}-${config.worker}-${worker.nextSerial()}.tmp`;
    // Readable, too: what fits into a trunk file is copied there.
    this.fd = openCounted(worker, this.path, "w+");
  }

  write(chunk: Uint8Array): void {
    if (this.#crc !== null) this.#crc = crc32(chunk, this.#crc);
    writeFully(this.#worker, this.fd, chunk);
  }

  /** CRC32 of what was written; null when nobody wanted it. */
  get crc(): number | null {
    return this.#crc;
  }

  /** Another thread wrote here with so many calls; it knows the CRC32 of all that was written. */
  noteWritten(writeCount: number, crc: number | null): void {
    const { counters } = this.#worker;
    counters[Counter.totalFileWriteCount]! += writeCount;
    counters[Counter.successFileWriteCount]! += writeCount;
    if (crc !== null) this.#crc = crc;
  }

  /** False when `fd` is of no use any more. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Seconds of the file's last change. */
  get modifiedAt(): number {
    if (this.#isOpen) this.#modifiedAt = Math.floor(fstatSync(this.fd).mtimeMs / 1000);
    return this.#modifiedAt;
  }

  /** Sets the file's times, flushes it where the durability asks for it, and closes it. */
  finish(timestamp: number | null): void {
    if (!this.#isOpen) return;
    if (timestamp !== null) futimesSync(this.fd, timestamp, timestamp);
    if (this.#worker.config.durability === "power") fdatasyncSync(this.fd);
    this.#close();
  }

  /** Gives the file its real name; throws EEXIST when that is taken. */
  publish(path: string): void {
    inDirectory(path, () => renameWithoutReplacing(this.path, path));
    flushDirectory(this.#worker, path);
  }

  /** What was published under `path` can be published under another name, too: a file with two names. */
  again(path: string): void {
    linkSync(path, this.path);
  }

  /** Gives the file its real name and replaces what has it. */
  replace(path: string): void {
    inDirectory(path, () => renameSync(this.path, path));
    flushDirectory(this.#worker, path);
  }

  discard(): void {
    this.#close();
    removeQuietly(this.path);
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.fd);
  }
}

/** rename(2) that fails with EEXIST instead of replacing. */
export function renameWithoutReplacing(from: string, to: string): void {
  const calls = native();
  const result = calls === null ? -1 : calls.renameNoReplace(from, to);
  if (result === 0) return;
  if (result === -17) throw codedErrno("EEXIST", `${to} exists`);
  if (result === -2) throw codedErrno("ENOENT", `${to} has no directory`);
  // Without the system call, or on a file system that lacks it: a second name, then the first one goes.
  linkSync(from, to);
  unlinkSync(from);
}

/** Removes a file that may be gone already. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, which is what was wanted.
  }
}
