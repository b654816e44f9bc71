// Where the trackers' addresses come from: --conf, --tracker, FDFS_TRACKERS, ./client.conf, /etc/fdfs/client.conf, the
// first that is there. It decides and reads; connecting is the client library's.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import {
  type ClientSettings,
  clientDefaults,
  formatProblem,
  loadClientConf,
  parseServerAddress,
} from "../conf/index.ts";
import { DEFAULT_TRACKER_PORT } from "../core/wire/limits.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { listOption, textOption } from "./options.ts";

export const SYSTEM_CLIENT_CONF = "/etc/fdfs/client.conf";

/** Which source was taken, for messages, and the settings that follow from it. */
interface TrackerSource {
  readonly from: string;
  readonly settings: ClientSettings;
  /** One line for each doubtful thing in the file. */
  readonly warnings: readonly string[];
}

/** Settings from the first source that names trackers. UsageError when there is none, ConfError when a file is wrong. */
export async function findTrackers(
  context: Pick<CommandContext, "options" | "env" | "cwd">,
  systemConf = SYSTEM_CLIENT_CONF,
): Promise<TrackerSource> {
  const { options, env, cwd } = context;
  const conf = textOption(options, "conf");
  if (conf !== undefined) return fromFile(resolve(cwd, conf));
  const trackers = listOption(options, "tracker");
  if (trackers.length > 0) return fromAddresses(trackers, "--tracker");
  const listed = (env["FDFS_TRACKERS"] ?? "").split(/[\s,]+/).filter((address) => address !== "");
  if (listed.length > 0) return fromAddresses(listed, "FDFS_TRACKERS");
  const local = resolve(cwd, "client.conf");
  if (existsSync(local)) return fromFile(local);
  if (existsSync(systemConf)) return fromFile(systemConf);
  throw new UsageError(
    "No tracker is known: give --conf FILE or --tracker HOST:PORT, set FDFS_TRACKERS, " +
      `or write ./client.conf or ${systemConf}`,
  );
}

async function fromFile(path: string): Promise<TrackerSource> {
  const { settings, warnings } = await loadClientConf(path);
  return { from: path, settings, warnings: warnings.map(formatProblem) };
}

function fromAddresses(addresses: readonly string[], from: string): TrackerSource {
  const trackerServers = addresses.map((address) => {
    const parsed = parseServerAddress(address, DEFAULT_TRACKER_PORT);
    if (typeof parsed !== "string") return parsed;
    throw new UsageError(`Cannot use "${address}" from ${from} as a tracker: ${parsed}`);
  });
  return { from, settings: clientDefaults(trackerServers), warnings: [] };
}
