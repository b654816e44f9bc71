// The life of a server as a process, the same for tracker and storage: start in the foreground or background, one
// instance a base path, stop, restart, status, signals. What the server does is handed in as a ServerKind.

import { join, resolve } from "node:path";
import type { Logger } from "../core/observe/logger.ts";
import { setProcessUser } from "../core/runtime/index.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isDetachedChild, reportToParent, startDetached } from "./daemon.ts";
import { ownerOf } from "./owner.ts";
import { pidFileExists, removePidFile, runningPid, stopProcess, writePidFile } from "./pid-file.ts";
import type { ServerLog } from "./server-log.ts";
import { versionLine } from "./version.ts";

/** A server that serves. */
interface RunningServer {
  /** What an operator wants to read first: addresses and paths. */
  readonly description: string;
  /** Rotates the logs it writes itself (the access log). */
  rotateLogs?(): void;
  stop(): Promise<void>;
}

/** What the process needs of the settings of either server. */
export interface ProcessSettings {
  readonly basePath: string;
  readonly disabled: boolean;
  readonly runByUser: string;
  readonly runByGroup: string;
}

/** What a server calls on its way to serving. */
interface StartHooks {
  /** The ports are bound and nothing is served to others yet: privileges drop there. */
  readonly listening: () => void;
  /** All is in order, but it may take hours until it serves: whoever started it need not wait. */
  readonly delayed: () => void;
}

export interface ServerKind<T extends ProcessSettings> {
  readonly name: "tracker" | "storage";
  /** The C program whose place this takes. */
  readonly program: "fdfs_trackerd" | "fdfs_storaged";
  /** Reads the configuration; throws with every problem of the file. */
  load(file: string): { settings: T; warnings: readonly string[] };
  openLog(settings: T): ServerLog;
  start(settings: T, log: Logger, hooks: StartHooks, signal: AbortSignal): Promise<RunningServer>;
}

const ACTIONS = ["start", "stop", "restart", "status"] as const;
export type ServerAction = (typeof ACTIONS)[number];

export function readAction(word: string | undefined): ServerAction {
  const action = ACTIONS.find((candidate) => candidate === (word ?? "start"));
  if (action === undefined) throw new UsageError(`No action is named "${word}": allowed are ${ACTIONS.join(", ")}`);
  return action;
}

/** The pid file's path, where C keeps it. */
export function pidFileOf(kind: { readonly program: string }, settings: ProcessSettings): string {
  return join(settings.basePath, "data", `${kind.program}.pid`);
}

export class AlreadyRunning extends Error {
  override readonly name = "AlreadyRunning";
}

function refuseSecond(kind: ServerKind<ProcessSettings>, settings: ProcessSettings): void {
  const pid = runningPid(pidFileOf(kind, settings), [kind.program]);
  if (pid !== null) throw new AlreadyRunning(`process ${kind.program} already running, pid: ${pid}`);
}

/** Starts in the background; resolves with the pid when it serves. */
export async function startInBackground<T extends ProcessSettings>(kind: ServerKind<T>, conf: string): Promise<number> {
  const { settings } = kind.load(conf);
  refuseSecond(kind as unknown as ServerKind<ProcessSettings>, settings);
  const logFile = join(settings.basePath, "logs", kind.program === "fdfs_trackerd" ? "trackerd.log" : "storaged.log");
  return startDetached([kind.name, "--conf", resolve(conf)], logFile);
}

/** Ends the running server of this configuration; the pid it had, or null when none ran. */
export async function stopRunning<T extends ProcessSettings>(
  kind: ServerKind<T>,
  conf: string,
  say: (text: string) => Promise<void>,
): Promise<number | null> {
  const { settings } = kind.load(conf);
  const file = pidFileOf(kind, settings);
  const pid = runningPid(file, [kind.program]);
  if (pid === null) {
    if (pidFileExists(file)) removePidFile(file);
    return null;
  }
  await say(`waiting for pid [${pid}] exit ...\n`);
  await stopProcess(pid);
  await say(`pid [${pid}] exit.\n`);
  return pid;
}

/** The pid of the running server of this configuration, or null. */
export function findRunning<T extends ProcessSettings>(kind: ServerKind<T>, conf: string): number | null {
  return runningPid(pidFileOf(kind, kind.load(conf).settings), [kind.program]);
}

/** Serves until SIGTERM, SIGINT or SIGQUIT; returns the exit status. */
export async function serveInForeground<T extends ProcessSettings>(
  kind: ServerKind<T>,
  conf: string,
  context: CommandContext,
): Promise<number> {
  const background = isDetachedChild();
  try {
    return await serve(kind, conf, context, background);
  } catch (error) {
    if (!background) throw error;
    reportToParent(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function serve<T extends ProcessSettings>(
  kind: ServerKind<T>,
  conf: string,
  context: CommandContext,
  background: boolean,
): Promise<number> {
  const { settings, warnings } = kind.load(conf);
  if (settings.disabled) throw new Error(`Cannot start: disabled = true in ${conf}`);
  refuseSecond(kind as unknown as ServerKind<ProcessSettings>, settings);
  // As C: permissions are exactly what each file asks for.
  process.umask(0);
  const { logger, file, close, rotate } = kind.openLog(settings);
  for (const warning of warnings) {
    logger.warn(warning);
    if (!background) await context.stderr.write(`${warning}\n`);
  }
  const pidFile = pidFileOf(kind, settings);
  const dropPrivileges = (): void => {
    writePidFile(pidFile, ownerOf(settings));
    setProcessUser({ user: settings.runByUser, group: settings.runByGroup });
  };
  const delayed = (): void => {
    writePidFile(pidFile, ownerOf(settings));
    if (background) reportToParent(null);
  };
  // From here on a signal ends the server, also while it still waits for its trackers.
  const stopped = untilStopped(logger);
  const abort = new AbortController();
  void stopped.signal.then((name) => abort.abort(new Error(`stopped by ${name} before it was ready`)));
  let server: RunningServer;
  try {
    server = await kind.start(settings, logger, { listening: dropPrivileges, delayed }, abort.signal);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logger.crit(message);
    await close();
    removePidFile(pidFile);
    throw error;
  }
  const banner = `${versionLine()} ${kind.name} ready: ${server.description}, log ${file}`;
  logger.info(banner);
  if (background) reportToParent(null);
  else await context.stderr.write(`${banner}\n`);

  stopped.onRotate(() => {
    rotate();
    server.rotateLogs?.();
  });
  const signal = await stopped.signal;
  logger.crit(`catch signal ${signal}, program exiting...`);
  await server.stop();
  removePidFile(pidFile);
  logger.info("exit normally.");
  await close();
  return 0;
}

/** The signals of a server: one that asks for the end, SIGHUP for new logs, the others are noted. */
function untilStopped(logger: Logger): { signal: Promise<string>; onRotate(rotate: () => void): void } {
  process.removeAllListeners("SIGINT");
  process.removeAllListeners("SIGTERM");
  let rotate = (): void => {};
  process.on("SIGHUP", () => rotate());
  for (const name of ["SIGUSR1", "SIGUSR2"] as const)
    process.on(name, () => logger.info(`catch signal ${name}, ignore it`));
  const signal = new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) process.on(name, () => resolve(name));
  });
  return {
    signal,
    onRotate(callback) {
      rotate = callback;
    },
  };
}
