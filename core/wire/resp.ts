// RESP2, the protocol of Redis and Valkey, as far as single commands need it: a request is an array of binary strings, an
// answer a simple string, an error, a number or a binary string. Pure bytes; connections are elsewhere.

import { Buffer } from "node:buffer";
import { ProtocolError } from "./protocol-error.ts";
import { decodeLatin1 } from "./reader.ts";

const CR = 13;
const LF = 10;
/** Larger answers to our questions there are none. */
const BULK_MAX = 1024 * 1024;
const LINE_MAX = 64 * 1024;

export type RespAnswer =
  | { readonly kind: "text"; readonly text: string }
  /** Its first word names it: `NOAUTH`, `READONLY`. */
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "number"; readonly number: number }
  /** null: there is no such key. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array | null };

/** The packet of one command; texts are sent as UTF-8. */
export function encodeRespCommand(words: readonly (string | Uint8Array)[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? Buffer.from(word) : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

/** Puts answers together from received pieces. */
export class RespDecoder {
  #bytes = new Uint8Array(0);

  push(piece: Uint8Array): void {
    if (this.#bytes.length === 0) {
      this.#bytes = piece.slice();
      return;
    }
    const joined = new Uint8Array(this.#bytes.length + piece.length);
    joined.set(this.#bytes);
    joined.set(piece, this.#bytes.length);
    this.#bytes = joined;
  }

  /** The next whole answer; undefined until more has come. ProtocolError for what is no RESP2 answer to a single command. */
  next(): RespAnswer | undefined {
    const end = this.#endOfLine();
    if (end < 0) return undefined;
    const line = decodeLatin1(this.#bytes, 1, end);
    const type = String.fromCharCode(this.#bytes[0]!);
    if (type === "$") return this.#bulk(line, end + 2);
    this.#bytes = this.#bytes.subarray(end + 2);
    if (type === "+") return { kind: "text", text: line };
    if (type === "-") return { kind: "error", text: line };
    if (type === ":") return { kind: "number", number: integerOf(line) };
    throw new ProtocolError(`Cannot use an answer of type '${type}': no Redis server, or none that speaks RESP2`);
  }

  #bulk(line: string, start: number): RespAnswer | undefined {
    const length = integerOf(line);
    if (length < -1 || length > BULK_MAX) throw new ProtocolError(`Cannot use a value of ${length} bytes`);
    if (length === -1) {
      this.#bytes = this.#bytes.subarray(start);
      return { kind: "bytes", bytes: null };
    }
    if (this.#bytes.length < start + length + 2) return undefined;
    const bytes = this.#bytes.slice(start, start + length);
    this.#bytes = this.#bytes.subarray(start + length + 2);
    return { kind: "bytes", bytes };
  }

  /** Where the first line's CR stands; -1: it has not come. */
  #endOfLine(): number {
    const at = this.#bytes.indexOf(LF);
    if (at < 0 && this.#bytes.length > LINE_MAX) throw new ProtocolError("Cannot use an answer without an end of line");
    if (at < 0) return -1;
    if (at < 2 || this.#bytes[at - 1] !== CR)
      throw new ProtocolError("Cannot use an answer: its line does not end in CR LF");
    return at - 1;
  }
}

function integerOf(text: string): number {
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new ProtocolError(`Cannot use the number '${text}'`);
  return number;
}
