// argv -> which command, its arguments and options, or what is wrong with them. cac knows the syntax; this file guards
// its habits (numeric-looking values become numbers, a lone "-" vanishes, unknown commands pass silently) and checks
// each value against the kind the table declares. Pure: prints nothing, runs nothing.

import { cac } from "cac";
import type { CommandSpec, OptionKind, OptionSpec, OptionValue } from "./command.ts";

export type Parsed =
  | { kind: "run"; command: CommandSpec; args: string[]; options: Record<string, OptionValue> }
  | { kind: "help"; command: CommandSpec | null }
  | { kind: "version" }
  | { kind: "wrong"; command: CommandSpec | null; message: string };

/** Set in front of every word that is a value, so that cac neither counts with it nor takes it for an option. */
const MARK = "\u0001";

/** Options every command has. */
export const commonOptions: readonly OptionSpec[] = [
  { flags: "-h, --help", summary: "Show this text" },
  { flags: "--debug", summary: "Show where an error came from" },
];

/** Finds the command that `argv` (without program names) asks for. */
export function parseArguments(argv: readonly string[], commands: readonly CommandSpec[]): Parsed {
  const [name, ...rest] = argv;
  if (name === undefined)
    return { kind: "wrong", command: null, message: "No command given: run fdfs help for a list" };
  if (name === "help" || name === "--help" || name === "-h") return helpFor(rest[0], commands);
  if (name === "--version" || name === "-V" || name === "-v") return { kind: "version" };
  const command = commands.find((spec) => spec.name === name);
  if (command === undefined) return { kind: "wrong", command: null, message: unknownCommand(name, commands) };
  if (command.rawArguments === true) return { kind: "run", command, args: [...rest], options: {} };
  return parseCommand(command, rest);
}

function helpFor(name: string | undefined, commands: readonly CommandSpec[]): Parsed {
  if (name === undefined) return { kind: "help", command: null };
  const command = commands.find((spec) => spec.name === name);
  if (command !== undefined) return { kind: "help", command };
  return { kind: "wrong", command: null, message: unknownCommand(name, commands) };
}

function parseCommand(command: CommandSpec, rest: readonly string[]): Parsed {
  const specs = [...command.options, ...commonOptions];
  const cli = cac("fdfs");
  const declared = cli.command(`${command.name} [...args]`, command.summary);
  for (const spec of specs) declared.option(spec.flags, spec.summary);
  try {
    const parsed = cli.parse(["", "", command.name, ...markValues(rest, specs)], { run: false });
    if (parsed.options["help"] === true) return { kind: "help", command };
    declared.checkUnknownOptions();
    const after = (parsed.options["--"] as string[] | undefined) ?? [];
    const args = [...parsed.args, ...after].map((word) => unmark(String(word)));
    return { kind: "run", command, args, options: readOptions(parsed.options, specs) };
  } catch (error) {
    return { kind: "wrong", command, message: sentence(error) };
  }
}

/** Marks values: what follows an option that takes one, and every positional word. */
function markValues(words: readonly string[], specs: readonly OptionSpec[]): string[] {
  const marked: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "--") return [...marked, "--", ...words.slice(index + 1).map((value) => MARK + value)];
    const [flag, value] = splitOption(word);
    if (flag === null) {
      marked.push(MARK + word);
      continue;
    }
    const spec = specs.find((candidate) => flagNames(candidate).includes(flag));
    const kind = spec === undefined ? "flag" : kindOf(spec);
    if (value !== undefined) {
      if (kind === "flag" && spec !== undefined) throw new Error(`Option ${flag} takes no value`);
      marked.push(`${flag}=${MARK}${value}`);
    } else if (kind === "flag" || kind === "optional-count") {
      const next = words[index + 1];
      const takesNext = kind === "optional-count" && next !== undefined && /^\d+$/.test(next);
      // A bare mark says "given without a value"; without it cac would take the next word.
      if (kind === "optional-count") marked.push(`${flag}=${MARK}${takesNext ? next : ""}`);
      else marked.push(flag);
      if (takesNext) index++;
    } else {
      index++;
      if (index >= words.length) throw new Error(`Option ${flag} needs a value`);
      marked.push(`${flag}=${MARK}${words[index]}`);
    }
  }
  return marked;
}

/** ["--name", value after "="]; [null] when the word is no option. A lone "-" means standard input or output. */
function splitOption(word: string): [string | null, string?] {
  if (word.length < 2 || !word.startsWith("-")) return [null];
  const equals = word.indexOf("=");
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

function flagNames(spec: OptionSpec): string[] {
  return spec.flags.split(",").map((part) => part.trim().split(" ")[0]!);
}

/** The camelCase name an option's value is found under. */
function nameOf(spec: OptionSpec): string {
  const long = flagNames(spec).at(-1)!;
  return long.replace(/^-+/, "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function kindOf(spec: OptionSpec): OptionKind {
  return spec.kind ?? (/[<[]/.test(spec.flags) ? "text" : "flag");
}

function readOptions(parsed: Record<string, unknown>, specs: readonly OptionSpec[]): Record<string, OptionValue> {
  const options: Record<string, OptionValue> = {};
  for (const spec of specs) {
    const name = nameOf(spec);
    const raw = parsed[name];
    if (raw === undefined) continue;
    const flag = flagNames(spec).at(-1)!;
    const values = (Array.isArray(raw) ? raw : [raw]) as unknown[];
    if (spec.repeatable === true) options[name] = values.map((value) => unmark(String(value)));
    else if (kindOf(spec) === "flag") options[name] = true;
    else if (values.length > 1) throw new Error(`Option ${flag} is given ${values.length} times, allowed is once`);
    else if (kindOf(spec) === "optional-count" && values[0] === MARK) options[name] = true;
    else options[name] = readValue(flag, unmark(String(values[0])), kindOf(spec));
  }
  return options;
}

function readValue(flag: string, value: string, kind: OptionKind): string | number {
  if (kind === "text") {
    if (value === "") throw new Error(`Option ${flag} needs a value that is not empty`);
    return value;
  }
  const match = kind === "bytes" ? /^(\d+)([KMGT]?)B?$/i.exec(value) : /^(\d+)()$/.exec(value);
  const number =
    match === null ? Number.NaN : Number(match[1]) * 1024 ** " KMGT".indexOf((match[2] || " ").toUpperCase());
  if (Number.isSafeInteger(number)) return number;
  const allowed = kind === "bytes" ? "a whole number of bytes such as 4096, 64K or 1G" : "a whole number of 0 or more";
  throw new Error(`Option ${flag} has the value "${value}", allowed is ${allowed}`);
}

function unmark(word: string): string {
  return word.startsWith(MARK) ? word.slice(1) : word;
}

/** cac's messages with our punctuation. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll("`", "");
}

function unknownCommand(name: string, commands: readonly CommandSpec[]): string {
  const near = commands.filter((spec) => spec.hidden !== true).find((spec) => distance(spec.name, name) <= 2);
  const hint = near === undefined ? "run fdfs help for a list" : `did you mean ${near.name}?`;
  return `No command is named "${name}": ${hint}`;
}

/** Edits between two short words. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = left[i - 1] === right[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[right.length]!;
}
