// `fdfs tracker` and `fdfs storage`: the arguments of both, and what each action says.

import { resolve } from "node:path";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet, textOption } from "./options.ts";
import {
  findRunning,
  type ProcessSettings,
  readAction,
  type ServerKind,
  serveInForeground,
  startInBackground,
  stopRunning,
} from "./server-process.ts";

export async function runServerCommand<T extends ProcessSettings>(
  kind: ServerKind<T>,
  context: CommandContext,
): Promise<number> {
  const { args, options, cwd } = context;
  if (args.length > 1) throw new UsageError(`One action at most, found ${args.length}`);
  const action = readAction(args[0]);
  const given = textOption(options, "conf");
  if (given === undefined) throw new UsageError("Option --conf is missing: it names the server's configuration file");
  const conf = resolve(cwd, given);
  const isDaemon = isSet(options, "daemon");
  const say = (text: string): Promise<void> => context.stderr.write(text);
  switch (action) {
    case "status": {
      const pid = findRunning(kind, conf);
      await context.stdout.write(pid === null ? "NOT running\n" : `Running, pid: ${pid}\n`);
      return pid === null ? 1 : 0;
    }
    case "stop": {
      const pid = await stopRunning(kind, conf, say);
      if (pid === null) throw new Error(`No ${kind.name} runs with ${conf}`);
      return 0;
    }
    case "restart":
      await stopRunning(kind, conf, say);
      break;
    case "start":
      break;
  }
  if (!isDaemon) return serveInForeground(kind, conf, context);
  await startInBackground(kind, conf);
  return 0;
}
