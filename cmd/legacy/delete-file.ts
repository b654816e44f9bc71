// fdfs_delete_file: silent when it works; a failure goes to stdout.

import type { CommandContext } from "../command.ts";
import { errorTail } from "./program.ts";
import { attempt, inSession } from "./session.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, id] = argv;
  if (conf === undefined || id === undefined) {
    await context.stdout.write(`Usage: ${program} <config_file> <file_id>\n`);
    return 1;
  }
  return inSession(conf, context, async ({ client }) => {
    const deleted = await attempt(context, () => client.delete(id));
    if (deleted.ok) return 0;
    await context.stdout.write(`delete file fail, ${errorTail(deleted.errno)}\n`);
    return deleted.errno;
  });
}
