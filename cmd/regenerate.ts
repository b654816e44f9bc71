// `fdfs regenerate`: an appender becomes a normal file under a new ID, which is printed.

import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [appenderId, ...rest] = context.args;
  if (appenderId === undefined || rest.length > 0) throw new UsageError("Needed is the ID of one appender file");
  const id = await withClient(context, (client) => client.regenerate(appenderId));
  if (isSet(context.options, "json")) await writeJson(context, { appenderId, id });
  else await context.stdout.write(`${id}\n`);
  return 0;
}
