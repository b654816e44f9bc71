// Connections to the source of a recovery: whole lists of unknown length (trunk-dedup-recovery.md §3.3), and files one after
// the other. A connection announces this storage, so that nothing is read through for it.

import { closeSync, openSync, writeSync } from "node:fs";
import type { ClientConnection, StreamAnswer } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { downloadFile, QueryFlag, queryFileInfo } from "../../wire/storage-client.ts";
import { reportServerId } from "../../wire/storage-sync.ts";
import { dial, type LinkOptions } from "../control/dial.ts";
import { unlessAborted } from "../control/pause.ts";
import type { Candidate } from "./group-questions.ts";

const TRAILER_SIZE = 8;
/** A source may have to look at millions of files before it has a line for us; as C. */
const LIST_TIMEOUT_MS = 600_000;
const FILE_MODE = 0o644;

export interface SourceHelp {
  readonly linkOptions: LinkOptions;
  readonly groupName: string;
  readonly ownId: string;
  readonly signal: AbortSignal;
}

type ListCommand = Command<{ groupName: string; storePathIndex: number }, object>;

/** Rejects with a RemoteError; a connection that comes after the signal is closed. */
export async function openSource(candidate: Candidate, help: SourceHelp, timeoutMs = 0): Promise<ClientConnection> {
  const { linkOptions, ownId, signal } = help;
  const networkTimeoutMs = Math.max(linkOptions.networkTimeoutMs, timeoutMs);
  const server = { hosts: [candidate.host], port: candidate.port };
  const opening = dial(server, { ...linkOptions, networkTimeoutMs });
  opening.then(
    ({ connection }) => {
      if (signal.aborted) connection.destroy();
    },
    () => {},
  );
  const { connection } = await unlessAborted(opening, signal);
  try {
    const { status } = await connection.request(encodeRequest(reportServerId, { storageId: ownId }));
    if (status !== Status.OK) throw RemoteError.fromStatus(connection.server, status);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/**
 * Writes the lines that the source answers to `path`; resolves with their bytes. Rejects with a RemoteError when the source
 * refuses or the list is not whole, with the system's error when it cannot be written.
 */
export async function fetchList(
  candidate: Candidate,
  list: ListCommand,
  storePathIndex: number,
  path: string,
  help: SourceHelp,
): Promise<number> {
  const connection = await openSource(candidate, help, LIST_TIMEOUT_MS);
  const abort = (): void => connection.destroy();
  help.signal.addEventListener("abort", abort);
  const file = openSync(path, "w", FILE_MODE);
  try {
    const request = encodeRequest(list, { groupName: help.groupName, storePathIndex });
    const { status, body } = await connection.download(request);
    if (status !== Status.OK) throw RemoteError.fromStatus(connection.server, status);
    return await receive(connection.server, body, file);
  } finally {
    closeSync(file);
    help.signal.removeEventListener("abort", abort);
    connection.destroy();
  }
}

async function receive(server: string, body: AsyncIterable<Uint8Array>, file: number): Promise<number> {
  let size = 0;
  /** The last bytes: lines, or the trailer. */
  let tail: Uint8Array = new Uint8Array(0);
  try {
    for await (const chunk of body) {
      const bytes = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
      const ready = Math.max(0, bytes.length - TRAILER_SIZE);
      for (let done = 0; done < ready; ) done += writeSync(file, bytes, done, ready - done);
      size += ready;
      tail = bytes.slice(ready);
    }
  } catch (error) {
    // The connection's end is that of the list, when the trailer says so.
    if (!(error instanceof RemoteError)) throw error;
  }
  const announced = tail.length === TRAILER_SIZE ? new DataView(tail.buffer, tail.byteOffset).getBigInt64(0) : null;
  if (announced === BigInt(size)) return size;
  throw RemoteError.fromFailure(
    server,
    new Error(`its list ended after ${size} bytes without saying that it is whole`),
  );
}

/** The answer's body must be read to its end. */
export function downloadWhole(
  connection: ClientConnection,
  groupName: string,
  fileName: string,
): Promise<StreamAnswer> {
  return connection.download(encodeRequest(downloadFile, { offset: 0, byteCount: 0, groupName, fileName }));
}

/** Size of a file as the source has it; null: it is gone. */
export async function sizeAtSource(
  connection: ClientConnection,
  groupName: string,
  fileName: string,
): Promise<number | null> {
  const status = QueryFlag.NO_CRC | QueryFlag.SILENT;
  const answer = await connection.request(encodeRequest(queryFileInfo, { groupName, fileName }, { status }));
  if (answer.status === Status.ENOENT) return null;
  if (answer.status !== Status.OK) throw RemoteError.fromStatus(connection.server, answer.status);
  return decodeResponse(queryFileInfo, answer.body).fileSize;
}
