// What can be uploaded: bytes, a file, a stream of known length, or one of unknown length, which is first written to a
// temporary file because the protocol announces lengths.

import { open, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { statusOfError, statusText } from "../wire/status.ts";
import { unlessAborted } from "./interruption.ts";

/**
 * A stream whose length is null or absent is spooled to a file in the folder for temporary files. Who has just looked at a
 * file tells its size, and the file is not looked at again.
 */
export type Content =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string; readonly size?: number }
  | { readonly kind: "stream"; readonly stream: AsyncIterable<Uint8Array>; readonly length?: number | null };

const CHUNK_BYTES = 256 * 1024;

/** Content with its length, ready to be sent. */
export interface OpenedContent {
  readonly length: number;
  /** All of it, when it is small enough to leave together with its request. */
  readonly whole: Uint8Array | null;
  /** False when the content has been read and cannot be read again. */
  canStart(): boolean;
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

const nothingToClose = async (): Promise<void> => {};

export async function openContent(content: Content, signal?: AbortSignal): Promise<OpenedContent> {
  if (content.kind === "file") {
    const { path, size = await sizeOfFile(path) } = content;
    return size > CHUNK_BYTES ? fileContent(path, size, nothingToClose) : bytesContent(await readSmallFile(path));
  }
  if (content.kind === "bytes") return bytesContent(content.bytes);
  const { stream, length } = content;
  if (length === undefined || length === null) return spool(stream, signal);
  let isRead = false;
  async function* onlyOnce(): AsyncGenerator<Uint8Array> {
    isRead = true;
    yield* stream;
  }
  return { length, whole: null, canStart: () => !isRead, chunks: onlyOnce, close: nothingToClose };
}

function bytesContent(bytes: Uint8Array): OpenedContent {
  const whole = bytes.length > CHUNK_BYTES ? null : bytes;
  return { length: bytes.length, whole, canStart: () => true, chunks: () => one(bytes), close: nothingToClose };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Keeps the system's code, for those who exit with it. */
function unreadable(path: string, error: unknown): Error {
  const text = statusText(statusOfError(error));
  const code = error !== null && typeof error === "object" && "code" in error ? { code: error.code } : {};
  return Object.assign(new Error(`Cannot read ${path}: ${text}`, { cause: error }), code);
}

async function sizeOfFile(path: string): Promise<number> {
  const info = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!info.isFile()) throw new Error(`Cannot upload ${path}: it is no regular file`);
  return info.size;
}

/** In one trip to the thread that reads, instead of one each to open, read and close. */
async function readSmallFile(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/** Reads exactly `length` bytes: a file that shrinks meanwhile is an error, what it grows is left out. */
async function* readFileChunks(path: string, length: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    for (let done = 0; done < length; ) {
      // A buffer of its own for every chunk: node:net keeps what it could not send yet.
      const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length - done));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, done);
      if (bytesRead === 0) throw new Error(`Cannot read ${path}: it became shorter than ${length} bytes meanwhile`);
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function fileContent(path: string, length: number, close: () => Promise<void>): OpenedContent {
  return { length, whole: null, canStart: () => true, chunks: () => readFileChunks(path, length), close };
}

async function spool(stream: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<OpenedContent> {
  const path = join(tmpdir(), `fdfs-upload-${process.pid}-${crypto.randomUUID()}`);
  const file = await open(path, "wx", 0o600);
  let length = 0;
  try {
    for await (const chunk of watched(stream, signal)) {
      await file.writeFile(chunk);
      length += chunk.length;
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return fileContent(path, length, () => rm(path, { force: true }));
}

/**
 * Passes the chunks on, reports the size of each when the next one is asked for, and ends with the signal's reason when it
 * is aborted, even while the source has nothing to give.
 */
export async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onProgress: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let isPending = false;
  try {
    for (;;) {
      isPending = true;
      const step = await unlessAborted(iterator.next(), signal);
      if (step.done === true) return;
      isPending = false;
      yield step.value;
      onProgress(step.value.length);
    }
  } finally {
    // A source that is still reading would keep us until it has read.
    const left = iterator.return?.();
    if (isPending) left?.catch(() => {});
    else await left;
  }
}
