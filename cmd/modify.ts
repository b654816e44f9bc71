// `fdfs modify`: a file's or standard input's bytes over a part of an appender file.

import { idAndContent, openContent } from "./appender-input.ts";
import { withClient } from "./cluster.ts";
import type { CommandContext } from "./command.ts";
import { isSet, numberOption } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [id, word] = idAndContent(context);
  const offset = numberOption(context.options, "offset") ?? 0;
  const content = await openContent(context, word);
  await withClient(context, (client) => client.modify(id, offset, content, { signal: context.signal }));
  if (isSet(context.options, "json")) await writeJson(context, { id, offset, modified: word });
  return 0;
}
