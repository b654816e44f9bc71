// A bounds-checked cursor over one message body. Every read that would pass the end throws ProtocolError, so a short
// or hostile body can never be read past its announced length. It owns no layout knowledge.

import { Buffer } from "node:buffer";
import { ProtocolError } from "./protocol-error.ts";

/** How wide IP addresses are in responses of the tracker that speaks: 16 (IPv4) or 46 (tracker.md §1.5). */
export type IpSize = 16 | 46;

export class Reader {
  readonly bytes: Uint8Array;
  readonly ipSize: IpSize;
  position = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, ipSize: IpSize = 16) {
    this.bytes = bytes;
    this.ipSize = ipSize;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** Claims `size` bytes and returns where they start. */
  take(size: number): number {
    const start = this.position;
    if (size < 0 || start + size > this.bytes.length) {
      throw new ProtocolError(`Cannot read ${size} bytes at ${start}: the body has ${this.bytes.length}`);
    }
    this.position = start + size;
    return start;
  }

  uint8(): number {
    return this.#view.getUint8(this.take(1));
  }

  int8(): number {
    return this.#view.getInt8(this.take(1));
  }

  int32(): number {
    return this.#view.getInt32(this.take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.take(4));
  }

  /** A signed 64-bit integer; refused when a `number` cannot hold it exactly. */
  int64(): number {
    const at = this.take(8);
    const value = this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) throw new ProtocolError(`Cannot use the 64-bit number at ${at}: beyond 2^53`);
    return value;
  }

  slice(size: number): Uint8Array {
    const start = this.take(size);
    return this.bytes.subarray(start, start + size);
  }

  /** Text up to the first NUL of a field of `size` bytes; what follows the NUL may be garbage (tracker.md §1.4). */
  text(size: number): string {
    const start = this.take(size);
    const limit = start + size;
    let end = start;
    while (end < limit && this.bytes[end] !== 0) end++;
    return decodeLatin1(this.bytes, start, end);
  }
}

/** Bytes to text one to one: names keep every byte, and invalid UTF-8 cannot change a length. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 1024) return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
