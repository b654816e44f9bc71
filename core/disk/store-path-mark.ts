// The mark that ties a store path to its storage (storage.md §5.5): `SP/data/.fastdfs_vars` holds the same text as the
// storage's own .data_init_flag. A disk of another storage, mounted by mistake, is recognised by it.

import { Buffer } from "node:buffer";

const IP_SIZE = 46;
/** 46 bytes ip | i16 port | u8 path index | 1 pad | 2 alignment | i32 create time, little-endian as on x86. */
const MARK_SIZE = 56;

export interface StorePathMark {
  readonly ipAddress: string;
  readonly port: number;
  readonly storePathIndex: number;
  /** Unix seconds. */
  readonly createTime: number;
}

/** 75 characters of FastDFS's base64, which is base64url; throws RangeError when a value has no room. */
export function formatStorePathMark(mark: StorePathMark): string {
  if (mark.ipAddress.length >= IP_SIZE)
    throw new RangeError(`Cannot mark a store path with '${mark.ipAddress}': too long`);
  const bytes = new Uint8Array(MARK_SIZE);
  for (let at = 0; at < mark.ipAddress.length; at++) bytes[at] = mark.ipAddress.charCodeAt(at);
  const view = new DataView(bytes.buffer);
  view.setUint16(IP_SIZE, mark.port, true);
  view.setUint8(48, mark.storePathIndex);
  view.setInt32(52, mark.createTime, true);
  return Buffer.from(bytes).toString("base64url");
}

/** Null when the text is no mark. */
export function parseStorePathMark(text: string): StorePathMark | null {
  if (!/^[A-Za-z0-9_-]{75}$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64url");
  const end = bytes.indexOf(0);
  return {
    ipAddress: bytes.toString("latin1", 0, end < 0 || end > IP_SIZE ? IP_SIZE : end),
    port: bytes.readUInt16LE(IP_SIZE),
    storePathIndex: bytes.readUInt8(48),
    createTime: bytes.readInt32LE(52),
  };
}

/**
 * `create` and `recreate` write both places (the second with a warning: the disk was changed or emptied), `foreign` and
 * `different` refuse to start: the path belongs to another storage or to another path of this one.
 */
export type MarkAction = "create" | "fine" | "recreate" | "foreign" | "different";

/** What to do at start, from the text that .data_init_flag remembers and the text on the disk (null: absent). */
export function judgeStorePathMark(remembered: string | null, found: string | null): MarkAction {
  if (remembered === null) return found === null ? "create" : "foreign";
  if (found === null) return "recreate";
  return remembered === found ? "fine" : "different";
}
