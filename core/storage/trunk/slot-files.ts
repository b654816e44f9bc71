// The slots of trunk files as one thread uses them (trunk-dedup-recovery.md §1.3, §1.5): finds a named slot and checks its
// header, writes a slot that is free, fills one with zeros. Trunk files stay open between uses. Which slot an upload gets
// is trunk-store.ts's business.

import { crc32 } from "node:zlib";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { codedErrno } from "../io/errno.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { type OpenTrunkFile, OpenTrunkFiles } from "./open-trunk-files.ts";
import {
  isAllZero,
  type NamedSlot,
  putSlotHeader,
  readSlotHeader,
  SLOT_HEADER_SIZE,
  type SlotHeader,
  SlotType,
  typeOfNamed,
} from "./slot-header.ts";
import { nextData, readAt, writeFully } from "./slot-io.ts";
import type { FoundSlot, SlotPlace } from "./slot-place.ts";

const PIECE_BYTES = 256 * 1024;
const PAGE_BYTES = 4096;

export class SlotFiles {
  readonly files: OpenTrunkFiles;
  readonly #scoreboard: Scoreboard;
  readonly #header = new Uint8Array(SLOT_HEADER_SIZE);
  #scratch = new Uint8Array(0);

  constructor(scoreboard: Scoreboard, storePaths: readonly string[]) {
    this.#scoreboard = scoreboard;
    this.files = new OpenTrunkFiles(scoreboard, storePaths);
  }

  /** The slot of a name, when it is there. Throws what reading throws, but for a trunk file that is missing. */
  find(place: SlotPlace): FoundSlot | null {
    const file = this.files.existing(place);
    if (file === null) return null;
    const { named } = place;
    if (readAt(file.fd, this.#header, 0, SLOT_HEADER_SIZE, named.offset) < SLOT_HEADER_SIZE) return null;
    const type = typeOfNamed(this.#header, 0, named);
    return type === SlotType.FREE ? null : { named, file, isLink: type === SlotType.LINK };
  }

  /**
   * Header and content of a small slot in one read, `SLOT_HEADER_SIZE` + size bytes; null when the file is not there. A link
   * is told by its header's type.
   */
  read(place: SlotPlace): Uint8Array | null {
    const file = this.files.existing(place);
    if (file === null) return null;
    const { named } = place;
    const bytes = Buffer.allocUnsafeSlow(SLOT_HEADER_SIZE + named.fileSize);
    if (readAt(file.fd, bytes, 0, bytes.length, named.offset) < bytes.length) return null;
    return typeOfNamed(bytes, 0, named) === SlotType.FREE ? null : bytes;
  }

  /** The content of a found slot, or a part of it. Throws EIO when the file ends early. */
  content({ named, file }: FoundSlot, offset = 0, length = named.fileSize - offset): Uint8Array {
    const bytes = new Uint8Array(length);
    const count = readAt(file.fd, bytes, 0, length, named.offset + SLOT_HEADER_SIZE + offset);
    if (count < length) throw codedErrno("EIO", `${file.path} ended ${length - count} bytes early`);
    return bytes;
  }

  /**
   * Writes header and content into a slot that is free. False: some byte of it is in use, nothing was written. `content`
   * are pieces of together `header.fileSize` bytes. Throws the system's errors after filling the slot with zeros again.
   */
  write(block: TrunkInfo, header: SlotHeader, content: readonly Uint8Array[]): boolean {
    const file = this.files.forWriting(block);
    return this.#scoreboard.slotClaims.run(block.trunkFileId, block.offset, block.size, () => {
      if (!this.#isFree(file, block)) return false;
      try {
        const total = SLOT_HEADER_SIZE + header.fileSize;
        const bytes = this.#scratchOf(total);
        putSlotHeader(bytes, 0, header);
        let at = SLOT_HEADER_SIZE;
        for (const piece of content) {
          bytes.set(piece, at);
          at += piece.length;
        }
        writeFully(file.fd, bytes, block.offset);
      } catch (error) {
        this.#zero(file, block);
        throw error;
      }
      return true;
    });
  }

  /** As `write`, with content that is read from a file: first all of it, then the header. */
  writeFrom(block: TrunkInfo, header: SlotHeader, sourceFd: number): boolean {
    const file = this.files.forWriting(block);
    return this.#scoreboard.slotClaims.run(block.trunkFileId, block.offset, block.size, () => {
      if (!this.#isFree(file, block)) return false;
      try {
        for (let done = 0; done < header.fileSize; ) {
          const piece = this.#scratchOf(Math.min(PIECE_BYTES, header.fileSize - done));
          const count = readAt(sourceFd, piece, 0, piece.length, done);
          if (count === 0) throw codedErrno("EIO", "the received file ended early");
          writeFully(file.fd, piece.subarray(0, count), block.offset + SLOT_HEADER_SIZE + done);
          done += count;
        }
        putSlotHeader(this.#header, 0, header);
        writeFully(file.fd, this.#header, block.offset);
      } catch (error) {
        this.#zero(file, block);
        throw error;
      }
      return true;
    });
  }

  /** True when no byte of the place is in use on this storage's disk. */
  isFree(block: TrunkInfo): boolean {
    return this.whileFree(block, () => {});
  }

  /** Runs `section` if no byte of the place is in use, and while nobody writes there; false: some byte is. */
  whileFree(block: TrunkInfo, section: () => void): boolean {
    const file = this.files.existing(block);
    return this.#scoreboard.slotClaims.run(block.trunkFileId, block.offset, block.size, () => {
      if (file !== null && !this.#isFree(file, block)) return false;
      section();
      return true;
    });
  }

  /** A slot of exactly this size begins here. */
  hasHeader(block: TrunkInfo): boolean {
    const file = this.files.existing(block);
    if (file === null) return false;
    if (readAt(file.fd, this.#header, 0, SLOT_HEADER_SIZE, block.offset) < SLOT_HEADER_SIZE) return false;
    const { type, allocatedSize } = readSlotHeader(this.#header);
    return (type === SlotType.FILE || type === SlotType.LINK) && allocatedSize === block.size;
  }

  /**
   * Frees the slot of a name on the disk: header and content become zero; what lies behind them is. False when another file
   * has it, or none.
   */
  clear(place: SlotPlace): boolean {
    const file = this.files.existing(place);
    if (file === null) return false;
    const { named } = place;
    return this.#scoreboard.slotClaims.run(place.trunkFileId, named.offset, named.size, () => {
      if (readAt(file.fd, this.#header, 0, SLOT_HEADER_SIZE, named.offset) < SLOT_HEADER_SIZE) return false;
      const type = typeOfNamed(this.#header, 0, named);
      if (type === SlotType.FREE) return false;
      // With another content a second allocator has put a slot into a run of zeros of this file: that stays.
      const isWhole = type === SlotType.LINK || this.#checksum(file, named) === named.crc32;
      this.#zero(file, { offset: named.offset, size: SLOT_HEADER_SIZE + (isWhole ? named.fileSize : 0) });
      return true;
    });
  }

  /** Fills a slot with zeros whose header is zero already and whose content may not be: a deletion was cut off. */
  clearLeftover(place: SlotPlace): void {
    const file = this.files.existing(place);
    if (file === null) return;
    const { offset, size } = place.named;
    this.#scoreboard.slotClaims.run(place.trunkFileId, offset, size, () => {
      const count = readAt(file.fd, this.#header, 0, SLOT_HEADER_SIZE, offset);
      if (count === SLOT_HEADER_SIZE && isAllZero(this.#header)) this.#zero(file, { offset, size });
    });
  }

  close(): void {
    this.files.close();
  }

  #scratchOf(length: number): Uint8Array {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(Math.max(length, PIECE_BYTES + SLOT_HEADER_SIZE));
    return this.#scratch.subarray(0, length);
  }

  #checksum(file: OpenTrunkFile, { offset, fileSize }: NamedSlot): number {
    let crc = 0;
    for (let done = 0; done < fileSize; ) {
      const piece = this.#scratchOf(Math.min(PIECE_BYTES, fileSize - done));
      const count = readAt(file.fd, piece, 0, piece.length, offset + SLOT_HEADER_SIZE + done);
      if (count === 0) return -1;
      crc = crc32(piece.subarray(0, count), crc);
      done += count;
    }
    return crc;
  }

  /** Two allocators at once may have given the same place to two files: what is not zero is somebody's. */
  #isFree(file: OpenTrunkFile, { offset, size }: { readonly offset: number; readonly size: number }): boolean {
    const end = offset + size;
    // Where nothing was written yet there is a hole, and to read one costs more than to write it. The slot before may reach
    // into the first page.
    const first = nextData(file.fd, offset);
    if (first >= end) return true;
    const rest = Math.min(end, first - (first % PAGE_BYTES) + PAGE_BYTES);
    if (!this.#isZero(file, first, rest - first)) return false;
    const next = nextData(file.fd, rest);
    return next >= end || this.#isZero(file, next, end - next);
  }

  #isZero(file: OpenTrunkFile, offset: number, size: number): boolean {
    for (let done = 0; done < size; ) {
      const piece = this.#scratchOf(Math.min(PIECE_BYTES, size - done));
      const count = readAt(file.fd, piece, 0, piece.length, offset + done);
      // Behind the end there is nothing.
      if (count === 0) return true;
      if (!isAllZero(piece.subarray(0, count))) return false;
      done += count;
    }
    return true;
  }

  #zero(file: OpenTrunkFile, { offset, size }: { readonly offset: number; readonly size: number }): void {
    const piece = this.#scratchOf(Math.min(PIECE_BYTES, size));
    piece.fill(0);
    for (let done = 0; done < size; ) {
      const length = Math.min(piece.length, size - done);
      writeFully(file.fd, piece.subarray(0, length), offset + done);
      done += length;
    }
  }
}
