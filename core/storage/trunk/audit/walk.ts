// Goes through a trunk file by its headers (trunk-dedup-recovery.md §1.3): slots, zeros, and what is neither. It knows no name
// and no map; what should be where is compare.ts's business. Pure: bytes come from a window.

import { crc32 } from "node:zlib";
import { isPlainName } from "../../../fileid/logic-name.ts";
import { readSlotHeader, SLOT_HEADER_SIZE, type SlotHeader, SlotType } from "../slot-header.ts";
import type { Range } from "./ranges.ts";
import type { ByteWindow } from "./trunk-window.ts";

/** Longest link: a logic name. */
const LINK_MAX = 128;
/** So many zero bytes end a stretch of junk. */
const JUNK_ENDS = 512;
const PIECE_BYTES = 64 * 1024;
const PAUSE_BYTES = 4 * 1024 * 1024;

/** A header with its slot. */
export interface Slot extends Range {
  readonly header: SlotHeader;
  /** The content is what the header says: its CRC-32, or of a link a name. */
  readonly isSound: boolean;
  /** Found within another slot whose content is damaged. */
  readonly isInside: boolean;
}

export interface Walk {
  /** In order, but for those inside others, which follow the outer one. */
  readonly slots: readonly Slot[];
  /** Bytes that are not zero outside of all slots. */
  readonly junk: readonly Range[];
}

/**
 * Walks from 0 to the end. `isExpected` is asked about a header in the midst of junk whose content is damaged: true when a
 * live name says the same. `pause` is called every so many bytes with their number.
 */
export async function walkTrunk(
  window: ByteWindow,
  isExpected: (offset: number, header: SlotHeader) => boolean,
  pause: (bytes: number) => Promise<void>,
): Promise<Walk> {
  const walker = new Walker(window, isExpected);
  let told = 0;
  while (walker.step()) {
    if (walker.at - told < PAUSE_BYTES) continue;
    await pause(walker.at - told);
    told = walker.at;
  }
  await pause(window.size - told);
  return walker;
}

class Walker implements Walk {
  readonly slots: Slot[] = [];
  readonly junk: Range[] = [];
  at = 0;
  readonly #window: ByteWindow;
  readonly #isExpected: (offset: number, header: SlotHeader) => boolean;

  constructor(window: ByteWindow, isExpected: (offset: number, header: SlotHeader) => boolean) {
    this.#window = window;
    this.#isExpected = isExpected;
  }

  /** One slot, one stretch of zeros or one of junk; false at the end. */
  step(): boolean {
    const { size } = this.#window;
    const start = this.#skipZeros(this.at, Math.min(size, this.at + PAUSE_BYTES));
    if (start > this.at) {
      this.at = start;
      return start < size;
    }
    if (start >= size) return false;
    const header = this.#headerAt(start);
    if (header === null) {
      this.#takeJunk(start);
      return this.at < size;
    }
    const slot = { offset: start, size: header.allocatedSize, header, isInside: false };
    const isSound = this.#isSound(start, header);
    this.slots.push({ ...slot, isSound });
    this.at = start + header.allocatedSize;
    if (!isSound) this.#searchInside(slot);
    return this.at < size;
  }

  /** The first byte from `at` on that is not zero, or `end`. */
  #skipZeros(at: number, end: number): number {
    let offset = at;
    while (offset < end) {
      const bytes = this.#window.bytes(offset, Math.min(PIECE_BYTES, end - offset));
      if (bytes.length === 0) return end;
      for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) return offset + index;
      offset += bytes.length;
    }
    return end;
  }

  /** Null: what stands there cannot be a header. */
  #headerAt(offset: number): SlotHeader | null {
    const bytes = this.#window.bytes(offset, SLOT_HEADER_SIZE);
    if (bytes.length < SLOT_HEADER_SIZE) return null;
    if (bytes[0] !== SlotType.FILE && bytes[0] !== SlotType.LINK) return null;
    const header = readSlotHeader(bytes);
    const { allocatedSize, fileSize, modifiedAt, tail } = header;
    const fits = fileSize >= 0 && allocatedSize - SLOT_HEADER_SIZE >= fileSize;
    return fits && offset + allocatedSize <= this.#window.size && modifiedAt > 0 && /^[\w.-]{7}$/.test(tail)
      ? header
      : null;
  }

  #isSound(offset: number, { type, fileSize, crc32: expected }: SlotHeader): boolean {
    if (type === SlotType.LINK) {
      if (fileSize > LINK_MAX) return false;
      return isPlainName(Buffer.from(this.#window.bytes(offset + SLOT_HEADER_SIZE, fileSize)).toString("latin1"));
    }
    let crc = 0;
    for (let done = 0; done < fileSize; ) {
      const bytes = this.#window.bytes(offset + SLOT_HEADER_SIZE + done, Math.min(PIECE_BYTES, fileSize - done));
      if (bytes.length === 0) return false;
      crc = crc32(bytes, crc);
      done += bytes.length;
    }
    return crc === expected;
  }

  /** From a byte that is in no slot to the next that is, or to zeros. */
  #takeJunk(start: number): void {
    const { size } = this.#window;
    let last = start;
    let offset = start + 1;
    for (; offset < size && offset - last <= JUNK_ENDS; offset++) {
      const [byte] = this.#window.bytes(offset, 1);
      if (byte === undefined) break;
      if (byte === 0) continue;
      if (this.#isCertain(offset)) break;
      last = offset;
    }
    this.junk.push({ offset: start, size: last + 1 - start });
    this.at = offset;
  }

  /** A header that does not only look like one. */
  #isCertain(offset: number): boolean {
    const header = this.#headerAt(offset);
    if (header === null) return false;
    if (this.#isExpected(offset, header)) return true;
    // Nothing to be proved: seven letters in a row are no proof.
    return header.fileSize > 0 && this.#isSound(offset, header);
  }

  /** Somebody else's file may have been written over this one. */
  #searchInside(outer: Range): void {
    const end = outer.offset + outer.size;
    for (let offset = outer.offset + SLOT_HEADER_SIZE; offset < end - SLOT_HEADER_SIZE; ) {
      const [byte] = this.#window.bytes(offset, 1);
      const mayBe = byte === SlotType.FILE || byte === SlotType.LINK;
      if (!mayBe || !this.#isCertain(offset)) {
        offset++;
        continue;
      }
      const header = this.#headerAt(offset)!;
      const isSound = this.#isSound(offset, header);
      this.slots.push({ offset, size: header.allocatedSize, header, isSound, isInside: true });
      offset += header.allocatedSize;
      // It may go on behind the outer one: the walk goes on behind both.
      this.at = Math.max(this.at, offset);
    }
  }
}
