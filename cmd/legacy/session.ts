// How every C client program begins: read client.conf, reach a tracker, and say in C's words and exit codes when either
// fails (http-config-tools.md §4). What a program then does is its own file.

import { existsSync } from "node:fs";
import { type ClientSettings, loadClientConf } from "../../conf/index.ts";
import { createClient, type FdfsClient, FdfsError } from "../../core/client/index.ts";
import { statusText } from "../../core/wire/status.ts";
import type { CommandContext } from "../command.ts";
import { errnoOf, logError } from "./program.ts";

const ENOENT = 2;
const EINVAL = 22;
/** What the C programs exit with when no tracker can be reached: the errno their non-blocking connect left behind. */
export const EXIT_NO_TRACKER = 115;

export interface Session {
  readonly settings: ClientSettings;
  readonly client: FdfsClient;
}

/** The settings of `confPath`, or the exit status after the reason went to stderr. */
export async function readSettings(confPath: string, context: CommandContext): Promise<ClientSettings | number> {
  if (!existsSync(confPath)) {
    await logError(context, `file ${confPath} not exist`);
    await logError(context, `load conf file "${confPath}" fail, ret code: ${ENOENT}`);
    return ENOENT;
  }
  try {
    const { settings } = await loadClientConf(confPath);
    if (existsSync(settings.basePath)) return settings;
    await logError(context, `"${settings.basePath}" can't be accessed, error info: ${statusText(ENOENT)}`);
    return ENOENT;
  } catch (error) {
    await logError(context, error instanceof Error ? error.message : String(error));
    await logError(context, `load conf file "${confPath}" fail, ret code: ${EINVAL}`);
    return EINVAL;
  }
}

/** A client on all trackers of the settings. */
export function clientFor(settings: ClientSettings, trackers = settings.trackerServers): FdfsClient {
  return createClient({
    trackers,
    connectTimeoutMs: settings.connectTimeoutSeconds * 1000,
    networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
    storageIds: settings.loadFdfsParametersFromTracker ? "tracker" : settings.storageIds,
    connectFirstBy: settings.connectFirstBy,
  });
}

/** Runs a program's work in a session whose tracker answers; its result is the exit status. */
export async function inSession(
  confPath: string,
  context: CommandContext,
  work: (session: Session) => Promise<number>,
  options: { needsTracker: boolean } = { needsTracker: true },
): Promise<number> {
  const settings = await readSettings(confPath, context);
  if (typeof settings === "number") return settings;
  const client = clientFor(settings);
  try {
    if (options.needsTracker && !(await reachesTracker(client, context))) return EXIT_NO_TRACKER;
    return await work({ settings, client });
  } finally {
    await client.close();
  }
}

async function reachesTracker(client: FdfsClient, context: CommandContext): Promise<boolean> {
  try {
    await client.activeTest();
    return true;
  } catch (error) {
    await logError(context, error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** Runs one operation; on failure returns the errno, and logs what a server had to do with it. */
export async function attempt<T>(
  context: CommandContext,
  operation: () => Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; errno: number }> {
  try {
    return { ok: true, value: await operation() };
  } catch (error) {
    // Like the C library: a local file or an ID that cannot be used is the caller's to tell.
    if (error instanceof FdfsError) await logError(context, error.message);
    return { ok: false, errno: errnoOf(error) };
  }
}
