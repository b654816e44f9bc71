// A settings text as FastDFS reads it: line rules, includes and annotations (http-config-tools.md §1.1-§1.5) down to
// values by section and name. What a value means is the table's business.

import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { type HostFacts, replaceVariables, runDirectives, type SourceLine } from "./directives.ts";
import { assemble, type ConfItem } from "./ini-adapter.ts";
import { ConfError, type ConfProblem } from "./problem.ts";

const NAME_MAX = 63;
const VALUE_MAX = 255;
const INCLUDE_DEPTH_MAX = 16;

/** Values by section and name; the last of repeated ones counts for single values. */
export class ConfDocument {
  readonly file: string;
  readonly items: readonly ConfItem[];
  readonly warnings: readonly ConfProblem[];
  readonly #values: Map<string, Map<string, string[]>>;

  constructor(file: string, items: readonly ConfItem[], warnings: readonly ConfProblem[]) {
    this.file = file;
    this.items = items;
    this.warnings = warnings;
    this.#values = assemble(items);
  }

  getAll(name: string, section = ""): readonly string[] {
    return this.#values.get(section)?.get(name) ?? [];
  }

  get(name: string, section = ""): string | undefined {
    return this.getAll(name, section).at(-1);
  }

  /** Where the value that counts was written. */
  locate(name: string, section = ""): ConfItem | undefined {
    return this.items.findLast((item) => item.name === name && item.section === section);
  }
}

/** This host's addresses, IPv4 first, without loopback. */
export function readHostFacts(): HostFacts {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter((entry) => !entry.internal);
  const sorted = [
    ...outside.filter((entry) => entry.family === "IPv4"),
    ...outside.filter((entry) => entry.family !== "IPv4"),
  ];
  return { addresses: sorted.map((entry) => entry.address), hostName: hostname() };
}

class Reader {
  readonly items: ConfItem[] = [];
  readonly warnings: ConfProblem[] = [];
  readonly problems: ConfProblem[] = [];
  readonly #host: HostFacts;
  readonly #base: string;
  readonly #variables = new Map<string, string>();
  #section = "";

  constructor(host: HostFacts, base: string) {
    this.#host = host;
    this.#base = base;
  }

  read(text: string, file: string, depth: number): void {
    this.#section = "";
    const end = text.indexOf("\0");
    const content = end < 0 ? text : text.slice(0, end);
    if (content.startsWith("\ufeff")) {
      const message =
        "the file starts with a byte order mark: FastDFS takes it for a part of the first name; save it without";
      this.warnings.push({ file, line: 1, key: "", value: "", message });
    }
    const lines = content.split("\n").map((line, index): SourceLine => ({ text: line, line: index + 1 }));
    let annotation: { name: string; line: number } | undefined;
    for (const source of runDirectives(lines, file, this.#variables, this.#host, this.problems)) {
      const line = source.text.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
      const found = /^#@function[ \t]+(\S+)$/.exec(line);
      if (found !== null) {
        annotation = { name: found[1]!, line: source.line };
        continue;
      }
      const current = annotation;
      annotation = undefined;
      this.#readLine(line, source.line, file, depth, current?.name);
    }
  }

  #readLine(line: string, number: number, file: string, depth: number, annotation: string | undefined): void {
    const include = /^#include[ \t]+(.+)$/i.exec(line);
    if (include !== null) {
      this.#include(include[1]!.trim(), number, file, depth);
      return;
    }
    if (line === "" || line.startsWith("#")) return;
    if (line.startsWith("[") && line.endsWith("]")) {
      this.#section = line.slice(1, -1).trim();
      return;
    }
    const equals = line.indexOf("=");
    if (equals < 0) return;
    const name = this.#cut(line.slice(0, equals).trim(), NAME_MAX, "name", number, file);
    const value = this.#cut(line.slice(equals + 1).trim(), VALUE_MAX, `value of ${name}`, number, file);
    for (const one of this.#annotate(annotation, value, number, file)) {
      this.items.push({ section: this.#section, name, value: one, file, line: number });
    }
  }

  #cut(text: string, limit: number, what: string, line: number, file: string): string {
    if (text.length <= limit) return text;
    const message = `the ${what} has ${text.length} bytes: only the first ${limit} count`;
    this.warnings.push({ file, line, key: "", value: "", message });
    return text.slice(0, limit);
  }

  #annotate(name: string | undefined, value: string, line: number, file: string): string[] {
    if (name === undefined) return [value];
    if (name === "REPLACE_VARS") return [replaceVariables(value, this.#variables)];
    if (name === "LOCAL_IP_GET") return localAddresses(value, this.#host.addresses);
    this.warnings.push({
      file,
      line,
      key: "#@function",
      value: name,
      message: "no such function: the value is used as written",
    });
    return [value];
  }

  #include(target: string, line: number, file: string, depth: number): void {
    const problem = (message: string): void => {
      this.problems.push({ file, line, key: "#include", value: target, message });
    };
    if (/^https?:\/\//.test(target)) {
      problem("files are not fetched over HTTP: copy it beside this one");
      return;
    }
    if (depth >= INCLUDE_DEPTH_MAX) {
      problem("includes are nested too deeply: does the file include itself?");
      return;
    }
    const plain = target.replace(/^file:\/\//, "");
    const path = isAbsolute(plain) ? plain : join(this.#base, plain);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      problem(`cannot read it: ${systemText(error)}`);
      return;
    }
    this.read(text, path, depth + 1);
    // After an include the including file goes on in the global section (http-config-tools.md §1.4).
    this.#section = "";
  }
}

function systemText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
}

/** LOCAL_IP_GET: `inner`, `private` or anything else for public addresses, optionally `[index]`, -1 the last. */
function localAddresses(value: string, addresses: readonly string[]): string[] {
  const match = /^([^[]*?)\s*(?:\[\s*(-?\d+)\s*\])?$/.exec(value);
  const inner = match?.[1] === "inner" || match?.[1] === "private";
  const found = addresses.filter((address) => isPrivate(address) === inner);
  if (match?.[2] === undefined) return found.length === 0 ? [""] : found;
  return [found.at(Number(match[2])) ?? ""];
}

/** Reads settings from a text: the body of a tracker's answer, a state file, a test. Never throws. */
export function parseConfText(text: string, file = "text"): ConfDocument {
  const reader = new Reader({ addresses: [], hostName: "" }, dirname(file));
  reader.read(text, file, 0);
  return new ConfDocument(file, reader.items, [...reader.warnings, ...reader.problems]);
}

/** Reads a settings file with its includes; throws ConfError. */
export function readConfFile(file: string, host: HostFacts = readHostFacts()): ConfDocument {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const message = `cannot read the configuration file ${file}: ${systemText(error)}`;
    throw new ConfError([{ file, line: 0, key: "", value: "", message }]);
  }
  const reader = new Reader(host, dirname(file));
  reader.read(text, file, 0);
  if (reader.problems.length > 0) throw new ConfError(reader.problems);
  return new ConfDocument(file, reader.items, reader.warnings);
}
