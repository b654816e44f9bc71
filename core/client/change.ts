// Changing and removing stored files. The tracker names the storage that takes changes of a file, and only that one is
// asked: a second storage could apply the change a second time.

import { formatFileId, parseFileId } from "../fileid/file-id.ts";
import type { Command } from "../wire/command.ts";
import * as storage from "../wire/storage-client.ts";
import { type Content, openContent } from "./content.ts";
import { during } from "./errors.ts";
import { queryUpdate } from "./locate.ts";
import { type Metadata, packMetadata } from "./metadata.ts";
import { patiently } from "./patience.ts";
import type { Session } from "./session.ts";
import { Sending, type TransferOptions } from "./upload.ts";

/** Adds content at the end of an appender file. */
export function append(session: Session, id: string, content: Content, options: TransferOptions): Promise<void> {
  const request = (fileName: string, byteCount: number) => ({ fileName, byteCount });
  return send(session, `append to ${id}`, id, content, options, storage.appendFile, request);
}

/** Overwrites a part of an appender file from `offset`, which is at most its size. */
export function modify(
  session: Session,
  id: string,
  offset: number,
  content: Content,
  options: TransferOptions,
): Promise<void> {
  const request = (fileName: string, byteCount: number) => ({ fileName, byteCount, offset });
  return send(session, `modify ${id}`, id, content, options, storage.modifyFile, request);
}

async function send<Q>(
  session: Session,
  operation: string,
  id: string,
  content: Content,
  options: TransferOptions,
  command: Command<Q, object>,
  request: (fileName: string, byteCount: number) => Q,
): Promise<void> {
  const { fileName } = parseFileId(id);
  const opened = await openContent(content, options.signal);
  try {
    const server = await patiently(() => queryUpdate(session, id), options.signal);
    const value = request(fileName, opened.length);
    const sending = new Sending(opened, options);
    await during(operation, () => session.caller.callWithContent(server, command, value, sending, options.signal));
  } finally {
    await opened.close();
  }
}

/** Cuts or extends an appender file. */
export async function truncate(session: Session, id: string, newSize: number): Promise<void> {
  const { fileName } = parseFileId(id);
  await update(session, `truncate ${id}`, id, storage.truncateFile, { fileName, newSize });
}

/** Turns an appender file into a normal one; resolves with its new ID. */
export async function regenerate(session: Session, id: string): Promise<string> {
  const { fileName } = parseFileId(id);
  const answer = await update(session, `regenerate ${id}`, id, storage.regenerateAppenderFilename, { fileName });
  return formatFileId(answer.groupName, answer.fileName);
}

export async function deleteFile(session: Session, id: string): Promise<void> {
  await update(session, `delete ${id}`, id, storage.deleteFile, parseFileId(id));
}

export async function setMetadata(
  session: Session,
  id: string,
  items: Metadata,
  mode: "overwrite" | "merge",
): Promise<void> {
  const flag = mode === "merge" ? storage.MetadataFlag.MERGE : storage.MetadataFlag.OVERWRITE;
  const request = { ...parseFileId(id), flag, metadata: packMetadata(items) };
  await update(session, `set metadata of ${id}`, id, storage.setMetadata, request);
}

async function update<Q, S>(
  session: Session,
  operation: string,
  id: string,
  command: Command<Q, S>,
  value: Q,
): Promise<S> {
  return patiently(async () => {
    const server = await queryUpdate(session, id);
    return during(operation, () => session.caller.call(server, command, value));
  });
}
