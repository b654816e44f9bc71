// The texts of `fdfs help` and `fdfs help NAME`, made from the command table.

import type { CommandSpec, OptionSpec } from "./command.ts";
import { commonOptions } from "./parse.ts";
import { versionLine } from "./version.ts";

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}

/** All commands, one line each. */
export function overview(commands: readonly CommandSpec[]): string {
  const rows = commands
    .filter((command) => command.hidden !== true)
    .map((command) => [command.name, command.summary] as const);
  return [
    `${versionLine()}\n`,
    "\nUsage: fdfs <command> [arguments]\n\nCommands:\n",
    columns(rows),
    "\nRun fdfs help <command> for its arguments. Exit status: 0 done, 1 failed, 2 used wrongly.\n",
  ].join("");
}

/** One command: usage, options, details. */
export function commandHelp(command: CommandSpec): string {
  const options: readonly OptionSpec[] = [...command.options, ...commonOptions];
  const rows = options.map((option) => [option.flags, option.summary] as const);
  const details = (command.details ?? []).map((line) => `${line}\n`).join("");
  return [
    `${command.summary}\n\nUsage: fdfs ${command.name} ${command.usage}\n\nOptions:\n`,
    columns(rows),
    details === "" ? "" : `\n${details}`,
  ].join("");
}
