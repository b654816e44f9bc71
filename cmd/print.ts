// How single results and errors are put into words, the same for all commands.

import type { CommandContext } from "./command.ts";

/** The sentence of an error for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One JSON document on a line. */
export async function writeJson(context: CommandContext, value: unknown): Promise<void> {
  await context.stdout.write(`${JSON.stringify(value)}\n`);
}
