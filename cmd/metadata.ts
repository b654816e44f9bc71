// Metadata as people type it: `name=value` words.

import { Buffer } from "node:buffer";
import { METADATA_NAME_MAX, METADATA_VALUE_MAX } from "../core/wire/limits.ts";
import { UsageError } from "./command.ts";

/** Reads `name=value` words; a later word of the same name wins. UsageError on anything the protocol cannot carry. */
export function parseMetadata(words: readonly string[]): Map<string, string> {
  const items = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) throw new UsageError(`Metadata "${word}" has no name: write name=value`);
    const name = word.slice(0, equals);
    const value = word.slice(equals + 1);
    checkLength("name", name, METADATA_NAME_MAX);
    checkLength("value", value, METADATA_VALUE_MAX);
    items.set(name, value);
  }
  return items;
}

function checkLength(part: "name" | "value", text: string, limit: number): void {
  const size = Buffer.byteLength(text);
  if (size > limit) throw new UsageError(`Metadata ${part} "${text}" has ${size} bytes, allowed are ${limit}`);
}
