// The 24 bytes before every file inside a trunk file (trunk-dedup-recovery.md §1.3): codec, what the header of a name must
// be (§1.5), and whether a slot may be written. Pure.

import { decodeBlock } from "../../fileid/packed-block.ts";
import { type TrunkSlot, trunkSlotOf } from "../../fileid/trunk-slot.ts";

export const SLOT_HEADER_SIZE = 24;
/** `HH/LL/` */
const DIRECTORIES_SIZE = 6;
const TAIL_SIZE = 7;
const TAIL_AT = 17;

/** First byte of a header. */
export const SlotType = { FREE: 0, FILE: 0x46, LINK: 0x4c } as const;

export interface SlotHeader {
  /** Of `SlotType`. */
  readonly type: number;
  /** The whole slot with its header, bytes. */
  readonly allocatedSize: number;
  readonly fileSize: number;
  /** Unsigned; of links random. */
  readonly crc32: number;
  /** Unix seconds. */
  readonly modifiedAt: number;
  /** Seven characters: the end of the file's name. */
  readonly tail: string;
}

/** What a name of a file inside a trunk file tells: where its slot is and what its header must say. */
export interface NamedSlot extends TrunkSlot {
  readonly fileSize: number;
  readonly crc32: number;
  readonly modifiedAt: number;
  readonly tail: string;
}

/** The slot of a true path (`HH/LL/name`); null when the name is not that of a file inside a trunk file. */
export function namedSlotOf(truePath: string): NamedSlot | null {
  const slot = trunkSlotOf(truePath);
  if (slot === null) return null;
  // trunkSlotOf has decoded it.
  const block = decodeBlock(truePath, DIRECTORIES_SIZE)!;
  return {
    ...slot,
    fileSize: block.size,
    crc32: block.crc32,
    modifiedAt: block.timestamp,
    tail: truePath.slice(-TAIL_SIZE),
  };
}

/** Writes the header at `at`. */
export function putSlotHeader(target: Uint8Array, at: number, header: SlotHeader): void {
  const view = new DataView(target.buffer, target.byteOffset + at, SLOT_HEADER_SIZE);
  view.setUint8(0, header.type);
  view.setInt32(1, header.allocatedSize);
  view.setInt32(5, header.fileSize);
  view.setUint32(9, header.crc32);
  view.setInt32(13, header.modifiedAt);
  for (let index = 0; index < TAIL_SIZE; index++) view.setUint8(TAIL_AT + index, header.tail.charCodeAt(index));
}

/** Reads the header at `at`; whether it is one is told by its type. */
export function readSlotHeader(bytes: Uint8Array, at = 0): SlotHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SLOT_HEADER_SIZE);
  let tail = "";
  for (let index = 0; index < TAIL_SIZE; index++) tail += String.fromCharCode(view.getUint8(TAIL_AT + index));
  return {
    type: view.getUint8(0),
    allocatedSize: view.getInt32(1),
    fileSize: view.getInt32(5),
    crc32: view.getUint32(9),
    modifiedAt: view.getInt32(13),
    tail,
  };
}

/** The type of the slot if its header is that of the name, else `SlotType.FREE`: such a file is not there. */
export function typeOfNamed(bytes: Uint8Array, at: number, named: NamedSlot): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SLOT_HEADER_SIZE);
  const type = view.getUint8(0);
  const isNamed =
    (type === SlotType.FILE || type === SlotType.LINK) &&
    view.getInt32(1) === named.size &&
    view.getInt32(5) === named.fileSize &&
    view.getUint32(9) === named.crc32 &&
    view.getInt32(13) === named.modifiedAt;
  if (!isNamed) return SlotType.FREE;
  for (let index = 0; index < TAIL_SIZE; index++) {
    if (view.getUint8(TAIL_AT + index) !== named.tail.charCodeAt(index)) return SlotType.FREE;
  }
  return type;
}

/** True when no byte of the range is in use. Content that is zero cannot be told from free space. */
export function isAllZero(bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length; done += ZEROS.length) {
    const piece = bytes.subarray(done, done + ZEROS.length);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}

const ZEROS = new Uint8Array(64 * 1024);
