// Typed access to parsed options. parse.ts has checked the values already, so a wrong type here is a mistake in the
// command table and fails loudly.

import type { CommandContext } from "./command.ts";

type Options = CommandContext["options"];

function wrongKind(name: string, wanted: string, value: unknown): Error {
  return new Error(`Option ${name} is declared as another kind than ${wanted}: its value is ${JSON.stringify(value)}`);
}

export function isSet(options: Options, name: string): boolean {
  return options[name] !== undefined && options[name] !== false;
}

/** A text option; undefined when not given. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  if (value === undefined || typeof value === "string") return value;
  throw wrongKind(name, "text", value);
}

/** A `count` or `bytes` option; undefined when not given. */
export function numberOption(options: Options, name: string): number | undefined {
  const value = options[name];
  if (value === undefined || typeof value === "number") return value;
  throw wrongKind(name, "a number", value);
}

/** A repeatable option; empty when not given. */
export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  if (value === undefined) return [];
  if (Array.isArray(value)) return value as string[];
  throw wrongKind(name, "a list", value);
}
