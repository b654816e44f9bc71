// `fdfs trunk stat|check|repair`: the trunk files of a group as its storages tell of them, and of one storage as they lie on
// the disk.

import { type CommandContext, UsageError } from "./command.ts";

export async function run(context: CommandContext): Promise<number> {
  const [action, ...rest] = context.args;
  switch (action) {
    case "stat":
      return (await import("./trunk/stat.ts")).runStat(context, rest);
    case "check":
      return (await import("./trunk/check.ts")).runCheck(context, rest);
    case "repair":
      return (await import("./trunk/repair.ts")).runRepair(context, rest);
    default:
      throw new UsageError(
        action === undefined ? "Say stat, check or repair" : `Cannot ${action}: allowed are stat, check and repair`,
      );
  }
}
