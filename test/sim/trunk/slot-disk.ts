// The disk of one simulated storage: trunk files as bytes, other files by name. Slots are written, found and cleared by the
// real header functions, as slot-files.ts does it with real files. Every change is checked: no file that is there may suffer.

import { crc32 } from "node:zlib";
import {
  isAllZero,
  type NamedSlot,
  namedSlotOf,
  putSlotHeader,
  readSlotHeader,
  SLOT_HEADER_SIZE,
  SlotType,
  typeOfNamed,
} from "../../../core/storage/trunk/slot-header.ts";
import { usedRanges } from "../../../core/storage/trunk/used-ranges.ts";
import type { TrunkInfo } from "../../../core/wire/storage-sync.ts";
import { overlap } from "./naive-space.ts";
import type { TrunkRules } from "./trunk-rules.ts";

/** Between the return of a slot and its next use. */
export const COOL_STEPS = 30;
/** Of `M00/`. */
const PATH_SIZE = 4;

export interface Slot extends NamedSlot {
  readonly block: TrunkInfo;
}

/** The slot of a logic name; null for a file of its own. */
export function slotOf(name: string): Slot | null {
  const named = namedSlotOf(name.slice(PATH_SIZE));
  if (named === null) return null;
  const hex = (at: number): number => Number.parseInt(name.slice(at, at + 2), 16);
  const { trunkFileId, offset, size } = named;
  const block = { storePathIndex: hex(1), subPathHigh: hex(4), subPathLow: hex(7), trunkFileId, offset, size };
  return { ...named, block };
}

export class SlotDisk {
  readonly #rules: TrunkRules;
  readonly #trunkFileSize: number;
  readonly #damaged: (name: string, by: string) => void;
  readonly #trunkFiles = new Map<string, Uint8Array>();
  /** Ordinary files and strays. */
  readonly files = new Map<string, Uint8Array>();
  /** Files in slots as they were written. */
  readonly #written = new Map<string, Uint8Array>();

  constructor(rules: TrunkRules, trunkFileSize: number, damaged: (name: string, by: string) => void) {
    this.#rules = rules;
    this.#trunkFileSize = trunkFileSize;
    this.#damaged = damaged;
  }

  /** False when there is such a trunk file. */
  create(place: Omit<TrunkInfo, "offset" | "size">): boolean {
    const key = keyOf(place);
    if (this.#trunkFiles.has(key)) return false;
    this.#trunkFiles.set(key, new Uint8Array(this.#trunkFileSize));
    return true;
  }

  /** What is in use in a trunk file. */
  usedIn(place: Omit<TrunkInfo, "offset" | "size">): TrunkInfo[] {
    const bytes = this.#trunkFiles.get(keyOf(place)) ?? new Uint8Array(0);
    const ranges = usedRanges(bytes.length, (offset, length) => bytes.slice(offset, offset + length));
    return [...ranges].filter((range) => range !== null).map((range) => ({ ...place, ...range }));
  }

  read(name: string): Uint8Array | null {
    const own = this.files.get(name);
    if (own !== undefined) return own;
    return this.isInSlot(name) ? this.#content(slotOf(name)!) : null;
  }

  /** True when a file has exactly this slot. */
  hasSlot(block: TrunkInfo): boolean {
    const bytes = this.#trunkFiles.get(keyOf(block));
    if (bytes === undefined) return false;
    const { type, allocatedSize } = readSlotHeader(bytes, block.offset);
    return type === SlotType.FILE && allocatedSize === block.size;
  }

  /** As for another storage: null also when it is not what it was. */
  readToSend(name: string): Uint8Array | null {
    return this.files.get(name) ?? (this.isInSlot(name) && this.#isWhole(slotOf(name)!) ? this.read(name) : null);
  }

  isInSlot(name: string): boolean {
    const slot = slotOf(name);
    if (slot === null) return false;
    const bytes = this.#trunkFiles.get(keyOf(slot.block));
    return bytes !== undefined && typeOfNamed(bytes, slot.offset, slot) !== SlotType.FREE;
  }

  /** As an upload does: false when the slot is in use. A crash may leave content without its header. */
  write(name: string, content: Uint8Array, crashes = false): boolean {
    const slot = slotOf(name)!;
    const bytes = this.#bytes(slot);
    if (!this.#isFree(bytes, slot)) return false;
    this.#put(name, slot, content, crashes);
    return true;
  }

  /** As a copy from another storage does: false when it has to become a stray. */
  writeCopy(name: string, content: Uint8Array, age: number, crashes = false): boolean {
    const { block } = slotOf(name)!;
    const isLate = this.#rules.walksLate && age >= COOL_STEPS;
    if (isLate && this.usedIn(block).some((used) => overlap(used, block))) return false;
    if (this.#rules.checksReplicas) return this.write(name, content, crashes);
    this.#put(name, slotOf(name)!, content, crashes);
    return true;
  }

  /** False when the slot is not this file's. */
  clear(name: string): boolean {
    if (!this.isInSlot(name)) return false;
    const slot = slotOf(name)!;
    this.#written.delete(name);
    this.#bytes(slot).fill(0, slot.offset, slot.offset + this.#clearedSize(slot));
    this.#check(`clearing ${name}`);
    return true;
  }

  #clearedSize(slot: Slot): number {
    if (this.#rules.clears === "slot") return slot.size;
    return this.#isWhole(slot) ? SLOT_HEADER_SIZE + slot.fileSize : SLOT_HEADER_SIZE;
  }

  #isWhole(slot: Slot): boolean {
    return !this.#rules.checksContent || crc32(this.#content(slot)) === slot.crc32;
  }

  #put(name: string, slot: Slot, content: Uint8Array, crashes: boolean): void {
    const bytes = this.#bytes(slot);
    bytes.set(content, slot.offset + SLOT_HEADER_SIZE);
    if (!crashes) {
      const { size: allocatedSize, fileSize, crc32, modifiedAt, tail } = slot;
      putSlotHeader(bytes, slot.offset, { type: SlotType.FILE, allocatedSize, fileSize, crc32, modifiedAt, tail });
      this.#written.set(name, content);
    }
    this.#check(`writing ${name}`);
  }

  #isFree(bytes: Uint8Array, { offset, size }: Slot): boolean {
    if (this.#rules.checksRange === "all") return isAllZero(bytes.subarray(offset, offset + size));
    // C looks at CRC, time and tail.
    return isAllZero(bytes.subarray(offset + 9, offset + SLOT_HEADER_SIZE));
  }

  #bytes(slot: Slot): Uint8Array {
    this.create(slot.block);
    return this.#trunkFiles.get(keyOf(slot.block))!;
  }

  #content(slot: Slot): Uint8Array {
    const start = slot.offset + SLOT_HEADER_SIZE;
    return this.#bytes(slot).slice(start, start + slot.fileSize);
  }

  #check(what: string): void {
    for (const [name, content] of this.#written) {
      if (this.isInSlot(name) && Buffer.compare(this.#content(slotOf(name)!), content) === 0) continue;
      this.#damaged(name, what);
      this.#written.delete(name);
    }
  }
}

const keyOf = ({ storePathIndex, subPathHigh, subPathLow, trunkFileId }: Omit<TrunkInfo, "offset" | "size">): string =>
  `${storePathIndex}/${subPathHigh}/${subPathLow}/${trunkFileId}`;
