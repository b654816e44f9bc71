// Metadata text (storage.md §2.8): `name 0x02 value` records separated by 0x01, sorted by name. Works on bytes kept one to
// one in a latin1 string, so values in any encoding survive.

import { METADATA_NAME_MAX, METADATA_VALUE_MAX } from "../../wire/limits.ts";
import { decodeLatin1 } from "../../wire/reader.ts";

const RECORD = "\x01";
const FIELD = "\x02";
type Item = [name: string, value: string];

/** Items in input order. Text ends at a NUL; a record without 0x02 is dropped; names and values are cut at their limits. */
export function parseMetadata(bytes: Uint8Array): Item[] {
  const end = bytes.indexOf(0);
  const text = decodeLatin1(bytes, 0, end < 0 ? bytes.length : end);
  const items: Item[] = [];
  for (const record of text.split(RECORD)) {
    const field = record.indexOf(FIELD);
    if (field < 0) continue;
    items.push([
      record.slice(0, field).slice(0, METADATA_NAME_MAX),
      record.slice(field + 1).slice(0, METADATA_VALUE_MAX),
    ]);
  }
  return items;
}

/** The stored form: sorted by name in byte order; equal names keep their order. */
export function formatMetadata(items: readonly Item[]): string {
  return [...items]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => name + FIELD + value)
    .join(RECORD);
}

/** `changes` win over `existing` on equal names. */
export function mergeMetadata(existing: readonly Item[], changes: readonly Item[]): Item[] {
  return [...new Map([...existing, ...changes])];
}
