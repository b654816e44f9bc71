// The one importer of the npm package `ini`. FastDFS's dialect is not ini's (http-config-tools.md §1.8): values keep
// quotes, `;` and `#`, keys repeat, sections continue. Lines are therefore cut by line-rules.ts, and the package is given
// one flat text in which every name and value is quoted; it assembles sections and repeats.

import { parse } from "ini";

/** One `name = value` line with its place. */
export interface ConfItem {
  readonly section: string;
  readonly name: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** Names that would mean something to ini (dots nest sections, `__proto__` is dropped) are carried as harmless ones. */
const encodeName = (name: string): string =>
  `n${Array.from(name, (char) => char.codePointAt(0)!.toString(36)).join("_")}`;

/** Values by section and name, repeats in file order. */
export function assemble(items: readonly ConfItem[]): Map<string, Map<string, string[]>> {
  const sections = new Map<string, ConfItem[]>([["", []]]);
  for (const item of items) {
    const list = sections.get(item.section);
    if (list === undefined) sections.set(item.section, [item]);
    else list.push(item);
  }
  const names = new Map<string, string>();
  const lines: string[] = [];
  let index = 0;
  for (const [section, list] of sections) {
    // The counter of repeats is global per key in ini: the section's number keeps keys apart.
    const prefix = `s${index++}_`;
    if (section !== "") lines.push(`[${prefix}${encodeName(section)}]`);
    for (const item of list) {
      const key = prefix + encodeName(item.name);
      names.set(key, item.name);
      lines.push(`${key}=${JSON.stringify(item.value)}`);
    }
  }
  const parsed = parse(lines.join("\n"), { bracketedArray: false }) as Record<string, unknown>;
  const result = new Map<string, Map<string, string[]>>();
  index = 0;
  for (const section of sections.keys()) {
    const prefix = `s${index++}_`;
    const source = section === "" ? parsed : ((parsed[prefix + encodeName(section)] ?? {}) as Record<string, unknown>);
    const values = new Map<string, string[]>();
    for (const [key, value] of Object.entries(source)) {
      const name = names.get(key);
      if (name === undefined || !key.startsWith(prefix)) continue;
      values.set(name, (Array.isArray(value) ? value : [value]).map(String));
    }
    result.set(section, values);
  }
  return result;
}
