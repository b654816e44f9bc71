// The trunk binlogs of storages, judged line by line (trunk-dedup-recovery.md §1.11): within one log space may be taken only
// while it is free, and come back only while it is not.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "./server.ts";
import { until } from "./waiting.ts";

const SHOWN = 5;
/** A copy that was refused is tried again after five seconds. */
const COPIES_TIMEOUT_MS = 30_000;

export interface LogVerdict {
  readonly logs: number;
  readonly lines: number;
  /** A sentence each: space that was taken twice. */
  readonly takenTwice: readonly string[];
  /** A sentence each: space that came back twice, lines that are none. */
  readonly oddities: readonly string[];
}

/** All trunk binlogs of a storage, those set aside by TRUNCATE too. */
export function judgeTrunkLogs(storages: readonly Server[]): LogVerdict {
  const takenTwice: string[] = [];
  const oddities: string[] = [];
  let logs = 0;
  let lines = 0;
  for (const storage of storages) {
    const folder = join(storage.basePath, "data", "trunk");
    for (const name of readdirSync(folder).filter((entry) => /^binlog(\.\d+)*$/.test(entry))) {
      const log = new Log(`${storage.label} ${name}`);
      const text = readFileSync(join(folder, name), "latin1");
      for (const line of text.split("\n")) if (line !== "") log.take(line);
      logs++;
      lines += log.lines;
      takenTwice.push(...log.takenTwice);
      oddities.push(...log.oddities);
    }
  }
  return { logs, lines, takenTwice, oddities };
}

/** Waits until all storages have the same trunk binlog as the trunk server, byte by byte. */
export async function copiesEqual(storages: readonly Server[], server: Server): Promise<number> {
  const logOf = ({ basePath }: Server): Buffer => readFileSync(join(basePath, "data", "trunk", "binlog"));
  return until("copies of the trunk binlog", COPIES_TIMEOUT_MS, () => {
    const original = logOf(server);
    const other = storages.find((storage) => !logOf(storage).equals(original));
    if (other === undefined) return null;
    return `${other.label} has another one (${logOf(other).length} bytes) than ${server.label} (${original.length})`;
  });
}

/** Sentences of a list for a message. */
export function shown(list: readonly string[]): string {
  const more = list.length > SHOWN ? `\n  and ${list.length - SHOWN} more` : "";
  return list.slice(0, SHOWN).join("\n  ") + more;
}

class Log {
  lines = 0;
  readonly takenTwice: string[] = [];
  readonly oddities: string[] = [];
  readonly #label: string;
  /** By trunk file: free ranges by where they begin. */
  readonly #free = new Map<string, Map<number, number>>();
  readonly #lastLine = new Map<string, string>();

  constructor(label: string) {
    this.#label = label;
  }

  take(line: string): void {
    this.lines++;
    const fields = line.split(" ");
    const [, op, path, high, low, id] = fields;
    const offset = Number(fields[6]);
    const size = Number(fields[7]);
    if (fields.length < 8 || (op !== "A" && op !== "D") || !(size > 0)) {
      this.oddities.push(`${this.#label} line ${this.lines}: "${line}"`);
      return;
    }
    const file = `${path}/${high}/${low}/${id}`;
    let free = this.#free.get(file);
    if (free === undefined) {
      free = new Map();
      this.#free.set(file, free);
    }
    const place = `${file} ${offset}`;
    const before = this.#lastLine.get(place);
    this.#lastLine.set(place, `${this.lines}: "${line}"`);
    const tell = (): string => `${this.#label} line ${this.lines}: "${line}" after ${before ?? "nothing"}`;
    if (op === "A") {
      if (free.has(offset)) this.oddities.push(tell());
      free.set(offset, size);
    } else if (free.get(offset) === size) free.delete(offset);
    else this.takenTwice.push(tell());
  }
}
