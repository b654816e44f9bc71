// `fdfs storage`: runs a storage server, or puts its files in order while it does not run.

import { resolve } from "node:path";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet, textOption } from "./options.ts";
import { runServerCommand } from "./server-command.ts";
import { storageKind } from "./server-kinds.ts";

export async function run(context: CommandContext): Promise<number> {
  const { args, options, cwd } = context;
  if (!isSet(options, "rebuildBinlog")) return runServerCommand(storageKind, context);
  const conf = textOption(options, "conf");
  if (conf === undefined) throw new UsageError("Option --conf is missing: it names the server's configuration file");
  if (args.length > 0 || isSet(options, "daemon"))
    throw new UsageError("Option --rebuild-binlog goes with --conf only");
  const { rebuildBinlogCommand } = await import("./rebuild-binlog.ts");
  return rebuildBinlogCommand(resolve(cwd, conf), context);
}
