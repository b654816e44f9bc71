// `fdfs storage`: runs a storage server.

import type { CommandContext } from "./command.ts";
import { runServerCommand } from "./server-command.ts";
import { storageKind } from "./server-kinds.ts";

export function run(context: CommandContext): Promise<number> {
  return runServerCommand(storageKind, context);
}
