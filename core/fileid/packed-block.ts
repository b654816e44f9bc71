// The 20 bytes inside a file name (storage.md §4.2-§4.4): source server, timestamp, size word, CRC. The 64-bit size word
// is handled as two 32-bit halves, because its flags stand in the upper one and numbers hold only 53 bits exactly.

import { decodeBase64Into, encodeBase64 } from "./base64.ts";
import { FileNameError } from "./file-name-error.ts";
import { addressBytes, type SourceBytes } from "./source-address.ts";

/** Flags in the upper half of the size word. */
const SMALL_FORM = 0x8000_0000;
const TRUNK = 0x0800_0000;
const APPENDER = 0x0400_0000;
const RANDOM_MASK = 0x007f_ffff;
/** Sizes are numbers: 53 bits. A generated name has none above. */
const UPPER_SIZE_MASK = 0x001f_ffff;
const STORAGE_ID_MAX = 0xff_ffff;
const BLOCK_SIZE = 20;
/** Characters of an encoded block. */
export const ENCODED_BLOCK_SIZE = 27;

/** Who created the file: an IPv4 address, or a storage id of 1..16777215. */
export type FileSource =
  | { readonly kind: "ipv4"; readonly address: string }
  | { readonly kind: "id"; readonly id: number };

export type BlockKind = "normal" | "appender" | "trunk";

export interface PackedBlock {
  readonly source: FileSource;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly isAppender: boolean;
  readonly isTrunk: boolean;
  /** Size in bytes; of an appender 0, which is not its size. */
  readonly size: number;
  /** Unsigned CRC-32. */
  readonly crc32: number;
}

/** The four bytes of a source as they stand in the block; throws FileNameError when it has no such form. */
export function sourceBytes(source: FileSource): SourceBytes {
  if (source.kind === "ipv4") return addressBytes(source.address);
  const { id } = source;
  if (!Number.isInteger(id) || id <= 0 || id > STORAGE_ID_MAX) {
    throw new FileNameError(`Cannot put the storage id ${id} into a file name: allowed are 1 to ${STORAGE_ID_MAX}`);
  }
  return [id & 0xff, (id >>> 8) & 0xff, id >>> 16, 0];
}

const scratch = new Uint8Array(BLOCK_SIZE);
const view = new DataView(scratch.buffer);

/**
 * Encodes a block to its 27 characters. `random` supplies 23 bits where the form has room for them; `size` is in bytes
 * and not used for an appender, whose names do not carry it.
 */
export function encodeBlock(
  source: SourceBytes,
  timestamp: number,
  kind: BlockKind,
  size: number,
  crc32: number,
  random: number,
): string {
  scratch[0] = source[0];
  scratch[1] = source[1];
  scratch[2] = source[2];
  scratch[3] = source[3];
  view.setInt32(4, timestamp);
  if (kind === "appender") {
    view.setUint32(8, (SMALL_FORM | (random & RANDOM_MASK) | APPENDER) >>> 0);
    view.setUint32(12, 0);
  } else if (kind === "trunk" || size < 0x1_0000_0000) {
    view.setUint32(8, (SMALL_FORM | (random & RANDOM_MASK) | (kind === "trunk" ? TRUNK : 0)) >>> 0);
    view.setUint32(12, size);
  } else {
    view.setUint32(8, Math.floor(size / 0x1_0000_0000));
    view.setUint32(12, size >>> 0);
  }
  view.setUint32(16, crc32);
  return encodeBase64(scratch);
}

/** Decodes the 27 characters at `start`; null when they are no block. */
export function decodeBlock(text: string, start: number): PackedBlock | null {
  if (!decodeBase64Into(scratch, text, start)) return null;
  const upper = view.getUint32(8);
  const lower = view.getUint32(12);
  const id = view.getUint32(0, true);
  const isTrunk = (upper & TRUNK) !== 0;
  const isSmall = (upper & SMALL_FORM) !== 0 || isTrunk;
  return {
    source:
      id > 0 && id <= STORAGE_ID_MAX
        ? { kind: "id", id }
        : { kind: "ipv4", address: `${scratch[0]}.${scratch[1]}.${scratch[2]}.${scratch[3]}` },
    timestamp: view.getInt32(4),
    isAppender: (upper & APPENDER) !== 0,
    isTrunk,
    size: isSmall ? lower : (upper & UPPER_SIZE_MASK) * 0x1_0000_0000 + lower,
    crc32: view.getUint32(16),
  };
}
