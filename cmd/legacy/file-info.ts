// fdfs_file_info: what an ID tells, or the storage where it does not (appender, slave). Exit status 0 even on failure.

import type { CommandContext } from "../command.ts";
import { legacyFileInfoText } from "../render/file-info-text.ts";
import { errorTail, readShortOptions } from "./program.ts";
import { attempt, inSession, type Session } from "./session.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const { flags, operands, complaint } = readShortOptions(argv, "ns");
  const [conf, id] = operands;
  if (complaint !== null || conf === undefined || id === undefined) {
    await context.stderr.write(
      `${complaint ?? ""}Usage: ${argv[0]} [options] <config_file> <file_id>\n` +
        "  options: \n" +
        "    -s: keep silence, when this file not exist, do not log error on storage server\n" +
        "    -n: do NOT calculate CRC32 for appender file or slave file\n\n",
    );
    return 1;
  }
  const skipCrc = flags.some(({ letter }) => letter === "n");
  const silent = flags.some(({ letter }) => letter === "s");
  const work = async ({ client }: Session): Promise<number> => {
    const found = await attempt(context, () => client.info(id, { skipCrc, silent }));
    if (found.ok) await context.stdout.write(legacyFileInfoText(found.value, skipCrc));
    else await context.stderr.write(`query file info fail, ${errorTail(found.errno)}\n`);
    return 0;
  };
  return inSession(conf, context, work, { needsTracker: false });
}
