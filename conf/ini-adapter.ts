// The one file that knows the npm package `ini`. It hands over a flat text whose every name and value is quoted, so that
// the package's own ideas (inline comments, true/false/null, dotted sections, `key[]`) do not apply to FastDFS's dialect,
// and undoes the rest afterwards (http-config-tools.md §1.8).

import { parse } from "ini";
import type { ConfItem } from "./grammar.ts";

/** One occurrence of a key. */
export interface ConfValue {
  readonly key: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** Values by section ("" is the global one) and key, each list in file order. */
export type ConfSections = ReadonlyMap<string, ReadonlyMap<string, readonly ConfValue[]>>;

/** Names become `k_…` and `s_…` without any character that `ini` gives a meaning, `__proto__` included. */
function encodeName(prefix: "k" | "s", name: string): string {
  const code = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${prefix}_${name.replace(/[^A-Za-z0-9_-]/g, code)}`;
}

function decodeName(encoded: string): string {
  return encoded.slice(2).replace(/%([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Sorts items into their sections. */
export function assembleSections(items: readonly ConfItem[]): ConfSections {
  const files = [...new Set(items.map((item) => item.file))];
  // A value carries its place, which also keeps `ini` from reading it as true, false or null.
  const lineOf = (item: ConfItem): string => {
    const place = `${files.indexOf(item.file)}:${item.line}:${item.text}`;
    return `${encodeName("k", item.key)}=${JSON.stringify(place)}\n`;
  };
  // `ini` cannot return to the global part, so that comes first.
  let text = items
    .filter((item) => item.section === "")
    .map(lineOf)
    .join("");
  for (const section of new Set(items.map((item) => item.section))) {
    if (section === "") continue;
    text += `[${encodeName("s", section)}]\n`;
    for (const item of items) if (item.section === section) text += lineOf(item);
  }
  const parsed: Record<string, unknown> = parse(text, { bracketedArray: false });
  const sections = new Map<string, Map<string, ConfValue[]>>([["", new Map()]]);
  const take = (section: Map<string, ConfValue[]>, encodedKey: string, raw: unknown): void => {
    const key = decodeName(encodedKey);
    // A repeated key is an array; a key that another section has as well is one too, with one element.
    const values = (Array.isArray(raw) ? raw : [raw]).map((each) => decodeValue(key, String(each), files));
    section.set(key, values);
  };
  for (const [name, content] of Object.entries(parsed)) {
    if (name.startsWith("k_")) {
      take(sections.get("")!, name, content);
    } else {
      const section = new Map<string, ConfValue[]>();
      for (const [key, raw] of Object.entries(content as Record<string, unknown>)) take(section, key, raw);
      sections.set(decodeName(name), section);
    }
  }
  return sections;
}

function decodeValue(key: string, raw: string, files: readonly string[]): ConfValue {
  const [fileIndex, line] = raw.split(":", 2) as [string, string];
  return {
    key,
    text: raw.slice(fileIndex.length + line.length + 2),
    file: files[Number(fileIndex)]!,
    line: Number(line),
  };
}
