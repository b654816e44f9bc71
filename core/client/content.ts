// What can be uploaded: bytes, a file, a stream of known length, or one of unknown length, which is first written to a
// temporary file because the protocol announces lengths.

import { open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Content =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stream"; readonly stream: AsyncIterable<Uint8Array>; readonly length?: number | null };

const CHUNK_BYTES = 256 * 1024;

/** Content with its length, ready to be sent. `isRepeatable` content can be opened again for another server. */
export interface OpenedContent {
  readonly length: number;
  readonly isRepeatable: boolean;
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Reads exactly `length` bytes: a file that shrinks meanwhile is an error, what it grows is left out. */
async function* readFileChunks(path: string, length: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    for (let done = 0; done < length; ) {
      const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length - done));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, done);
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
      done += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function fileContent(path: string, length: number, close: () => Promise<void>): OpenedContent {
  return { length, isRepeatable: true, chunks: () => readFileChunks(path, length), close };
}

async function spool(stream: AsyncIterable<Uint8Array>): Promise<OpenedContent> {
  const path = join(tmpdir(), `fdfs-upload-${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`);
  const file = await open(path, "wx", 0o600);
  let length = 0;
  try {
    for await (const chunk of stream) {
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

export async function openContent(content: Content): Promise<OpenedContent> {
  const nothing = async (): Promise<void> => {};
  if (content.kind === "bytes") {
    return { length: content.bytes.length, isRepeatable: true, chunks: () => one(content.bytes), close: nothing };
  }
  if (content.kind === "file") {
    const info = await stat(content.path);
    if (!info.isFile()) throw new Error(`Cannot upload ${content.path}: it is no regular file`);
    return fileContent(content.path, info.size, nothing);
  }
  const { stream, length } = content;
  if (length === undefined || length === null) return spool(stream);
  return { length, isRepeatable: false, chunks: () => stream, close: nothing };
}

/** Reports progress and ends with the signal's reason when it is aborted. */
export async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onProgress: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    yield chunk;
    onProgress?.(chunk.length);
  }
}
