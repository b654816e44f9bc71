// `fdfs delete-group`: a group without members leaves every tracker.

import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [group, ...rest] = context.args;
  if (group === undefined || rest.length > 0) throw new UsageError("Needed is the name of one group");
  await withClient(context, (client) => client.deleteGroup(group));
  if (isSet(context.options, "json")) await writeJson(context, { group, deleted: true });
  return 0;
}
