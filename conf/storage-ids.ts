// storage_ids.conf (tracker.md §9.1): one storage a line, `id group host[:port] [rw=mode]`. Its lines are columns, not
// keys: it has a grammar of its own.

import { readWholeFile } from "./document.ts";
import { ConfError, type ConfProblem, confProblem } from "./problem.ts";
import { formatServerAddress, parseServerAddress } from "./server-address.ts";
import { trim } from "./source-line.ts";
import { checkGroupName, groupNameAllowed } from "./table/common.ts";

const DEFAULT_STORAGE_PORT = 23000;
const ID_MAX = 16_777_215;

/** 0 none, 2 write, 4 read, 6 both: the numbers of the protocol (tracker.md §2.4). */
type RwModeNumber = 0 | 2 | 4 | 6;

export interface StorageIdEntry {
  /** Canonical decimal, 1..16777215. */
  readonly id: string;
  readonly groupName: string;
  /** One or two names or addresses; of two addresses the inner one first. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly rwMode: RwModeNumber;
}

const rwModes: Readonly<Record<string, RwModeNumber>> = {
  both: 6,
  all: 6,
  read: 4,
  readonly: 4,
  write: 2,
  writeonly: 2,
  none: 0,
};

/** What is wrong with a column. */
interface Refusal {
  readonly message: string;
  readonly allowed?: string;
}

/** Parses the text. ConfError with every bad line. `file` is for messages. */
export function parseStorageIds(text: string, file: string): StorageIdEntry[] {
  const problems: ConfProblem[] = [];
  const entries: StorageIdEntry[] = [];
  const lineOfId = new Map<string, number>();
  const lineOfAddress = new Map<string, number>();
  for (const [index, raw] of text
    .replace(/^\u{feff}/u, "")
    .split("\n")
    .entries()) {
    const line = index + 1;
    const content = trim(raw);
    if (content === "" || content.startsWith("#")) continue;
    const refuse = ({ message, allowed }: Refusal): void => {
      problems.push(confProblem({ file, line }, message, allowed === undefined ? {} : { allowed }));
    };
    const once = (lines: Map<string, number>, name: string, what: string): void => {
      const before = lines.get(name);
      if (before === undefined) lines.set(name, line);
      else refuse({ message: `${what} ${name} is already on line ${before}` });
    };
    const entry = parseLine(content);
    if ("message" in entry) {
      refuse(entry);
      continue;
    }
    once(lineOfId, entry.id, "the id");
    for (const host of entry.hosts) {
      once(lineOfAddress, formatServerAddress({ hosts: [host], port: entry.port }), "the address");
    }
    entries.push(entry);
  }
  if (problems.length > 0) throw new ConfError(problems);
  return entries;
}

/** Reads the file. ConfError when it cannot be read or has a bad line. */
export function loadStorageIds(file: string): StorageIdEntry[] {
  return parseStorageIds(readWholeFile(file), file);
}

function parseLine(text: string): StorageIdEntry | Refusal {
  const [id = "", groupName = "", host = "", ...options] = text.split(/[ \t]+/);
  if (!/^[1-9]\d*$/.test(id) || Number(id) > ID_MAX) {
    return { message: `${JSON.stringify(id)} is no storage id`, allowed: `1 to ${ID_MAX} without leading zeros` };
  }
  if (checkGroupName(groupName) !== null) {
    return { message: `${JSON.stringify(groupName)} is no group name`, allowed: groupNameAllowed };
  }
  const address = host === "" ? "the address is missing" : parseServerAddress(host, DEFAULT_STORAGE_PORT);
  if (typeof address === "string") return { message: address, allowed: "id group host[,host2][:port] [rw=mode]" };
  let rwMode: RwModeNumber = 6;
  for (const option of options) {
    const mode = rwModes[/^rw=(\w+)$/i.exec(option)?.[1]?.toLowerCase() ?? ""];
    if (mode === undefined)
      return { message: `${JSON.stringify(option)} is no option`, allowed: "rw=both, rw=read, rw=write, rw=none" };
    rwMode = mode;
  }
  return { id, groupName, hosts: address.hosts, port: address.port, rwMode };
}
