// `fdfs delete-storage`: an offline storage leaves the cluster's lists on every tracker.

import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [group, storageId, ...rest] = context.args;
  if (group === undefined || storageId === undefined || rest.length > 0) {
    throw new UsageError("Needed are a group and the ID (or address) of one of its storages");
  }
  await withClient(context, (client) => client.deleteStorage(group, storageId));
  if (isSet(context.options, "json")) await writeJson(context, { group, storageId, deleted: true });
  return 0;
}
