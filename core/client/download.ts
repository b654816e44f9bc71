// Reading stored files: as a stream, into memory, into a local file.

import { open, rename, rm } from "node:fs/promises";
import { parseFileId } from "../fileid/file-id.ts";
import { Status } from "../wire/status.ts";
import * as storage from "../wire/storage-client.ts";
import { FdfsError } from "./errors.ts";
import { infoFromName } from "./file-info.ts";
import { info } from "./inquire.ts";
import { fromAnyReplica } from "./replicas.ts";
import type { Session } from "./session.ts";

export interface DownloadOptions {
  /** First byte; it must be below the file's size. Default 0. */
  readonly offset?: number;
  /** Bytes at most; 0 or absent: to the end. What goes beyond the end is cut off. */
  readonly length?: number;
  /** Ends the transfer with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The bytes of a file or of a part of it. The stream must be read or ended: until then it holds a connection. */
export async function download(
  session: Session,
  id: string,
  options: DownloadOptions,
): Promise<AsyncGenerator<Uint8Array>> {
  const { groupName, fileName } = parseFileId(id);
  const offset = options.offset ?? 0;
  const request = { offset, byteCount: clipped(fileName, offset, options.length ?? 0), groupName, fileName };
  try {
    return await fromAnyReplica(session, `download ${id}`, id, (server) =>
      session.caller.callForContent(server, storage.downloadFile, request, options.signal),
    );
  } catch (error) {
    if (offset === 0 && error instanceof FdfsError && error.status === Status.EINVAL && (await isEmpty(session, id))) {
      return nothing();
    }
    throw error;
  }
}

/** Storages before 6.15.4 refuse a length beyond the end; the name of a normal file tells where that is. */
function clipped(fileName: string, offset: number, length: number): number {
  const known = infoFromName(fileName);
  const isCutByUs = known?.type === "normal" && offset >= 0 && offset < known.size && length > known.size - offset;
  return isCutByUs ? known.size - offset : length;
}

/** Since 6.15.4 a storage refuses to send an empty file (storage.md §2.7). */
async function isEmpty(session: Session, id: string): Promise<boolean> {
  try {
    return (await info(session, id, { skipCrc: true })).size === 0;
  } catch {
    return false;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty file has no chunks.
}

/** The same in one piece, for files that fit into memory. */
export async function downloadBytes(session: Session, id: string, options: DownloadOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of await download(session, id, options)) {
    chunks.push(chunk);
    size += chunk.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Into a local file, which appears under its name, or replaces the one there, when it is complete. Resolves with its size. */
export async function downloadFile(
  session: Session,
  id: string,
  path: string,
  options: DownloadOptions,
): Promise<number> {
  const content = await download(session, id, options);
  const temporary = `${path}.${crypto.randomUUID()}.part`;
  let size = 0;
  try {
    const file = await open(temporary, "wx");
    try {
      for await (const chunk of content) {
        await file.writeFile(chunk);
        size += chunk.length;
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await content.return(undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  return size;
}
