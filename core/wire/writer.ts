// Builds one message in a growing buffer. Bytes between a text and the end of its field are zero: peers are told to
// cut at the NUL, and we never send remains of earlier messages (tracker.md §1.4).

import { ProtocolError } from "./protocol-error.ts";
import type { IpSize } from "./reader.ts";

export class Writer {
  readonly ipSize: IpSize;
  length = 0;
  #bytes: Uint8Array;
  #view: DataView;

  constructor(ipSize: IpSize = 16, capacity = 256) {
    this.ipSize = ipSize;
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The written bytes; valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Claims `size` zero bytes and returns where they start. */
  reserve(size: number): number {
    const start = this.length;
    const end = start + size;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.length = end;
    return start;
  }

  uint8(value: number): void {
    const at = this.reserve(1);
    this.#view.setUint8(at, value);
  }

  int8(value: number): void {
    const at = this.reserve(1);
    this.#view.setInt8(at, value);
  }

  int32(value: number): void {
    const at = this.reserve(4);
    this.#view.setInt32(at, value);
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new ProtocolError(`Cannot send ${value} as a 64-bit integer`);
    this.int64At(this.reserve(8), value);
  }

  int64At(at: number, value: number): void {
    this.#view.setInt32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Text without padding; characters above U+00FF do not fit the one-byte fields of the protocol. */
  latin1(text: string): void {
    const at = this.reserve(text.length);
    this.#setText(at, text);
  }

  /** Text in a field of `size` bytes, NUL padded; a text of exactly `size` bytes has no NUL. */
  text(text: string, size: number): void {
    if (text.length > size) throw new ProtocolError(`Cannot send '${text}': the field holds ${size} bytes`);
    const at = this.reserve(size);
    this.#setText(at, text);
  }

  #setText(at: number, text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0xff) throw new ProtocolError(`Cannot send '${text}': '${text[i]}' is not a single byte`);
      this.#bytes[at + i] = code;
    }
  }
}
