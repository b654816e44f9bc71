// fdfs_append_file: a local file behind the end of an appender. Silent when it works; a failure goes to stdout.

import { parseFileId } from "../../core/fileid/file-id.ts";
import type { CommandContext } from "../command.ts";
import { regularFileSize } from "./local-file.ts";
import { errorTail } from "./program.ts";
import { attempt, inSession } from "./session.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, id, localName] = argv;
  if (conf === undefined || id === undefined || localName === undefined) {
    await context.stdout.write(`Usage: ${program} <config_file> <appender_file_id> <local_filename>\n`);
    return 1;
  }
  return inSession(conf, context, async ({ client }) => {
    const appended = await attempt(context, async () => {
      parseFileId(id);
      await regularFileSize(localName);
      return client.append(id, { kind: "file", path: localName });
    });
    if (appended.ok) return 0;
    await context.stdout.write(`append file fail, ${errorTail(appended.errno)}\n`);
    return appended.errno;
  });
}
