// One large file fetched in pieces over several connections and, where there are several, from several storages at a time.
// Where the bytes go is the caller's; that all of them came, and the right ones, is made sure here.

import { parseFileId } from "../fileid/file-id.ts";
import { RemoteError } from "../net/remote-error.ts";
import { Status } from "../wire/status.ts";
import * as storage from "../wire/storage-client.ts";
import { type DownloadOptions, download } from "./download.ts";
import type { Endpoint } from "./endpoint.ts";
import { FdfsError } from "./errors.ts";
import { infoFromName } from "./file-info.ts";
import { info } from "./inquire.ts";
import { queryFetchAll } from "./locate.ts";
import { joinCrc32 } from "./parts-checksum.ts";
import { connectionsFor, cut, type Piece } from "./parts-plan.ts";
import type { Session } from "./session.ts";

export interface PartsOptions extends DownloadOptions {
  /** Connections at most; fewer when the file is too small for as many. */
  readonly parts: number;
  /** Pieces are not smaller than this. Default 16 MB. */
  readonly leastPieceBytes?: number;
  /** Called with the size of each chunk that was taken. */
  readonly onProgress?: (bytes: number) => void;
  /** Called with the number of bytes at the beginning that are taken without a gap, as it grows. */
  readonly onBeginning?: (bytes: number) => void;
}

/** Takes bytes at a position, counted from the first byte asked for. What it throws ends the transfer. */
export type TakeAt = (bytes: Uint8Array, position: number) => Promise<void>;

/**
 * Hands all bytes to `take`, in no order, each once; resolves with their number. A whole normal file is checked against the
 * checksum in its ID. What is too small to be cut, and an appender file, which may change meanwhile and may differ between
 * the storages, comes over one connection.
 */
export async function downloadParts(
  session: Session,
  id: string,
  take: TakeAt,
  options: PartsOptions,
): Promise<number> {
  const { offset = 0, length = 0 } = options;
  const known = await knownOf(session, id, options);
  if (known !== null && known.type !== "appender" && offset < known.size) {
    const bytes = Math.min(known.size - offset, length === 0 ? known.size : length);
    const connections = connectionsFor(bytes, options.parts, options.leastPieceBytes);
    const expected = known.type === "normal" && bytes === known.size ? known.crc32 : undefined;
    if (connections > 1) {
      const servers = await queryFetchAll(session, id);
      const parts = new Parts(session, id, servers, take, options);
      return parts.fetch(cut(bytes, connections, options.leastPieceBytes), connections, expected);
    }
  }
  return inOnePiece(session, id, take, options);
}

/** Size and kind; null when one connection is wanted anyway. The ID of a slave does not tell its size. */
async function knownOf(session: Session, id: string, { parts }: PartsOptions): Promise<KnownFile | null> {
  if (parts <= 1) return null;
  const fromName = infoFromName(parseFileId(id).fileName);
  if (fromName !== null && fromName.type !== "slave") return fromName;
  return info(session, id, { fromServer: true, skipCrc: true });
}

type KnownFile = Pick<Awaited<ReturnType<typeof info>>, "type" | "size" | "crc32">;

async function inOnePiece(session: Session, id: string, take: TakeAt, options: PartsOptions): Promise<number> {
  let done = 0;
  for await (const chunk of await download(session, id, options)) {
    await take(chunk, done);
    done += chunk.length;
    options.onProgress?.(chunk.length);
    options.onBeginning?.(done);
  }
  return done;
}

class Parts {
  readonly #session: Session;
  readonly #id: string;
  readonly #servers: readonly Endpoint[];
  readonly #take: TakeAt;
  readonly #options: PartsOptions;
  /** Ends all connections when one piece cannot be had. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;

  constructor(session: Session, id: string, servers: readonly Endpoint[], take: TakeAt, options: PartsOptions) {
    this.#session = session;
    this.#id = id;
    this.#servers = servers;
    this.#take = take;
    this.#options = options;
    const { signal } = options;
    this.#signal = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Each connection takes the next piece that nobody has; `expected` is the checksum of all. */
  async fetch(pieces: readonly Piece[], connections: number, expected: number | undefined): Promise<number> {
    let next = 0;
    let complete = 0;
    const advance = (bytes: number): void => {
      this.#options.onProgress?.(bytes);
      while (complete < pieces.length - 1 && pieces[complete]!.done === pieces[complete]!.length) complete++;
      this.#options.onBeginning?.(pieces[complete]!.start + pieces[complete]!.done);
    };
    const lane = async (index: number): Promise<void> => {
      let server = index;
      while (next < pieces.length && !this.#signal.aborted) {
        server = await this.#fetchPiece(pieces[next++]!, server, expected !== undefined, advance);
      }
    };
    const failures: unknown[] = [];
    const lanes = Array.from({ length: connections }, (_, index) =>
      lane(index).catch((error: unknown) => {
        failures.push(error);
        this.#stop.abort(error);
      }),
    );
    await Promise.all(lanes);
    this.#options.signal?.throwIfAborted();
    if (failures.length > 0) throw failures[0];
    if (expected !== undefined) this.#check(pieces, expected);
    return pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** From one storage after another, each going on where the one before failed. Resolves with the one that works. */
  async #fetchPiece(
    piece: Piece,
    first: number,
    isChecked: boolean,
    advance: (bytes: number) => void,
  ): Promise<number> {
    const attempts: unknown[] = [];
    for (let server = first; server < first + this.#servers.length; server++) {
      try {
        await this.#read(piece, this.#servers[server % this.#servers.length]!, isChecked, advance);
        return server;
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        attempts.push(error);
      }
    }
    throw new FdfsError(`download ${this.#id}`, attempts);
  }

  async #read(piece: Piece, server: Endpoint, isChecked: boolean, advance: (bytes: number) => void): Promise<void> {
    const { groupName, fileName } = parseFileId(this.#id);
    const offset = (this.#options.offset ?? 0) + piece.start + piece.done;
    const request = { offset, byteCount: piece.length - piece.done, groupName, fileName };
    const { caller } = this.#session;
    // Loaded late: node:zlib costs a short command more than all else here.
    const { crc32 } = await import("node:zlib");
    for await (const chunk of await caller.callForContent(server, storage.downloadFile, request, this.#signal)) {
      if (chunk.length > piece.length - piece.done) throw this.#wrong(server, "more bytes than asked for");
      if (isChecked) piece.crc32 = crc32(chunk, piece.crc32);
      await this.#take(chunk, piece.start + piece.done);
      piece.done += chunk.length;
      advance(chunk.length);
    }
    const end = (this.#options.offset ?? 0) + piece.start + piece.done;
    if (piece.done < piece.length) throw this.#wrong(server, `its file ends after ${end} bytes`);
  }

  #wrong({ host, port }: Endpoint, what: string): RemoteError {
    return new RemoteError(`${host}:${port}`, Status.EIO, true, what);
  }

  #check(pieces: readonly Piece[], expected: number): void {
    const found = pieces.reduce((crc, piece) => joinCrc32(crc, piece.crc32, piece.length), 0);
    if (found === expected) return;
    const hex = (value: number): string => value.toString(16).padStart(8, "0");
    const text =
      `the checksum of what came is ${hex(found)}, that in the ID is ${hex(expected)}; ` +
      "fdfs explain ID --verify tells which storage has other bytes; the ID of a link, which storages with duplicate " +
      "checking make, has a random number there";
    throw new FdfsError(`download ${this.#id}`, [new Error(text)]);
  }
}
