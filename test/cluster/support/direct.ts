// Reads from one storage by itself: the connection announces itself as a storage's, so that a storage which fetches missing
// files from its replicas answers for its own disk alone.

import { ask } from "../../../core/client/caller.ts";
import { unpackMetadata } from "../../../core/client/metadata.ts";
import { parseFileId } from "../../../core/fileid/file-id.ts";
import { ClientConnection } from "../../../core/net/client-connection.ts";
import { RemoteError } from "../../../core/net/remote-error.ts";
import { encodeRequest } from "../../../core/wire/command.ts";
import { Status } from "../../../core/wire/status.ts";
import { downloadFile, getMetadata, QueryFlag, queryFileInfo } from "../../../core/wire/storage-client.ts";
import { reportServerId } from "../../../core/wire/storage-sync.ts";
import type { Server } from "./server.ts";

export class DirectReader {
  readonly #connection: ClientConnection;

  private constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  static async open({ host, port }: Server): Promise<DirectReader> {
    const connection = await ClientConnection.open({ host, port, connectTimeoutMs: 5000, networkTimeoutMs: 20_000 });
    await ask(connection, reportServerId, { storageId: "cluster-test" });
    return new DirectReader(connection);
  }

  close(): void {
    this.#connection.destroy();
  }

  /** Null: the storage has no such file. */
  async content(id: string): Promise<Buffer | null> {
    const request = encodeRequest(downloadFile, { offset: 0, byteCount: 0, ...parseFileId(id) });
    const { status, body } = await this.#connection.download(request);
    if (status === Status.ENOENT) return null;
    if (status === Status.EINVAL) return this.#emptyOrAbsent(id);
    if (status !== 0) throw RemoteError.fromStatus(this.#connection.server, status);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Null: the storage has no metadata of this file. */
  async metadata(id: string): Promise<Map<string, string> | null> {
    const answer = await orAbsent(ask(this.#connection, getMetadata, parseFileId(id)));
    return answer === null ? null : unpackMetadata(answer.metadata);
  }

  /** An empty file is not sent since 6.15.4 (storage.md §2.7). */
  async #emptyOrAbsent(id: string): Promise<Buffer | null> {
    const status = QueryFlag.NO_CRC | QueryFlag.SILENT;
    const info = await orAbsent(ask(this.#connection, queryFileInfo, parseFileId(id), { status }));
    return info === null || info.fileSize > 0 ? null : Buffer.alloc(0);
  }
}

async function orAbsent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RemoteError && error.answered && error.status === Status.ENOENT) return null;
    throw error;
  }
}
