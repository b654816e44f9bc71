// What is known of a stored file without its content: facts, existence, metadata.

import { parseFileId, readFileName } from "../fileid/file-id.ts";
import { Status } from "../wire/status.ts";
import * as storage from "../wire/storage-client.ts";
import { FdfsError, isRefusal } from "./errors.ts";
import { type FileInfo, type InfoOptions, infoFromAnswer, infoFromName } from "./file-info.ts";
import { unpackMetadata } from "./metadata.ts";
import { fromAnyReplica } from "./replicas.ts";
import type { Session } from "./session.ts";

/** From the ID where it tells, else from a storage. With `local` a name that cannot be read is a FileNameError. */
export async function info(session: Session, id: string, options: InfoOptions): Promise<FileInfo> {
  const location = parseFileId(id);
  if (options.local === true) readFileName(location.fileName);
  const known = options.local === true || options.fromServer !== true ? infoFromName(location.fileName) : null;
  if (known !== null) {
    const sourceIp = known.sourceId === 0 ? known.sourceIp : await session.addresses.addressOfId(known.sourceId);
    if (options.local === true || (known.type === "normal" && sourceIp !== "")) return { ...known, sourceIp };
  }
  const status =
    (options.skipCrc === true ? storage.QueryFlag.NO_CRC : 0) |
    (options.silent === true ? storage.QueryFlag.SILENT : 0);
  const answer = await fromAnyReplica(session, `query ${id}`, id, (server) =>
    session.caller.call(server, storage.queryFileInfo, location, { isRepeatable: true, status }),
  );
  return infoFromAnswer(location.fileName, answer, options.skipCrc === true);
}

/** False only when every storage of the group that may have the file said that it has not. */
export async function exists(session: Session, id: string): Promise<boolean> {
  try {
    await info(session, id, { fromServer: true, skipCrc: true, silent: true });
    return true;
  } catch (error) {
    const isMissing =
      error instanceof FdfsError && error.attempts.every((attempt) => isRefusal(attempt, [Status.ENOENT]));
    if (isMissing) return false;
    throw error;
  }
}

/** In the order stored. */
export async function getMetadata(session: Session, id: string): Promise<Map<string, string>> {
  const location = parseFileId(id);
  const { metadata } = await fromAnyReplica(session, `get metadata of ${id}`, id, (server) =>
    session.caller.call(server, storage.getMetadata, location, { isRepeatable: true }),
  );
  return unpackMetadata(metadata);
}
