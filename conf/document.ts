// A settings text after parsing: sections, keys and their values with file and line. Also the reader of other texts in the
// same grammar: a tracker's parameters, `.data_init_flag`, `storage_stat.dat`. What keys mean is not known here.

import { readFileSync } from "node:fs";
import { type ConfItem, type GrammarContext, readItems } from "./grammar.ts";
import { type HostFacts, readHostFacts } from "./host-facts.ts";
import { assembleSections, type ConfSections, type ConfValue } from "./ini-adapter.ts";
import { ConfError, type ConfProblem, confProblem } from "./problem.ts";
import type { Findings } from "./source-line.ts";
import { readBoolean, readInteger } from "./units.ts";

export class ConfDocument {
  /** The name the text was given, for messages. */
  readonly file: string;
  /** Every item in reading order, included files where they were included. */
  readonly items: readonly ConfItem[];
  readonly warnings: readonly ConfProblem[];
  readonly #sections: ConfSections;

  constructor(file: string, items: readonly ConfItem[], warnings: readonly ConfProblem[]) {
    this.file = file;
    this.items = items;
    this.warnings = warnings;
    this.#sections = assembleSections(items);
  }

  /** All occurrences of a key in file order, with their places. The global section is "". */
  values(key: string, section = ""): readonly ConfValue[] {
    return this.#sections.get(section)?.get(key) ?? [];
  }

  /** Text of the last occurrence; undefined when the key is not there. */
  get(key: string, section = ""): string | undefined {
    return this.values(key, section).at(-1)?.text;
  }

  getAll(key: string, section = ""): readonly string[] {
    return this.values(key, section).map((value) => value.text);
  }

  /** All keys of a section with their values. Empty when there is no such section. */
  getSection(section: string): ReadonlyMap<string, readonly ConfValue[]> {
    return this.#sections.get(section) ?? new Map();
  }

  /** As C's iniGetIntValue: leading digits count, garbage is 0, `missing` only when the key is not there. */
  getInteger(key: string, missing: number, section = ""): number {
    const text = this.get(key, section);
    return text === undefined ? missing : readInteger(text).number;
  }

  /** As C's iniGetBoolValue: everything but true, yes, on and 1 is false. */
  getBoolean(key: string, missing: boolean, section = ""): boolean {
    const text = this.get(key, section);
    return text === undefined ? missing : readBoolean(text).on;
  }
}

/**
 * Parses a text that stands alone: a tracker's answer, a state file, a test. Never throws: what would make a file unusable,
 * such as an `#include`, which only a file may have, is left out and stands in the warnings. `name` is for messages.
 */
export function parseConfText(
  text: string,
  name = "text",
  host: HostFacts = { localIps: [], hostName: "" },
): ConfDocument {
  const { items, warnings, failures } = collect(text, name, null, host);
  return new ConfDocument(name, items, [...warnings, ...failures]);
}

/** Reads a file and what it includes. ConfError with every reason why it cannot be used. */
export function readConfFile(path: string, host: HostFacts = readHostFacts()): ConfDocument {
  const text = readWholeFile(path);
  const { items, warnings, failures } = collect(text, path, (file) => readFileSync(file, "utf8"), host);
  if (failures.length > 0) throw new ConfError(failures);
  return new ConfDocument(path, items, warnings);
}

/** A file's text. ConfError when it cannot be read. */
export function readWholeFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = confProblem({ file: path, line: 0 }, `cannot be read: ${reason}`, {
      remedy: "check path and rights",
    });
    throw new ConfError([problem], { cause: error });
  }
}

function collect(text: string, name: string, readText: GrammarContext["readText"], host: HostFacts) {
  const warnings: ConfProblem[] = [];
  const failures: ConfProblem[] = [];
  const findings: Findings = {
    warn: (problem) => void warnings.push(problem),
    fail: (problem) => void failures.push(problem),
  };
  return { items: readItems(text, name, { readText, host, findings }), warnings, failures };
}
