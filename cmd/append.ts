// `fdfs append`: a file's or standard input's bytes behind the end of an appender file.

import { idAndContent, openContent } from "./appender-input.ts";
import { withClient } from "./cluster.ts";
import type { CommandContext } from "./command.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [id, word] = idAndContent(context);
  const content = await openContent(context, word);
  await withClient(context, (client) => client.append(id, content, { signal: context.signal }));
  if (isSet(context.options, "json")) await writeJson(context, { id, appended: word });
  return 0;
}
