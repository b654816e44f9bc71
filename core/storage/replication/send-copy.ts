// Brings a whole file to a peer: SYNC_CREATE_FILE and SYNC_UPDATE_FILE (storage.md §3.2). What is sent is the file as it is
// now, which later records then find done.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { decodeResponse } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { QueryFlag, queryFileInfo } from "../../wire/storage-client.ts";
import { syncCreateFile, syncUpdateFile } from "../../wire/storage-sync.ts";
import type { BinlogRecord } from "../binlog/record.ts";
import { factsOf, linkTarget } from "../io/stored-facts.ts";
import { SLOT_HEADER_SIZE } from "../trunk/slot-header.ts";
import { type Delivery, located, NOTHING_TO_SEND } from "./delivery.ts";
import { isReusable } from "./judge.ts";

/** Up to this size a file is read and sent as one piece. */
const PIECE_BYTES = 256 * 1024;

type CopyCommand = typeof syncCreateFile;

/** The file's bytes from `offset`, in pieces; throws when it has become shorter. */
export async function* piecesOf(fd: number, offset: number, length: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; ) {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, length - done));
    const count = readSync(fd, piece, 0, piece.length, offset + done);
    if (count === 0) throw new Error("the file has become shorter while it was sent");
    done += count;
    yield piece.subarray(0, count);
  }
}

/** `length` bytes from `offset` in one piece; null when the file has become shorter. */
export function readPiece(fd: number, offset: number, length: number): Uint8Array | null {
  const piece = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(fd, piece, done, length - done, offset + done);
    if (count === 0) return null;
    done += count;
  }
  return piece;
}

export const isPiece = (length: number): boolean => length <= PIECE_BYTES;

export interface SendableFile {
  readonly fd: number;
  /** Where its content begins: of a file inside a trunk file behind the slot's header. */
  readonly start: number;
  readonly size: number;
  /** CRC32 that its name tells; null outside of trunk files. */
  readonly crc: number | null;
  /** Unix seconds. */
  readonly modifiedAt: number;
  close(): void;
}

/** Opens what a name stands for, links followed; null when it is gone or no file. */
export function openForSending(delivery: Delivery, name: string): SendableFile | null {
  const { disks } = delivery;
  const stored = located(delivery, name);
  const own = stored === null ? null : factsOf(disks, stored);
  if (stored === null || own === null) return null;
  const target = own.kind === "link" ? linkTarget(disks, stored, own) : stored;
  const facts = target === null || target === stored ? own : factsOf(disks, target);
  if (facts !== null && facts.slot !== null && facts.kind === "file") {
    const { named, file } = facts.slot;
    file.use();
    const start = named.offset + SLOT_HEADER_SIZE;
    const { fileSize: size, crc32: crc, modifiedAt } = named;
    return { fd: file.fd, start, size, crc, modifiedAt, close: () => file.release() };
  }
  return openPlain(stored.path);
}

function openPlain(path: string): SendableFile | null {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const stat = fstatSync(fd);
  const close = (): void => closeSync(fd);
  const modifiedAt = Math.floor(stat.mtimeMs / 1000);
  if (stat.isFile()) return { fd, start: 0, size: stat.size, crc: null, modifiedAt, close };
  close();
  return null;
}

/** A create record, and the copy that a range which does not fit asks for. Returns the refusing status, 0 for success. */
export async function sendCopy(
  delivery: Delivery,
  record: BinlogRecord,
  name: string,
  kind: "create" | "update",
): Promise<number> {
  const file = openForSending(delivery, name);
  if (file === null) return NOTHING_TO_SEND;
  try {
    let command: CopyCommand = kind === "create" ? syncCreateFile : syncUpdateFile;
    // What is sent is the file as it is now, so it is as new as its last change: told with an older time, a client's next
    // change at the peer would get one that loses against this storage's last.
    const isCreation = kind === "create" && !isReusable(name);
    const fields = {
      fileSize: file.size,
      timestamp: isCreation ? record.timestamp : Math.max(record.timestamp, file.modifiedAt),
      groupName: delivery.groupName,
      fileName: name,
    };
    // Of a name that can be used again the same size says nothing.
    if (isCreation && delivery.traits.hasFilesAlready) {
      const has = await sizeAtPeer(delivery, name);
      if (has === file.size) {
        const status = await delivery.link.ask(syncCreateFile, fields, { status: Status.EEXIST });
        return judge(delivery, kind, status, 0);
      }
      if (has !== null) command = syncUpdateFile;
    }
    return judge(delivery, kind, await send(delivery, command, fields, file), file.size);
  } finally {
    file.close();
  }
}

async function send(
  { link }: Delivery,
  command: CopyCommand,
  fields: Parameters<CopyCommand["request"]["format"]>[0],
  { fd, start, size, crc }: SendableFile,
): Promise<number> {
  const piece = isPiece(size) ? readPiece(fd, start, size) : null;
  // Its slot has become another's since it was opened, or a second allocator's slot lies in it.
  if (piece !== null && crc !== null && crc32(piece) !== crc) return NOTHING_TO_SEND;
  return piece === null
    ? link.stream(command, fields, piecesOf(fd, start, size), size)
    : link.askWith(command, fields, piece);
}

/** It has it (17) or has it now (0): both are success. */
function judge(delivery: Delivery, kind: "create" | "update", status: number, bytes: number): number {
  if (kind === "create") delivery.traits.hasFilesAlready = status === Status.EEXIST;
  if (status === Status.OK) delivery.countBytes(bytes);
  return status === Status.EEXIST ? Status.OK : status;
}

/** The size of the peer's file; null when it has none. Another failure is no reason not to send. */
async function sizeAtPeer({ link, groupName }: Delivery, fileName: string): Promise<number | null> {
  const { status, body } = await link.request(queryFileInfo, { groupName, fileName }, { status: QueryFlag.NO_CRC });
  return status === Status.OK ? decodeResponse(queryFileInfo, body).fileSize : null;
}
