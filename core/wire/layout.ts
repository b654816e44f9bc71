// The declaration language of the protocol: a record is a list of named fields in wire order; its TypeScript type,
// encoder, decoder, size and length check all come from that one list. This file knows field kinds, no message.

import { ProtocolError } from "./protocol-error.ts";
import { type IpSize, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Values of the record being read or written, so that a length field and its text can find each other. */
type Scope = Record<string, unknown>;

/** One field kind. `size` is its width in bytes, or null when the body decides. */
export interface Field<T> {
  readonly size: (ipSize: IpSize) => number | null;
  decode(reader: Reader, scope: Scope): T;
  // Method syntax on purpose: its parameter is checked bivariantly, so fields of any type fit one list.
  encode(writer: Writer, value: T, scope: Scope): void;
  /** For a repetition up to the end of the body: the bytes of one item. */
  readonly itemSize?: (ipSize: IpSize) => number;
  /** Bytes of a count in front of the repetition. */
  readonly countSize?: number;
  /** Set on a field that is worked out from another one and so is not part of the record's type. */
  readonly derived?: true;
}

/** A field whose value is the byte length of another field. It is checked and filled in, never handed around. */
export interface LengthField extends Field<number> {
  readonly derived: true;
}

export type Fields = Record<string, Field<unknown>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;
/** The record's type: every field but the derived lengths. */
export type RecordOf<F extends Fields> = {
  -readonly [K in keyof F as F[K] extends LengthField ? never : K]: ValueOf<F[K]>;
};
/** The type of a declared layout's value. */
export type Infer<L> = L extends Layout<infer T> ? T : never;

/** A whole body, or the fixed part in front of a streamed one. */
export interface Layout<T> extends Field<T> {
  /** Bytes at the IP size; null when variable. */
  readonly size: (ipSize: IpSize) => number | null;
  /** Decodes a complete body; ProtocolError when bytes are missing or left over. */
  parse(bytes: Uint8Array, ipSize?: IpSize): T;
  /** Encodes a complete body. The bytes are the caller's. */
  format(value: T, ipSize?: IpSize): Uint8Array;
  /** Which IP size a body of `length` bytes was written with; null if neither fits. The smaller is tried first, as clients do (tracker.md §1.5). */
  ipSizeOf(length: number): IpSize | null;
}

function fixed<T>(size: number, decode: (r: Reader) => T, encode: (w: Writer, value: T) => void): Field<T> {
  return { size: () => size, decode, encode };
}

export const uint8 = (): Field<number> =>
  fixed(
    1,
    (r) => r.uint8(),
    (w, v) => w.uint8(v),
  );
export const int8 = (): Field<number> =>
  fixed(
    1,
    (r) => r.int8(),
    (w, v) => w.int8(v),
  );
export const int32 = (): Field<number> =>
  fixed(
    4,
    (r) => r.int32(),
    (w, v) => w.int32(v),
  );
export const int64 = (): Field<number> =>
  fixed(
    8,
    (r) => r.int64(),
    (w, v) => w.int64(v),
  );
export const bool8 = (): Field<boolean> =>
  fixed(
    1,
    (r) => r.uint8() !== 0,
    (w, v) => w.uint8(v ? 1 : 0),
  );
/** NUL-padded text of `size` bytes, cut at the first NUL. */
export const text = (size: number): Field<string> =>
  fixed(
    size,
    (r) => r.text(size),
    (w, v) => w.text(v, size),
  );
/** A CRC-32 sent sign-extended in 8 bytes; the value is unsigned (storage.md §2.10). */
export const crc32AsInt64 = (): Field<number> =>
  fixed(
    8,
    (r) => {
      r.take(4);
      return r.uint32();
    },
    (w, v) => w.int64(v | 0),
  );

/** An IP text in the tracker's response width, with room for a NUL (16 or 46). */
export const ipAddress = (): Field<string> => ({
  size: (ipSize) => ipSize,
  decode: (r) => r.text(r.ipSize),
  encode: (w, v) => w.text(v, w.ipSize),
});

/** An IP text without room for a NUL (15 or 45): the form of query answers (tracker.md §1.3). */
export const ipAddressNoNul = (): Field<string> => ({
  size: (ipSize) => ipSize - 1,
  decode: (r) => r.text(r.ipSize - 1),
  encode: (w, v) => w.text(v, w.ipSize - 1),
});

/** Text to the end of the body. */
export const restText = (): Field<string> => ({
  size: () => null,
  decode: (r) => r.text(r.remaining),
  encode: (w, v) => w.latin1(v),
});

/** Text to the end of the body, sent with one NUL behind it (SET_TRUNK_SERVER's answer, tracker.md §2.8). */
export const restTextNul = (): Field<string> => ({
  size: () => null,
  decode: (r) => r.text(r.remaining),
  encode: (w, v) => {
    w.latin1(v);
    w.uint8(0);
  },
});

/** Bytes to the end of the body. */
export const restBytes = (): Field<Uint8Array> => ({
  size: () => null,
  decode: (r) => r.slice(r.remaining),
  encode: (w, v) => w.raw(v),
});

const lengthOfText = (value: unknown): number => {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  throw new ProtocolError("Cannot take the length of a field that is neither text nor bytes");
};

/** The byte length of the text or bytes field `target`, carried as `kind`. Negative values are refused. */
export const lengthOf = (target: string, kind: Field<number> = int64()): LengthField => ({
  size: kind.size,
  derived: true,
  decode: (r, scope) => {
    const length = kind.decode(r, scope);
    if (length < 0) throw new ProtocolError(`Cannot use length ${length} of ${target}: negative`);
    scope[`#${target}`] = length;
    return length;
  },
  encode: (w, _value, scope) => kind.encode(w, lengthOfText(scope[target]), scope),
});

/** Text whose length an earlier `lengthOf(name)` field gave. */
export const sizedText = (name: string): Field<string> => ({
  size: () => null,
  decode: (r, scope) => r.text(scope[`#${name}`] as number),
  encode: (w, v) => w.latin1(v),
});

/** Bytes whose length an earlier `lengthOf(name)` field gave. */
export const sizedBytes = (name: string): Field<Uint8Array> => ({
  size: () => null,
  decode: (r, scope) => r.slice(scope[`#${name}`] as number),
  encode: (w, v) => w.raw(v),
});

/** Items repeated to the end of the body; a remainder that is not a whole item is refused. */
export const restItems = <T>(item: Layout<T>): Field<T[]> => ({
  size: () => null,
  itemSize: (ipSize) => item.size(ipSize) ?? 0,
  decode: (r, scope) => {
    const size = item.size(r.ipSize);
    if (size === null || r.remaining % size !== 0) {
      throw new ProtocolError(`Cannot split ${r.remaining} bytes into items of ${size}`);
    }
    const items: T[] = [];
    while (r.remaining > 0) items.push(item.decode(r, scope));
    return items;
  },
  encode: (w, values, scope) => {
    for (const value of values) item.encode(w, value, scope);
  },
});

/** Items repeated to the end of the body except for the last `tail` bytes (QUERY_STORE ALL's path index). */
export const itemsBefore = <T>(item: Layout<T>, tail: number): Field<T[]> => ({
  ...restItems(item),
  decode: (r, scope) => {
    const size = item.size(r.ipSize);
    const room = r.remaining - tail;
    if (size === null || room < 0 || room % size !== 0) {
      throw new ProtocolError(`Cannot split ${room} bytes into items of ${size}`);
    }
    const items: T[] = [];
    while (r.remaining > tail) items.push(item.decode(r, scope));
    return items;
  },
});

/** A count followed by that many items. */
export const countedItems = <T>(count: Field<number>, item: Layout<T>): Field<T[]> => ({
  size: () => null,
  itemSize: (ipSize) => item.size(ipSize) ?? 0,
  countSize: count.size(16) ?? 0,
  decode: (r, scope) => {
    const length = count.decode(r, scope);
    const size = item.size(r.ipSize) ?? 1;
    // Checked before the first item is made: a forged count must not cost memory.
    if (length < 0 || length * size > r.remaining) {
      throw new ProtocolError(`Cannot read ${length} items of ${size} bytes: ${r.remaining} bytes remain`);
    }
    return Array.from({ length }, () => item.decode(r, scope));
  },
  encode: (w, values, scope) => {
    count.encode(w, values.length, scope);
    for (const value of values) item.encode(w, value, scope);
  },
});

/** Declares a record: the fields in wire order. */
export function record<F extends Fields>(fields: F): Layout<RecordOf<F>> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  const size = (ipSize: IpSize): number | null => {
    let total = 0;
    for (const [, field] of entries) {
      const part = field.size(ipSize);
      if (part === null) return null;
      total += part;
    }
    return total;
  };
  const decode = (reader: Reader): RecordOf<F> => {
    const scope: Scope = {};
    for (const [name, field] of entries) {
      const value = field.decode(reader, scope);
      if (field.derived !== true) scope[name] = value;
    }
    for (const name in scope) if (name.charCodeAt(0) === 35) delete scope[name];
    return scope as RecordOf<F>;
  };
  const encode = (writer: Writer, value: RecordOf<F>): void => {
    const scope = value as Scope;
    for (const [name, field] of entries) field.encode(writer, scope[name], scope);
  };
  const parse = (body: Uint8Array, ipSize: IpSize = 16): RecordOf<F> => {
    const reader = new Reader(body, ipSize);
    const value = decode(reader);
    if (reader.remaining !== 0) {
      throw new ProtocolError(`Cannot use a body of ${body.length} bytes: ${reader.remaining} bytes too long`);
    }
    return value;
  };
  const format = (value: RecordOf<F>, ipSize: IpSize = 16): Uint8Array => {
    const writer = new Writer(ipSize);
    encode(writer, value);
    return writer.bytes;
  };
  const fits = (length: number, ipSize: IpSize): boolean => {
    let remaining = length;
    let itemSize: number | undefined;
    let open = false;
    for (const [, field] of entries) {
      const part = field.size(ipSize);
      if (part !== null) remaining -= part;
      else if (field.itemSize !== undefined) {
        itemSize = field.itemSize(ipSize);
        remaining -= field.countSize ?? 0;
      } else open = true;
    }
    if (remaining < 0) return false;
    if (open) return true;
    return itemSize === undefined ? remaining === 0 : remaining % itemSize === 0;
  };
  const ipSizeOf = (length: number): IpSize | null => (fits(length, 16) ? 16 : fits(length, 46) ? 46 : null);
  return { size, decode, encode, parse, format, ipSizeOf };
}

/** The empty body. */
export const empty = record({});
