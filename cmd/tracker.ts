// `fdfs tracker`: runs a tracker server.

import type { CommandContext } from "./command.ts";
import { runServerCommand } from "./server-command.ts";
import { trackerKind } from "./server-kinds.ts";

export function run(context: CommandContext): Promise<number> {
  return runServerCommand(trackerKind, context);
}
