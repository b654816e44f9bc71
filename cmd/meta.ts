// `fdfs meta get` and `fdfs meta set`: a file's metadata as name=value.

import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { parseMetadata } from "./metadata.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [action, id, ...words] = context.args;
  if (action !== "get" && action !== "set") {
    throw new UsageError(`No meta action is named "${action ?? ""}", allowed are get and set`);
  }
  if (id === undefined) throw new UsageError("No file ID given");
  if (action === "get") return getMetadata(context, id, words);
  const merge = isSet(context.options, "merge");
  if (merge && words.length === 0) throw new UsageError("Option --merge needs at least one name=value");
  const items = parseMetadata(words);
  await withClient(context, (client) => client.setMetadata(id, items, merge ? "merge" : "overwrite"));
  if (isSet(context.options, "json")) await writeJson(context, { id, set: items.size });
  return 0;
}

async function getMetadata(context: CommandContext, id: string, rest: readonly string[]): Promise<number> {
  if (rest.length > 0) throw new UsageError("meta get takes one file ID");
  const items = await withClient(context, (client) => client.getMetadata(id));
  if (isSet(context.options, "json")) await writeJson(context, Object.fromEntries(items));
  else await context.stdout.write([...items].map(([name, value]) => `${name}=${value}\n`).join(""));
  return 0;
}
