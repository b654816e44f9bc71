// File IDs, `group/logic-name`: split, classify, make (storage.md §4). Everything is worked out from the text; no server
// is asked and no path is touched here.

import { FileNameError } from "./file-name-error.ts";
import { LOGIC_NAME_LIMIT, LOGIC_PATH_SIZE } from "./logic-name.ts";
import { type BlockKind, decodeBlock, ENCODED_BLOCK_SIZE, encodeBlock, type FileSource } from "./packed-block.ts";
import type { SourceBytes } from "./source-address.ts";

/** `Mxx/` */
const STORE_PATH_PART_SIZE = 4;
const PLAIN_NAME_SIZE = 44;
const TRUNK_NAME_SIZE = 60;
const EXT_SIZE = 6;
/** Random digits, dot and extension behind the block. */
const TAIL_SIZE = 7;
const GROUP_NAME_MAX = 16;
const PREFIX_MAX = 16;

export interface FileId {
  readonly groupName: string;
  readonly fileName: string;
}

/**
 * Splits `group/M00/...`; throws FileNameError when there is no group or no name. Names of versions before 1.12 (without
 * `Mxx/`) pass: only the storage knows what it holds.
 */
export function parseFileId(id: string): FileId {
  const slash = id.indexOf("/");
  const groupName = id.slice(0, Math.max(slash, 0));
  const fileName = id.slice(slash + 1);
  if (slash <= 0 || !isGroupName(groupName)) {
    throw new FileNameError(`Cannot use the file ID '${id}': expected group/M00/HH/LL/name`);
  }
  if (fileName.length <= LOGIC_PATH_SIZE) throw new FileNameError(`Cannot use the file ID '${id}': too short`);
  if (fileName.length >= LOGIC_NAME_LIMIT) throw new FileNameError(`Cannot use the file ID '${id}': too long`);
  return { groupName, fileName };
}

/** `group/logic-name`. */
export function formatFileId(groupName: string, fileName: string): string {
  return `${groupName}/${fileName}`;
}

/** 1..16 of `[0-9A-Za-z]`. */
export function isGroupName(name: string): boolean {
  return name.length > 0 && name.length <= GROUP_NAME_MAX && /^[0-9A-Za-z]+$/.test(name);
}

/** Characters of extensions and prefixes: `[A-Za-z0-9-_.]` (storage.md §1.2). */
function isNamePart(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isAllowed =
      (code >= 48 && code <= 57) ||
      (code >= 65 && code <= 90) ||
      (code >= 97 && code <= 122) ||
      code === 45 ||
      code === 95 ||
      code === 46;
    if (!isAllowed) return false;
  }
  return true;
}

export function checkExtension(ext: string): void {
  if (ext.length > EXT_SIZE || !isNamePart(ext)) throw new FileNameError(`Cannot use the extension '${ext}'`);
}

export function checkPrefix(prefix: string): void {
  if (prefix.length === 0 || prefix.length > PREFIX_MAX || !isNamePart(prefix)) {
    throw new FileNameError(`Cannot use the prefix '${prefix}': 1 to 16 of A-Z a-z 0-9 - _ .`);
  }
}

export type FileKind = "normal" | "appender" | "slave";

/** What a logic name tells by itself. Of a slave or appender `size` and `crc32` are not its own. */
export interface FileNameFacts {
  readonly kind: FileKind;
  readonly isTrunk: boolean;
  readonly source: FileSource;
  readonly timestamp: number;
  readonly size: number;
  readonly crc32: number;
}

/** Decodes and classifies a logic name (storage.md §4.7); throws FileNameError. */
export function readFileName(fileName: string): FileNameFacts {
  // A name of before 1.12 lacks the four characters of `Mxx/`.
  const shift = fileName.charCodeAt(0) === 77 && fileName.charCodeAt(3) === 47 ? 0 : STORE_PATH_PART_SIZE;
  const length = fileName.length + shift;
  if (length < PLAIN_NAME_SIZE) {
    throw new FileNameError(`Cannot decode the name '${fileName}': ${length} characters, expected ${PLAIN_NAME_SIZE}`);
  }
  const block = decodeBlock(fileName, LOGIC_PATH_SIZE - shift);
  if (block === null) throw new FileNameError(`Cannot decode the name '${fileName}': not made by FastDFS`);
  const { isTrunk, source, timestamp, size, crc32 } = block;
  const isSlave = length > TRUNK_NAME_SIZE || (length > PLAIN_NAME_SIZE && !isTrunk);
  return {
    kind: block.isAppender ? "appender" : isSlave ? "slave" : "normal",
    isTrunk,
    source,
    timestamp,
    size,
    crc32,
  };
}

/** What goes into the name of a fresh file. */
export interface NewFileName {
  /** Of the storage that creates it: `sourceBytes`, made once. */
  readonly source: SourceBytes;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly kind: BlockKind;
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
  /** Without dot; checked by `checkExtension` before. */
  readonly ext: string;
  /** Any non-negative integers, a fresh pair for each attempt: 23 bits of the first, seven digits of the second count. */
  readonly blockRandom: number;
  readonly tailRandom: number;
  /** 16 characters of `encodeTrunkSlot` for the kind `trunk`. */
  readonly trunkSlot?: string;
}

/** The part of a name behind the directories: 34 characters, 50 of a trunk file. */
export function formatFileName(name: NewFileName): string {
  const block = encodeBlock(name.source, name.timestamp, name.kind, name.size, name.crc32, name.blockRandom);
  return block + (name.trunkSlot ?? "") + formatTail(name.ext, name.tailRandom);
}

/** The seven characters behind the block: digits up to `.ext`, or seven digits (storage.md §4.5). */
export function formatTail(ext: string, random: number): string {
  const count = ext === "" ? TAIL_SIZE : EXT_SIZE - ext.length;
  const digits = count === 0 ? "" : String(random % 10 ** count).padStart(count, "0");
  return ext === "" ? digits : `${digits}.${ext}`;
}

/** The last seven characters of a fresh name: kept by a regenerated appender (storage.md §2.11). */
export function tailOf(fileName: string): string {
  return fileName.slice(-TAIL_SIZE);
}

/** The name of a slave (storage.md §4.6): directory and block of the master, prefix, extension. */
export function formatSlaveName(masterName: string, prefix: string, ext: string): string {
  checkPrefix(prefix);
  checkExtension(ext);
  const trueStart = masterName.charCodeAt(0) === 77 ? 4 : 0;
  if (masterName.length - trueStart < 6 + ENCODED_BLOCK_SIZE + 1) {
    throw new FileNameError(`Cannot make a slave of '${masterName}': too short`);
  }
  if (prefix === "-m" && ext === "") {
    throw new FileNameError("Cannot use the prefix '-m' without an extension: that name belongs to the metadata");
  }
  const dot = masterName.indexOf(".", masterName.length - TAIL_SIZE);
  const base = dot < 0 ? masterName : masterName.slice(0, dot);
  const extPart = ext === "" || ext.startsWith(".") ? ext : `.${ext}`;
  return `${base}${prefix}${extPart}`;
}

/**
 * The extension a client sends for a local file: behind the last dot if that is at most 6 characters, two parts where
 * both fit (`tar.gz`); C symbol fdfs_get_file_ext_name_ex. A text that no storage takes (`a.c~`) counts as no extension.
 */
export function extensionOf(localName: string): string {
  const nameStart = localName.lastIndexOf("/") + 1;
  const last = localName.lastIndexOf(".");
  const end = localName.length;
  if (last < nameStart || end - last - 1 > EXT_SIZE) return "";
  const before = last === 0 ? -1 : localName.lastIndexOf(".", last - 1);
  // As in C a dot at the very start of the text (`.a.gz`) begins no second extension.
  const start = before > 0 && before >= nameStart && end - before - 1 <= EXT_SIZE ? before : last;
  const ext = localName.slice(start + 1);
  return isNamePart(ext) ? ext : "";
}
