// Colour on a terminal, the only importer of chalk. chalk does not look at NO_COLOR itself, so this file does.

import { Chalk } from "chalk";
import type { CommandContext, Output } from "./command.ts";

interface Colours {
  good(text: string): string;
  warning(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

/** Colours for text going to `output`; plain text when it is no terminal or NO_COLOR is set to anything. */
export function coloursFor(output: Output, env: CommandContext["env"]): Colours {
  const wanted = output.isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const chalk = new Chalk({ level: wanted ? 1 : 0 });
  return { good: chalk.green, warning: chalk.yellow, bad: chalk.red, faint: chalk.dim };
}
