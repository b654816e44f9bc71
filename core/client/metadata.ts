// Metadata between a map of strings and the wire's text (storage.md §2.8). Too long names and values are refused here,
// because a server would cut them without a word.

import { Buffer } from "node:buffer";
import { METADATA_NAME_MAX, METADATA_VALUE_MAX } from "../wire/limits.ts";

const RECORD = "\x01";
const FIELD = "\x02";

export type Metadata = ReadonlyMap<string, string>;

/** Bytes 0 to 2 end or separate items in the stored text. */
function hasSeparator(text: string): boolean {
  return text.includes("\0") || text.includes(RECORD) || text.includes(FIELD);
}

/** UTF-8 text of all items. */
export function packMetadata(items: Metadata): Uint8Array {
  for (const [name, value] of items) {
    if (name === "" || hasSeparator(name) || hasSeparator(value)) {
      throw new Error(
        `Cannot store the metadata item '${name}': names are not empty, and bytes 0, 1 and 2 separate items`,
      );
    }
    const sizes: [string, string, number][] = [
      ["name", name, METADATA_NAME_MAX],
      ["value", value, METADATA_VALUE_MAX],
    ];
    for (const [part, text, limit] of sizes) {
      const size = Buffer.byteLength(text);
      if (size > limit)
        throw new Error(
          `Cannot store the metadata item '${name}': its ${part} has ${size} bytes, allowed are ${limit}`,
        );
    }
  }
  return Buffer.from([...items].map(([name, value]) => name + FIELD + value).join(RECORD));
}

/** Items in the order stored; what stands behind a NUL is left from older texts. */
export function unpackMetadata(bytes: Uint8Array): Map<string, string> {
  const end = bytes.indexOf(0);
  const text = Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString("utf8");
  const items = new Map<string, string>();
  for (const record of text.split(RECORD)) {
    const field = record.indexOf(FIELD);
    if (field >= 0) items.set(record.slice(0, field), record.slice(field + 1));
  }
  return items;
}
