// `fdfs truncate`: an appender file is cut, or filled with zeros, to a size.

import { withClient } from "./cluster.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

export async function run(context: CommandContext): Promise<number> {
  const [id, sizeText = "0", ...rest] = context.args;
  if (id === undefined || rest.length > 0) throw new UsageError("Needed are a file ID and at most one size");
  const size = /^\d+$/.test(sizeText) ? Number(sizeText) : Number.NaN;
  if (!Number.isSafeInteger(size)) {
    throw new UsageError(`Size "${sizeText}" is not allowed: a whole number of bytes, 0 or more`);
  }
  await withClient(context, (client) => client.truncate(id, size));
  if (isSet(context.options, "json")) await writeJson(context, { id, size });
  return 0;
}
