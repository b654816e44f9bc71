// The inside of trunk files, read with code of its own (trunk-dedup-recovery.md §1.3, §1.4), so that a fault of the servers'
// reader cannot hide what a server did. It knows names, headers and bytes; what they ought to be is told by the tests.

import { readFileSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Server } from "./server.ts";
import { dataFiles } from "./trees.ts";

const HEADER = 24;
const FILE = 0x46;
const LINK = 0x4c;
/** Bit 59 of the size word, seen in its first byte. */
const TRUNK_BIT = 0x08;
const LOGIC_NAME = 60;
const ZEROS = Buffer.alloc(4096);

/** A range of a trunk file. */
export interface Range {
  /** `M00/01/02/000003` */
  readonly trunkFile: string;
  readonly offset: number;
  readonly size: number;
}

export interface Slot extends Range {
  readonly isLink: boolean;
  readonly fileSize: number;
  /** The header behind its first byte: tells two files apart that had the same place. */
  readonly facts: string;
}

/** Where a logic name says that the file is, and what must stand there; null: it is not in a trunk file. */
export function slotOf(name: string): Slot | null {
  if (name.length !== LOGIC_NAME) return null;
  const block = bytesOf(name.slice(10, 37));
  const place = bytesOf(name.slice(37, 53));
  if (block.length !== 20 || (block[8]! & TRUNK_BIT) === 0) return null;
  const facts = Buffer.concat([
    place.subarray(8, 12),
    block.subarray(12, 20),
    block.subarray(4, 8),
    Buffer.from(name.slice(53), "latin1"),
  ]);
  const trunkFile = name.slice(0, 10) + String(place.readUInt32BE(0)).padStart(6, "0");
  return {
    ...{ trunkFile, offset: place.readUInt32BE(4), size: place.readUInt32BE(8) },
    ...{ isLink: false, fileSize: block.readUInt32BE(12), facts: facts.toString("latin1") },
  };
}

/** Text that is the same for the same file in the same place. */
export function keyOf({ trunkFile, offset, facts }: Slot): string {
  return `${trunkFile} ${offset} ${facts}`;
}

export function describeSlot({ trunkFile, offset, size }: Range): string {
  return `${trunkFile} ${offset}+${size}`;
}

/** What lies in a storage's trunk files. */
export interface TrunkContents {
  /** By `keyOf`. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** Bytes that are neither zero nor part of a slot. */
  readonly junk: readonly Range[];
  /** Slots whose content does not have the checksum of their header. */
  readonly damaged: readonly Slot[];
  readonly files: number;
  /** Length of the trunk files together. */
  readonly bytes: number;
}

/** Files that are trunk files, by logic name. */
function trunkFiles(storage: Server): [name: string, path: string][] {
  return dataFiles(storage).filter(([name]) => isTrunkFile(name));
}

export function isTrunkFile(name: string): boolean {
  return /\/\d{6,10}$/.test(name);
}

/** Reads them from end to end. `checksums` false: the contents are not looked at. */
export function readTrunkFiles(storage: Server, checksums = true): TrunkContents {
  const slots = new Map<string, Slot>();
  const junk: Range[] = [];
  const damaged: Slot[] = [];
  let bytes = 0;
  const files = trunkFiles(storage);
  for (const [trunkFile, path] of files) {
    const content = readFileSync(path);
    bytes += content.length;
    for (let at = nextUsed(content, 0); at < content.length; at = nextUsed(content, at)) {
      const slot = slotAt(content, at, trunkFile);
      if (slot === null) {
        const end = content.indexOf(0, at);
        const size = (end < 0 ? content.length : end) - at;
        junk.push({ trunkFile, offset: at, size });
        at += size;
        continue;
      }
      slots.set(keyOf(slot), slot);
      const sum = slot.facts.slice(8, 12);
      const stored = content.subarray(at + HEADER, at + HEADER + slot.fileSize);
      if (checksums && !slot.isLink && crc32(stored) !== Buffer.from(sum, "latin1").readUInt32BE(0)) damaged.push(slot);
      at += slot.size;
    }
  }
  return { slots, junk, damaged, files: files.length, bytes };
}

/** Trunk files on a storage and how much they take by their length. */
export function trunkUsage(storage: Server): { files: number; bytes: number } {
  const sizes = trunkFiles(storage).map(([, path]) => statSync(path).size);
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Null: no header stands here. */
function slotAt(content: Buffer, at: number, trunkFile: string): Slot | null {
  const type = content[at];
  if ((type !== FILE && type !== LINK) || at + HEADER > content.length) return null;
  const size = content.readInt32BE(at + 1);
  const fileSize = content.readInt32BE(at + 5);
  if (fileSize < 0 || fileSize + HEADER > size || at + size > content.length) return null;
  const facts = content.toString("latin1", at + 1, at + HEADER);
  return { trunkFile, offset: at, size, isLink: type === LINK, fileSize, facts };
}

/** Position of the first byte that is not zero from `at` on; the length when there is none. */
function nextUsed(content: Buffer, at: number): number {
  let position = at;
  while (position < content.length) {
    const length = Math.min(ZEROS.length, content.length - position);
    if (content.compare(ZEROS, 0, length, position, position + length) !== 0) break;
    position += length;
  }
  while (position < content.length && content[position] === 0) position++;
  return position;
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, "base64url");
}
