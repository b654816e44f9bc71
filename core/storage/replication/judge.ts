// Whether what another storage sends is newer than what is here. Storages of a group apply each other's operations in
// different orders, and again after a crash; with these rules all of them end with the same files (C replays and overwrites
// blindly: a file deleted on one storage comes back from another's repeated record). Pure.
//
// Names that are made from time, size and random numbers are never used twice: whoever has deleted one has the last word.
// Names that can be used again (slaves, their links, metadata) belong to the latest change by its time; of two storages'
// changes in one second a deletion wins over content, and the greater content over the smaller.

import { readFileName } from "../../fileid/file-id.ts";
import { LOGIC_NAME_MIN } from "../../wire/limits.ts";
import { ORIGIN_UNKNOWN, type Version } from "../scoreboard/versions.ts";

const METADATA_SUFFIX = "-m";
const TRUNK_NAME_SIZE = 60;
/** A second, and as much again for a busy host. */
const C_CLOCK_LAG_SECONDS = 2;

/** True for metadata and for names made from a master's. */
export function isReusable(name: string): boolean {
  if (name.endsWith(METADATA_SUFFIX)) return true;
  try {
    return name.length > (readFileName(name).isTrunk ? TRUNK_NAME_SIZE : LOGIC_NAME_MIN);
  } catch {
    return true;
  }
}

function isAppender(name: string): boolean {
  return readFileName(name).kind === "appender";
}

/** What is known here of the name. */
export interface LocalState {
  /** Its last change, as far as it is remembered. */
  readonly version: Version | null;
  /** Null: there is no such file. Modified in Unix seconds. */
  readonly file: { readonly modifiedAt: number; readonly size: number } | null;
}

export interface Incoming {
  /** Unix seconds by the source's clock. */
  readonly timestamp: number;
  /** Of the connection: ORIGIN_UNKNOWN where it did not say. */
  readonly origin: number;
}

/** `have`: nothing is to be done; `compare`: the greater content wins. */
export type CopyVerdict = "take" | "have" | "compare";

/** SYNC_CREATE_FILE and SYNC_UPDATE_FILE with content of `size` bytes. */
export function judgeCopy(
  name: string,
  { timestamp, origin, size, isUpdate }: Incoming & { readonly size: number; readonly isUpdate: boolean },
  { version, file }: LocalState,
): CopyVerdict {
  const isSameSize = file !== null && file.size === size;
  if (!isReusable(name)) {
    if (version?.isDeleted === true) return "have";
    if (file === null || isUpdate) return "take";
    // An appender that has been changed since the creation that is told of here has come further than the teller.
    return isSameSize || (timestamp < file.modifiedAt && isAppender(name)) ? "have" : "take";
  }
  const isSameOrigin = version === null || isOneOrigin(version.origin, origin);
  if (version?.isDeleted === true) {
    const isLater = timestamp > version.timestamp || (timestamp === version.timestamp && version.origin === origin);
    if (!isLater) return "have";
  }
  if (file === null || timestamp > file.modifiedAt) return "take";
  if (timestamp < file.modifiedAt) return "have";
  if (!isSameOrigin) return "compare";
  // A creation is the oldest that this storage can tell of that second.
  return isUpdate ? "take" : "have";
}

/**
 * SYNC_DELETE_FILE: true when the name has to go. A C storage stamps a creation with the file's time and a deletion with a
 * clock that it reads once a second: its deletion may look older than the file that it speaks of.
 */
export function judgeDeletion(name: string, { timestamp, origin }: Incoming, { version, file }: LocalState): boolean {
  if (file === null || !isReusable(name) || file.modifiedAt <= timestamp) return true;
  const isOfWriter = origin !== ORIGIN_UNKNOWN && version?.origin === origin;
  return isOfWriter && file.modifiedAt <= timestamp + C_CLOCK_LAG_SECONDS;
}

/** SYNC_CREATE_LINK: true when the link has to be made. */
export function judgeLink(name: string, { timestamp }: Incoming, { version, file }: LocalState): boolean {
  if (file !== null) return false;
  return version?.isDeleted !== true || (isReusable(name) && timestamp > version.timestamp);
}

/** SYNC_RENAME_FILE: the old file becomes the new one only if it is the file that the new name speaks of. */
export function judgeRename(newName: string, old: { readonly size: number; readonly crc: number }): boolean {
  try {
    const { size, crc32 } = readFileName(newName);
    return size === old.size && crc32 === old.crc;
  } catch {
    return true;
  }
}

/**
 * The time of a change that a client makes here to a name that can be used again: now, or just after the last change where
 * another storage's clock is ahead, so that this change is the later one everywhere.
 */
export function nextTimestamp(nowSeconds: number, ownOrigin: number, { version, file }: LocalState): number {
  const known = Math.max(version?.timestamp ?? 0, file?.modifiedAt ?? 0);
  if (known < nowSeconds) return nowSeconds;
  // After a deletion always later: of the same second the others would keep the deletion once they forget whose it was.
  const isOwnWrite = version !== null && !version.isDeleted && version.origin === ownOrigin;
  return isOwnWrite && version.timestamp === known ? known : known + 1;
}

const isOneOrigin = (a: number, b: number): boolean => a === b || a === ORIGIN_UNKNOWN || b === ORIGIN_UNKNOWN;
