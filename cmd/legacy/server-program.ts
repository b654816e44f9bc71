// fdfs_trackerd and fdfs_storaged under their C names: arguments, messages and exit statuses of http-config-tools.md §4.7.
// The background is the default here, and a start says whether it succeeded (C's storaged returns before it knows).

import { resolve } from "node:path";
import { PROTOCOL_VERSION } from "../../core/wire/limits.ts";
import type { CommandContext } from "../command.ts";
import { storageKind, trackerKind } from "../server-kinds.ts";
import {
  AlreadyRunning,
  findRunning,
  type ProcessSettings,
  pidFileOf,
  type ServerKind,
  serveInForeground,
  startInBackground,
  stopRunning,
} from "../server-process.ts";
import { logError } from "./program.ts";

const EXIT_ALREADY_RUNNING = 17;
const EXIT_NOT_RUNNING = 2;
const EXIT_INVALID = 22;
const NO_DAEMON = ["-N", "--no-daemon"];

export const fdfsTrackerd = {
  runLegacy: (argv: readonly string[], context: CommandContext) => runServerProgram(trackerKind, argv, context),
};
export const fdfsStoraged = {
  runLegacy: (argv: readonly string[], context: CommandContext) => runServerProgram(storageKind, argv, context),
};

function usage(program: string): string {
  return `Usage: ${program} [options] <config_file> [start | stop | restart | status]\n\noptions:\n\t-N | --no-daemon: run in foreground\n\t-V | --version: show version info\n\t-h | --help: for this usage\n\n`;
}

async function runServerProgram<T extends ProcessSettings>(
  kind: ServerKind<T>,
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  const [program = kind.program, ...words] = argv;
  const flags = words.filter((word) => word.startsWith("-"));
  const [conf, action = "start"] = words.filter((word) => !word.startsWith("-"));
  if (flags.some((flag) => flag === "-V" || flag === "--version")) {
    await context.stdout.write(`\n${kind.program} V${PROTOCOL_VERSION}\n\n`);
    return 0;
  }
  const unknown = flags.find((flag) => ![...NO_DAEMON, "-h", "--help"].includes(flag));
  if (unknown !== undefined || flags.some((flag) => flag === "-h" || flag === "--help")) {
    if (unknown !== undefined) await context.stderr.write(`Error: unrecognized option: ${unknown}\n`);
    await context.stdout.write(usage(program));
    return 0;
  }
  if (conf === undefined) {
    await context.stdout.write(usage(program));
    return 1;
  }
  try {
    return await act(
      kind,
      resolve(context.cwd, conf),
      action,
      program,
      flags.some((flag) => NO_DAEMON.includes(flag)),
      context,
    );
  } catch (error) {
    if (error instanceof AlreadyRunning) {
      await context.stderr.write(`${error.message}\n`);
      return EXIT_ALREADY_RUNNING;
    }
    await logError(context, error instanceof Error ? error.message : String(error));
    return EXIT_INVALID;
  }
}

async function act<T extends ProcessSettings>(
  kind: ServerKind<T>,
  conf: string,
  action: string,
  program: string,
  isForeground: boolean,
  context: CommandContext,
): Promise<number> {
  const say = (text: string): Promise<void> => context.stderr.write(text);
  switch (action) {
    case "start":
      break;
    case "restart":
      await stopRunning(kind, conf, say);
      await say("starting ...\n");
      break;
    case "stop": {
      if ((await stopRunning(kind, conf, say)) !== null) return 0;
      await say(`pid file: ${pidFileOf(kind, kind.load(conf).settings)} not exist!\n`);
      return EXIT_NOT_RUNNING;
    }
    case "status": {
      const pid = findRunning(kind, conf);
      await context.stdout.write(pid === null ? "NOT running\n" : `Running, pid: ${pid}\n`);
      return pid === null ? EXIT_NOT_RUNNING : 0;
    }
    default:
      await say(`invalid action: ${action}\n`);
      await context.stdout.write(usage(program));
      return EXIT_INVALID;
  }
  if (isForeground) return serveInForeground(kind, conf, context);
  await startInBackground(kind, conf);
  return 0;
}
