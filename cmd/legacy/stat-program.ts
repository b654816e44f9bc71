// The frame of the three stat tools: -c CONF, filter letters, one query, a table. Exit status 0 even when the query
// fails (http-config-tools.md §4.4).

import type { FdfsClient } from "../../core/client/index.ts";
import type { CommandContext } from "../command.ts";
import { SYSTEM_CLIENT_CONF } from "../trackers.ts";
import { readShortOptions } from "./program.ts";
import { attempt, inSession } from "./session.ts";

export interface StatProgram {
  /** getopt letters besides h and c. */
  readonly letters: string;
  usage(program: string): string;
  /** The table for the filter letters given, in their order. */
  query(client: FdfsClient, letters: readonly string[]): Promise<string>;
}

export async function runStatProgram(
  stat: StatProgram,
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  const program = argv[0] ?? "";
  const { flags, complaint } = readShortOptions(argv, `hc:${stat.letters}`);
  const letters = flags.map(({ letter }) => letter);
  if (letters.includes("h") || complaint !== null) {
    await context.stderr.write((complaint ?? "") + stat.usage(program));
    return letters.includes("h") ? 0 : 1;
  }
  const conf = flags.findLast(({ letter }) => letter === "c")?.value ?? SYSTEM_CLIENT_CONF;
  return inSession(conf, context, async ({ client }) => {
    const table = await attempt(context, () => stat.query(client, letters));
    if (table.ok) await context.stdout.write(table.value);
    return 0;
  });
}

/** Whether the last of two opposite letters given is the first of them; null when neither is. */
export function lastOf(letters: readonly string[], yes: string, no: string): boolean | null {
  const last = letters.findLast((letter) => yes.includes(letter) || no.includes(letter));
  return last === undefined ? null : yes.includes(last);
}
