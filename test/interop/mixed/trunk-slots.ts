/**
 * Trunk files read with the layouts written down by hand (trunk-dedup-recovery.md 1.3, 1.4, 1.11): the slot in a name, the
 * free blocks of a trunk binlog, and what both must be to each other. None of our own code decides here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "./member.ts";

const TRUNK_NAME_CHARACTERS = 60;
const PLACE_CHARACTERS = "M00/00/00/".length;
const FILE_CHARACTERS = 27;
const SLOT_CHARACTERS = 16;
const TRUNK_BIT = 0x0800_0000;
const SIZE_FIELD_AT = 8;
const SHOWN = 4;

/** `end`: first byte behind it. `file`: store path, directories and id of the trunk file, as `0/00/00/1`. */
export interface Range {
  readonly file: string;
  readonly offset: number;
  readonly end: number;
}

/** The slot a name speaks of, or null for a file of its own. */
export function slotOf(name: string): Range | null {
  if (name.length !== TRUNK_NAME_CHARACTERS) return null;
  const [path = "", high = "", low = ""] = name.split("/");
  const packed = name.slice(PLACE_CHARACTERS, PLACE_CHARACTERS + FILE_CHARACTERS);
  if ((Buffer.from(packed, "base64url").readUInt32BE(SIZE_FIELD_AT) & TRUNK_BIT) === 0) return null;
  const at = PLACE_CHARACTERS + FILE_CHARACTERS;
  const slot = Buffer.from(name.slice(at, at + SLOT_CHARACTERS), "base64url");
  const offset = slot.readUInt32BE(4);
  const file = `${Number.parseInt(path.slice(1), 16)}/${high}/${low}/${slot.readUInt32BE(0)}`;
  return { file, offset, end: offset + slot.readUInt32BE(8) };
}

/** The trunk binlog of a storage as text; "" while it has none. */
export function trunkBinlog(storage: Member): string {
  try {
    return readFileSync(join(storage.basePath, "data", "trunk", "binlog"), "latin1");
  } catch {
    return "";
  }
}

/** What is free by a trunk binlog, replayed from its beginning as C does it: by trunk file and offset. */
export function freeRanges(binlog: string): Range[] {
  const free = new Map<string, Range>();
  for (const line of binlog.split("\n").slice(0, -1)) {
    const [, op, path, high, low, id, start, size] = line.split(" ");
    if (size === undefined) throw new Error(`"${line}" is no line of a trunk binlog`);
    const offset = Number(start);
    const file = `${path}/${hex(Number(high))}/${hex(Number(low))}/${id}`;
    const key = `${file} ${offset}`;
    if (op === "A") free.set(key, { file, offset, end: offset + Number(size) });
    else free.delete(key);
  }
  return [...free.values()];
}

/** One sentence for each two ranges that overlap, at most four. */
export function overlaps(ranges: readonly (Range & { readonly what: string })[]): string[] {
  const found: string[] = [];
  let last: (Range & { readonly what: string }) | undefined;
  for (const range of sorted(ranges)) {
    if (last?.file === range.file && range.offset < last.end) {
      found.push(`${last.what} (${shown(last)}) and ${range.what} (${shown(range)})`);
    }
    if (last?.file !== range.file || range.end > last.end) last = range;
  }
  return found.slice(0, SHOWN);
}

/** Where neither a file nor free space is: each trunk file of `fileSize` bytes must be covered. At most four. */
export function gaps(ranges: readonly Range[], fileSize: number): string[] {
  const files = [...new Set(ranges.map(({ file }) => file))];
  const found = files.flatMap((file) => unused(ranges, file, fileSize));
  return found.slice(0, SHOWN).map(shown);
}

/** What the ranges leave over of one trunk file. */
export function unused(ranges: readonly Range[], file: string, fileSize: number): Range[] {
  const found: Range[] = [];
  let covered = 0;
  for (const range of sorted(ranges.filter((one) => one.file === file))) {
    if (range.offset > covered) found.push({ file, offset: covered, end: range.offset });
    covered = Math.max(covered, range.end);
  }
  if (covered < fileSize) found.push({ file, offset: covered, end: fileSize });
  return found;
}

/** Trunk files of a storage by `0/00/00/1`. */
export function trunkFiles(storage: Member): Map<string, string> {
  const found = new Map<string, string>();
  for (const [index, storePath] of storage.storePaths.entries()) {
    const data = join(storePath, "data");
    for (const high of foldersIn(data)) {
      for (const low of foldersIn(join(data, high))) {
        for (const name of readdirSync(join(data, high, low))) {
          if (isTrunkFile(name)) found.set(`${index}/${high}/${low}/${Number(name)}`, join(data, high, low, name));
        }
      }
    }
  }
  return found;
}

/** How the trunk files of two storages differ; one that is missing counts as zeros: it is made with its first slot. At most four. */
export function trunkDifferences(one: Member, other: Member): string[] {
  const first = trunkFiles(one);
  const second = trunkFiles(other);
  const found: string[] = [];
  for (const file of new Set([...first.keys(), ...second.keys()])) {
    const left = contentOf(first.get(file));
    const right = contentOf(second.get(file));
    if (left === null || right === null) {
      const only = left ?? right;
      if (only?.some((byte) => byte !== 0)) found.push(`${file} is missing on ${(left === null ? one : other).label}`);
    } else if (left.length !== right.length) {
      found.push(`${file} has ${left.length} bytes on ${one.label} and ${right.length} on ${other.label}`);
    } else if (!left.equals(right)) {
      const at = left.findIndex((byte, index) => byte !== right[index]);
      found.push(`${file} differs at ${at} between ${one.label} and ${other.label}`);
    }
  }
  return found.slice(0, SHOWN);
}

/** A file beside the folders' other files whose name is the decimal id of a trunk file. */
export function isTrunkFile(name: string): boolean {
  return /(^|\/)\d{6,}$/.test(name);
}

function contentOf(path: string | undefined): Buffer | null {
  return path === undefined ? null : readFileSync(path);
}

function sorted<T extends Range>(ranges: readonly T[]): T[] {
  return ranges.toSorted((a, b) => (a.file === b.file ? a.offset - b.offset : a.file < b.file ? -1 : 1));
}

function shown({ file, offset, end }: Range): string {
  return `${file} ${offset}-${end}`;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9A-F]{2}$/.test(name));
  } catch {
    return [];
  }
}
