// fdfs_upload_appender: one local file as appender.

import type { CommandContext } from "../command.ts";
import { regularFileSize } from "./local-file.ts";
import { errorTail } from "./program.ts";
import { attempt, inSession } from "./session.ts";

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const [program, conf, localName] = argv;
  if (conf === undefined || localName === undefined) {
    await context.stdout.write(`Usage: ${program} <config_file> <local_filename>\n`);
    return 1;
  }
  return inSession(conf, context, async ({ client }) => {
    const uploaded = await attempt(context, async () => {
      await regularFileSize(localName);
      return client.uploadFile(localName, { appender: true });
    });
    if (!uploaded.ok) {
      await context.stderr.write(`upload file fail, ${errorTail(uploaded.errno)}\n`);
      return uploaded.errno;
    }
    await context.stdout.write(`${uploaded.value}\n`);
    return 0;
  });
}
