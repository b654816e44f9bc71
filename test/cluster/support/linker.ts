// CREATE_LINK, which the client library does not offer: a second name for a stored file, made by the storage that takes
// changes of it.

import { ask } from "../../../core/client/caller.ts";
import type { FdfsClient } from "../../../core/client/index.ts";
import { formatFileId, parseFileId } from "../../../core/fileid/file-id.ts";
import { ClientConnection } from "../../../core/net/client-connection.ts";
import { createLink } from "../../../core/wire/storage-client.ts";

const SIGNATURE = new Uint8Array(24).fill(7);

/** Resolves with the link's file ID. */
export async function linkTo(client: FdfsClient, sourceId: string): Promise<string> {
  const { groupName, fileName } = parseFileId(sourceId);
  const { host, port } = await client.queryUpdate(sourceId);
  const connection = await ClientConnection.open({ host, port, connectTimeoutMs: 2000, networkTimeoutMs: 10_000 });
  try {
    const request = { groupName, prefix: "", fileExt: "lnk", masterName: "", sourceName: fileName };
    const answer = await ask(connection, createLink, { ...request, signature: SIGNATURE });
    return formatFileId(answer.groupName, answer.fileName);
  } finally {
    connection.destroy();
  }
}
