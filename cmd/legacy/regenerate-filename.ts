// fdfs_regenerate_filename: an appender becomes a normal file; prints the new ID.

import type { CommandContext } from "../command.ts";
import { errorTail } from "./program.ts";
import { attempt, inSession } from "./session.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, id] = argv;
  if (conf === undefined || id === undefined) {
    await context.stderr.write(
      "regenerate filename for the appender file.\n" +
        "NOTE: the regenerated file will be a normal file!\n" +
        `Usage: ${program} <config_file> <appender_file_id>\n`,
    );
    return 1;
  }
  return inSession(conf, context, async ({ client }) => {
    const regenerated = await attempt(context, () => client.regenerate(id));
    if (regenerated.ok) {
      await context.stdout.write(`${regenerated.value}\n`);
      return 0;
    }
    await context.stderr.write(`regenerate file ${id} fail, ${errorTail(regenerated.errno)}\n`);
    return regenerated.errno;
  });
}
