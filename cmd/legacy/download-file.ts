// fdfs_download_file: a file, or a part of it, into a local file. A failure goes to stdout and the exit status is 0 all
// the same, as in the C release.

import type { CommandContext } from "../command.ts";
import { errorTail, leadingNumber } from "./program.ts";
import { saveFile } from "./save-file.ts";
import { attempt, inSession } from "./session.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, id, localName, offset, byteCount] = argv;
  if (conf === undefined || id === undefined) {
    await context.stdout.write(
      `Usage: ${program} <config_file> <file_id> [local_filename] [<download_offset> <download_bytes>]\n`,
    );
    return 1;
  }
  // An offset counts only together with a byte count.
  const range =
    offset !== undefined && byteCount !== undefined
      ? { offset: leadingNumber(offset), length: leadingNumber(byteCount) }
      : { offset: 0, length: 0 };
  const target = localName ?? id.slice(id.lastIndexOf("/") + 1);
  return inSession(conf, context, async ({ client }) => {
    const saved = await attempt(context, () => saveFile(client, id, target, range));
    if (!saved.ok) await context.stdout.write(`download file fail, ${errorTail(saved.errno)}\n`);
    return 0;
  });
}
