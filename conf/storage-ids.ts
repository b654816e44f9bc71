// storage_ids.conf (tracker.md §9.1): one storage a line, `id group host[:port] [rw=mode]`.

import { readFileSync } from "node:fs";
import { ConfError, type ConfProblem } from "./problem.ts";
import { parseServerAddress } from "./server-address.ts";

const DEFAULT_PORT = 23000;
const ID_MAX = 16_777_215;

/** 0 none, 2 write, 4 read, 6 both: the numbers of the protocol (tracker.md §2.4). */
export type RwModeNumber = 0 | 2 | 4 | 6;

export interface StorageIdEntry {
  /** Canonical decimal, 1..16777215. */
  readonly id: string;
  readonly groupName: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly rwMode: RwModeNumber;
}

const MODES: Readonly<Record<string, RwModeNumber>> = {
  both: 6,
  all: 6,
  read: 4,
  readonly: 4,
  write: 2,
  writeonly: 2,
  none: 0,
};

function parseLine(text: string): StorageIdEntry | string {
  const [id, groupName, host, ...options] = text.split(/[ \t]+/);
  if (id === undefined || !/^[1-9]\d*$/.test(id) || Number(id) > ID_MAX)
    return `the id is not in 1..${ID_MAX}: '${id}'`;
  if (groupName === undefined || !/^[0-9A-Za-z]{1,16}$/.test(groupName))
    return `the group is not 1 to 16 of 0-9 A-Z a-z: '${groupName ?? ""}'`;
  if (host === undefined) return "expected id, group and host[:port]";
  const address = parseServerAddress(host, DEFAULT_PORT);
  if (typeof address === "string") return `'${host}': ${address}`;
  let rwMode: RwModeNumber = 6;
  for (const option of options) {
    const mode = MODES[/^rw=(\w+)$/i.exec(option)?.[1]?.toLowerCase() ?? ""];
    if (mode === undefined) return `'${option}': allowed is rw=both, read, write or none`;
    rwMode = mode;
  }
  return { id, groupName, hosts: address.hosts, port: address.port, rwMode };
}

/** Parses the text; throws ConfError with every bad line. */
export function parseStorageIds(text: string, file: string): StorageIdEntry[] {
  const problems: ConfProblem[] = [];
  const entries: StorageIdEntry[] = [];
  const ids = new Set<string>();
  const places = new Set<string>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const problem = (message: string): void => {
      problems.push({ file, line: index + 1, key: "storage id", value: line, message });
    };
    const entry = parseLine(line);
    if (typeof entry === "string") {
      problem(entry);
      continue;
    }
    if (ids.has(entry.id)) problem(`the id ${entry.id} is used twice`);
    ids.add(entry.id);
    for (const host of entry.hosts) {
      if (places.has(`${host}:${entry.port}`)) problem(`${host}:${entry.port} is used twice`);
      places.add(`${host}:${entry.port}`);
    }
    entries.push(entry);
  }
  if (problems.length > 0) throw new ConfError(problems);
  return entries;
}

/** Reads the file; throws ConfError. */
export function loadStorageIds(file: string): StorageIdEntry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const message = `cannot read the storage ids: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfError([{ file, line: 0, key: "", value: "", message }]);
  }
  return parseStorageIds(text, file);
}
