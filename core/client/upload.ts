// Storing new files: normal, appender and slave, with metadata. Which storages are tried, and when a second one may be, is
// decided here.

import { checkExtension, checkPrefix, extensionOf, formatFileId, parseFileId } from "../fileid/file-id.ts";
import { RemoteError } from "../net/remote-error.ts";
import * as storage from "../wire/storage-client.ts";
import type { Sendable } from "./caller.ts";
import { type Content, type OpenedContent, openContent, watched } from "./content.ts";
import { type Endpoint, isSameEndpoint } from "./endpoint.ts";
import { FdfsError, isUnreachable } from "./errors.ts";
import { queryStore, queryStoreAll, queryUpdate, type StoreTarget } from "./locate.ts";
import { type Metadata, packMetadata } from "./metadata.ts";
import type { Session } from "./session.ts";

/** The storage chooses the store path. */
const ANY_STORE_PATH = -1;

export interface TransferOptions {
  /** Ends the transfer, and the promise with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called with the size of each piece that was handed to the socket; with a negative size when an attempt failed and the
   * next one begins again.
   */
  readonly onProgress?: (bytes: number) => void;
}

export interface UploadOptions extends TransferOptions {
  /** Default: the tracker chooses. */
  readonly group?: string;
  /** Without dot, at most 6 characters; default: that of `fileName`. */
  readonly ext?: string;
  /** Local name, for the extension and for messages; `uploadFile` fills it in. */
  readonly fileName?: string;
  readonly metadata?: Metadata;
  /** The file can be changed later. */
  readonly appender?: boolean;
  /** File ID of the master; needs `prefix`. */
  readonly slaveOf?: string;
  /** 1 to 16 characters between the master's name and the extension. */
  readonly prefix?: string;
  /** A storage of the caller's choice. */
  readonly target?: StoreTarget;
}

interface Stored {
  readonly groupName: string;
  readonly fileName: string;
  readonly server: Endpoint;
}

/** Stores content; resolves with its file ID. */
export async function upload(session: Session, content: Content, options: UploadOptions): Promise<string> {
  const ext = options.ext ?? extensionOf(options.fileName ?? "");
  checkExtension(ext);
  const metadata = packMetadata(options.metadata ?? new Map());
  const opened = await openContent(content, options.signal);
  try {
    const stored = await (options.slaveOf === undefined
      ? uploadFresh(session, opened, ext, options)
      : uploadSlave(session, opened, ext, options.slaveOf, options));
    if (metadata.length > 0) await attachMetadata(session, stored, metadata);
    return formatFileId(stored.groupName, stored.fileName);
  } finally {
    await opened.close();
  }
}

const nameOf = ({ fileName }: UploadOptions): string => fileName ?? "the content";

async function uploadFresh(
  session: Session,
  content: OpenedContent,
  ext: string,
  options: UploadOptions,
): Promise<Stored> {
  const command = options.appender === true ? storage.uploadAppenderFile : storage.uploadFile;
  const targets = new Targets(session, options);
  const attempts: unknown[] = [];
  let target: StoreTarget | null = await targets.first();
  for (; target !== null; target = await targets.next()) {
    const { server, storePathIndex } = target;
    const request = { storePathIndex, fileSize: content.length, fileExt: ext };
    const sending = new Sending(content, options);
    try {
      const answer = await session.caller.callWithContent(server, command, request, sending, options.signal);
      return { ...answer, server };
    } catch (error) {
      attempts.push(error);
      // With the connection the answer may have been lost: then a copy stays behind that nobody knows, as after any
      // repeated upload.
      if (!isUnreachable(error) || !content.canStart()) throw told(error, `upload ${nameOf(options)}`, attempts);
      sending.takeBack();
    }
  }
  throw new FdfsError(`upload ${nameOf(options)}`, attempts);
}

/** Local failures stay what they are: the content's, the signal's. */
function told(error: unknown, operation: string, attempts: readonly unknown[]): unknown {
  return error instanceof RemoteError ? new FdfsError(operation, attempts) : error;
}

/** The storages to try: the tracker's choice, the others of its group, and what the tracker says when asked again. */
class Targets {
  readonly #session: Session;
  readonly #options: UploadOptions;
  readonly #tried: StoreTarget[] = [];
  #others: StoreTarget[] | undefined;

  constructor(session: Session, options: UploadOptions) {
    this.#session = session;
    this.#options = options;
  }

  async first(): Promise<StoreTarget> {
    return this.#trying(this.#options.target ?? (await queryStore(this.#session, this.#options.group)));
  }

  async next(): Promise<StoreTarget | null> {
    if (this.#options.target !== undefined) return null;
    this.#others ??= await this.#othersOfGroup(this.#tried[0]!.groupName);
    for (let other = this.#others.shift(); other !== undefined; other = this.#others.shift()) {
      if (this.#isNew(other)) return this.#trying(other);
    }
    if (this.#options.group !== undefined) return null;
    const again = await queryStore(this.#session, undefined).catch(() => null);
    return again !== null && this.#isNew(again) ? this.#trying(again) : null;
  }

  #trying(target: StoreTarget): StoreTarget {
    this.#tried.push(target);
    return target;
  }

  #isNew({ server }: StoreTarget): boolean {
    return !this.#tried.some((tried) => isSameEndpoint(tried.server, server));
  }

  async #othersOfGroup(group: string): Promise<StoreTarget[]> {
    try {
      const { groupName, servers } = await queryStoreAll(this.#session, group);
      return servers.map((server) => ({ groupName, server, storePathIndex: ANY_STORE_PATH }));
    } catch {
      return [];
    }
  }
}

/** One attempt to send the content: it knows what it has reported. */
export class Sending implements Sendable {
  readonly length: number;
  readonly #content: OpenedContent;
  readonly #options: TransferOptions;
  #reported = 0;

  constructor(content: OpenedContent, options: TransferOptions) {
    this.length = content.length;
    this.#content = content;
    this.#options = options;
  }

  takeWhole(): Uint8Array | null {
    const { whole } = this.#content;
    if (whole !== null) this.#report(whole.length);
    return whole;
  }

  chunks(): AsyncIterable<Uint8Array> {
    return watched(this.#content.chunks(), this.#options.signal, (bytes) => this.#report(bytes));
  }

  #report(bytes: number): void {
    this.#reported += bytes;
    this.#options.onProgress?.(bytes);
  }

  /** Reports that nothing of it counts. */
  takeBack(): void {
    if (this.#reported > 0) this.#report(-this.#reported);
  }
}

async function uploadSlave(
  session: Session,
  content: OpenedContent,
  ext: string,
  masterId: string,
  options: UploadOptions,
): Promise<Stored> {
  const prefix = options.prefix ?? "";
  checkPrefix(prefix);
  const { fileName: masterName } = parseFileId(masterId);
  const server = await queryUpdate(session, masterId);
  const request = { fileSize: content.length, prefix, fileExt: ext, masterName };
  const sending = new Sending(content, options);
  try {
    const command = storage.uploadSlaveFile;
    const answer = await session.caller.callWithContent(server, command, request, sending, options.signal);
    return { ...answer, server };
  } catch (error) {
    throw told(error, `upload ${nameOf(options)} as a slave of ${masterId}`, [error]);
  }
}

/** A second request to the same storage. When it fails the file is deleted again, as C does. */
async function attachMetadata({ caller }: Session, stored: Stored, metadata: Uint8Array): Promise<void> {
  const { server, groupName, fileName } = stored;
  const flag = storage.MetadataFlag.OVERWRITE;
  try {
    await caller.call(server, storage.setMetadata, { groupName, fileName, flag, metadata });
  } catch (error) {
    const attempts = [error];
    await caller.call(server, storage.deleteFile, { groupName, fileName }).catch((left: unknown) => {
      const reason = left instanceof Error ? left.message : String(left);
      attempts.push(new Error(`the file stays without it, because it cannot be deleted either: ${reason}`));
    });
    throw new FdfsError(`store the metadata of ${formatFileId(groupName, fileName)}`, attempts);
  }
}
