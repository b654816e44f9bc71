// By what equal files are found: 24 bytes made from a file's size and content, as C storages make them
// (trunk-dedup-recovery.md §2.2). Pure, fed piece by piece; what is done with a signature is not known here.

import { createHash, type Hash } from "node:crypto";

export type SignatureMethod = "hash" | "md5";

const SIGNATURE_SIZE = 24;
/** Header and fixed fields of UPLOAD_FILE share C's first receive buffer with the content. */
const FIRST_BUFFER_OVERHEAD = 25;
const ONES_ABOVE = 0xff00_0000 | 0;
const HIGH_NIBBLE = 0xf000_0000 | 0;

/** The table of CRC-32, polynomial EDB88320. */
const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

/** The signature of one content that is being received. */
export interface ContentSignature {
  update(piece: Uint8Array): void;
  /** 24 bytes; ends the object's use. */
  digest(): Uint8Array;
}

/** `buffSizeBytes`: the storage's buff_size, on which the method "hash" depends: all that share a namespace need the same. */
export function newSignature(method: SignatureMethod, buffSizeBytes: number): ContentSignature {
  return method === "md5" ? new Md5Signature() : new HashSignature(buffSizeBytes);
}

/** `int64 size | 16 bytes`. */
function withSize(size: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SIGNATURE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, Math.floor(size / 0x1_0000_0000));
  view.setUint32(4, size >>> 0);
  bytes.set(content, 8);
  return bytes;
}

class Md5Signature implements ContentSignature {
  readonly #md5: Hash = createHash("md5");
  #size = 0;

  update(piece: Uint8Array): void {
    this.#size += piece.length;
    this.#md5.update(piece);
  }

  digest(): Uint8Array {
    return withSize(this.#size, this.#md5.digest());
  }
}

/**
 * Four hashes of 32 bits. The first one is C's variant of CRC-32: its register has 64 bits with a sign and is cut to 32 at
 * the end of each receive buffer, so the value depends on where C's buffers end; pieces are cut there again.
 */
class HashSignature implements ContentSignature {
  readonly #buffSize: number;
  /** Bytes until C's receive buffer would be full. */
  #room: number;
  #size = 0;
  #crc = -1;
  /** What is shifted in from the upper half of the register, which holds only its sign. */
  #crcAbove = ONES_ABOVE;
  #elf = 0;
  #simple = 0;
  #time33 = 0;

  constructor(buffSizeBytes: number) {
    this.#buffSize = buffSizeBytes;
    this.#room = buffSizeBytes - FIRST_BUFFER_OVERHEAD;
  }

  update(piece: Uint8Array): void {
    this.#size += piece.length;
    for (let done = 0; done < piece.length; ) {
      const end = Math.min(piece.length, done + this.#room);
      this.#hash(piece, done, end);
      this.#room -= end - done;
      done = end;
      if (this.#room > 0) continue;
      this.#room = this.#buffSize;
      this.#crcAbove = this.#crc < 0 ? ONES_ABOVE : 0;
    }
  }

  digest(): Uint8Array {
    const content = new Uint8Array(16);
    const view = new DataView(content.buffer);
    view.setInt32(0, ~this.#crc);
    view.setInt32(4, this.#elf);
    view.setInt32(8, this.#simple);
    view.setInt32(12, this.#time33);
    return withSize(this.#size, content);
  }

  #hash(bytes: Uint8Array, start: number, end: number): void {
    const above = this.#crcAbove;
    let crc = this.#crc;
    let elf = this.#elf;
    let simple = this.#simple;
    let time33 = this.#time33;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      crc = crcTable[(crc ^ byte) & 0xff]! ^ ((crc >>> 8) | above);
      elf = ((elf << 4) + byte) | 0;
      const high = elf & HIGH_NIBBLE;
      // The shift keeps the sign, as C's of an int does; the textbook's does not.
      if (high !== 0) elf = (elf ^ (high >> 24)) & ~high;
      simple = (Math.imul(simple, 31) + byte) | 0;
      time33 = (Math.imul(time33, 33) + byte) | 0;
    }
    this.#crc = crc;
    this.#elf = elf;
    this.#simple = simple;
    this.#time33 = time33;
  }
}
