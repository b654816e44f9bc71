// What the binlogs of storages know of names: the first question after a difference. It reads uncompressed binlogs only.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "./server.ts";

const SHOWN_RECORDS = 8;

/**
 * For each storage a sentence about a name: its last records, and behind them those of the name it was renamed from or is
 * a link to.
 */
export function historiesOf(storages: readonly Server[], names: ReadonlySet<string>): ((name: string) => string)[] {
  const related = new Map<string, Set<string>>();
  for (const records of recordsOf(storages, names)) {
    for (const [name, texts] of records) {
      const others = related.get(name) ?? new Set();
      for (const word of texts.flatMap((text) => text.split(" "))) if (/^M[0-9A-F]{2}\//.test(word)) others.add(word);
      related.set(name, others);
    }
  }
  const all = new Set([...names, ...[...related.values()].flatMap((others) => [...others])]);
  return recordsOf(storages, all).map((records) => (name) => {
    const own = records.get(name)?.slice(-SHOWN_RECORDS).join(" | ") ?? "no record";
    const others = [...(related.get(name) ?? [])].filter((other) => other !== name);
    const behind = others.map(
      (other) => `; of ${other}: ${records.get(other)?.slice(-SHOWN_RECORDS).join(" | ") ?? "none"}`,
    );
    return own + behind.join("");
  });
}

/** For each storage the records that mention one of the names, by name: time, operation, what stands behind the name. */
export function recordsOf(storages: readonly Server[], names: ReadonlySet<string>): Map<string, string[]>[] {
  return storages.map((storage) => {
    const found = new Map<string, string[]>();
    if (names.size === 0) return found;
    for (const line of binlogLines(storage)) {
      const [time, op, ...words] = line.split(" ");
      for (const word of words) {
        if (!names.has(word)) continue;
        const list = found.get(word) ?? [];
        list.push(`${time} ${op}${words.length > 1 ? ` ${words.slice(1).join(" ")}` : ""}`);
        found.set(word, list);
      }
    }
    return found;
  });
}

export function binlogLines(storage: Server): string[] {
  const folder = join(storage.basePath, "data", "sync");
  const names = readdirSync(folder).filter((name) => /^binlog\.\d+$/.test(name));
  return names.sort().flatMap((name) => readFileSync(join(folder, name), "latin1").split("\n"));
}
