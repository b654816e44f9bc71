// fdfs_monitor: lists the cluster, removes a storage or group, sets the trunk server. Its exit status is 0 whatever came
// of the action (http-config-tools.md §4.3).

import { parseServerAddress, type ServerAddress } from "../../conf/index.ts";
import type { FdfsClient } from "../../core/client/index.ts";
import { DEFAULT_TRACKER_PORT } from "../../core/wire/limits.ts";
import type { CommandContext } from "../command.ts";
import { readGroups } from "../read-groups.ts";
import { clusterText, formatHost } from "../render/cluster-text.ts";
import { SYSTEM_CLIENT_CONF } from "../trackers.ts";
import { errorTail } from "./program.ts";
import { attempt, clientFor, EXIT_NO_TRACKER, readSettings } from "./session.ts";

interface Request {
  readonly conf: string;
  /** The tracker after -h, or null for any. */
  readonly tracker: string | null;
  readonly action: string;
  readonly operands: readonly string[];
}

export async function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  const program = argv[0] ?? "fdfs_monitor";
  if (argv.length === 2 && argv[1] === "-h") {
    await context.stdout.write(usage(program));
    return 0;
  }
  const request = readRequest(argv);
  if (request === null) {
    await context.stdout.write(usage(program));
    return 1;
  }
  const settings = await readSettings(request.conf, context);
  if (typeof settings === "number") return settings;
  const trackers = settings.trackerServers;
  const index = chooseTracker(trackers, request.tracker);
  if (index === null) {
    await context.stdout.write(`tracker server: ${request.tracker} not exists!\n`);
    return 2;
  }
  await context.stdout.write(`tracker server count=${trackers.length}, current server index=${index}\n`);
  const asked = await firstAnswering(trackers, index, (tracker) => clientFor(settings, [tracker]), context);
  if (asked === null) return EXIT_NO_TRACKER;
  const all = clientFor(settings);
  try {
    const { tracker, client } = asked;
    await context.stdout.write(`\ntracker server is ${formatHost(tracker.hosts[0] ?? "")}:${tracker.port}\n\n`);
    return await act(request, client, all, program, context);
  } finally {
    await asked.client.close();
    await all.close();
  }
}

function readRequest(argv: readonly string[]): Request | null {
  const [, conf = SYSTEM_CLIENT_CONF, ...words] = argv;
  let tracker: string | null = null;
  if (words[0]?.startsWith("-h")) {
    const flag = words.shift() ?? "";
    const host = flag === "-h" ? words.shift() : flag.slice(2);
    if (host === undefined) return null;
    tracker = host;
  }
  const [action = "list", ...operands] = words;
  return { conf, tracker, action, operands };
}

/** Index of the tracker to ask: the one named, else one at random; null when the name is not configured. */
function chooseTracker(trackers: readonly ServerAddress[], wanted: string | null): number | null {
  if (wanted === null) return trackers.length > 1 ? Math.floor(Math.random() * trackers.length) : 0;
  const address = parseServerAddress(wanted, DEFAULT_TRACKER_PORT);
  if (typeof address === "string") return null;
  const matches = ({ hosts, port }: ServerAddress): boolean =>
    port === address.port && hosts.some((host) => address.hosts.includes(host));
  const index = trackers.findIndex(matches);
  return index < 0 ? null : index;
}

/** The tracker at `index`, or the next one that answers. */
async function firstAnswering(
  trackers: readonly ServerAddress[],
  index: number,
  open: (tracker: ServerAddress) => FdfsClient,
  context: CommandContext,
): Promise<{ tracker: ServerAddress; client: FdfsClient } | null> {
  for (let step = 0; step < trackers.length; step++) {
    const tracker = trackers[(index + step) % trackers.length]!;
    const client = open(tracker);
    const answered = await attempt(context, () => client.activeTest());
    if (answered.ok) return { tracker, client };
    await client.close();
  }
  return null;
}

async function act(
  request: Request,
  asked: FdfsClient,
  all: FdfsClient,
  program: string,
  context: CommandContext,
): Promise<number> {
  const [group, storageId] = request.operands;
  const say = (text: string): Promise<void> => context.stdout.write(text);
  switch (request.action) {
    case "list": {
      const groups = await attempt(context, () => readGroups(asked));
      if (groups.ok) await say(clusterText(groups.value, group ?? null));
      return 0;
    }
    case "delete": {
      // The C program crashes here for want of a group.
      if (group === undefined) break;
      const subject = storageId === undefined ? `group: ${group}` : `storage server ${group}::${storageId}`;
      const deleted = await attempt(context, () =>
        storageId === undefined ? all.deleteGroup(group) : all.deleteStorage(group, storageId),
      );
      await say(deleted.ok ? `delete ${subject} success\n` : `delete ${subject} fail, ${errorTail(deleted.errno)}\n`);
      return 0;
    }
    case "set_trunk_server": {
      if (group === undefined) break;
      const subject = `set trunk server ${group}::${storageId ?? ""}`;
      const set = await attempt(context, () => all.setTrunkServer(group, storageId ?? ""));
      await say(
        set.ok ? `${subject} success, new trunk server: ${set.value}\n` : `${subject} fail, ${errorTail(set.errno)}\n`,
      );
      return 0;
    }
    default:
      await say(`Invalid command ${request.action}\n\n${usage(program)}`);
      return 0;
  }
  await say(usage(program));
  return 1;
}

function usage(program: string): string {
  return `
Usage:
  ${program} <client_cfg_file> [-h <tracker_server>]
  [list|delete|set_trunk_server <group_name> [storage_id]]

Note:
  the tracker server format: host[:port], the tracker default port is ${DEFAULT_TRACKER_PORT}
  ${program} without parameter equals: ${program} ${SYSTEM_CLIENT_CONF}

`;
}
