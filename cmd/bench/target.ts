// Where a load goes: to the storage or tracker that the options name, or to the storage that a tracker names.

import { parseServerAddress } from "../../conf/index.ts";
import type { LoadPlan } from "../../core/bench/plan.ts";
import type { StoreTarget } from "../../core/client/index.ts";
import { DEFAULT_STORAGE_PORT } from "../../core/wire/limits.ts";
import { withClient } from "../cluster.ts";
import { type CommandContext, UsageError } from "../command.ts";
import { textOption } from "../options.ts";
import { findTrackers } from "../trackers.ts";
import type { BenchSettings } from "./settings.ts";

type Endpoint = LoadPlan["target"];

interface Targets {
  readonly load: Endpoint;
  /** Where files are made and deleted; null when the load needs none. */
  readonly storage: Endpoint | null;
  /** -1: the storage chooses. */
  readonly storePathIndex: number;
}

/** `id` is one of the files the user gave; null when there are none. */
export async function findTargets(
  context: CommandContext,
  settings: BenchSettings,
  id: string | null,
): Promise<Targets> {
  if (!settings.asksTracker) {
    const { server, storePathIndex } = await findStorage(context, settings, id);
    return { load: server, storage: server, storePathIndex };
  }
  const { settings: client } = await findTrackers(context);
  const { hosts, port } = client.trackerServers[0]!;
  const load = { host: hosts[0]!, port };
  const needsFiles = id === null && settings.load.mix.some(({ kind }) => kind === "query-fetch");
  if (!needsFiles) return { load, storage: null, storePathIndex: -1 };
  const { server, storePathIndex } = await findStorage(context, settings, null);
  return { load, storage: server, storePathIndex };
}

async function findStorage(
  context: CommandContext,
  settings: BenchSettings,
  id: string | null,
): Promise<Pick<StoreTarget, "server" | "storePathIndex">> {
  const address = textOption(context.options, "storage");
  if (address !== undefined) {
    const parsed = parseServerAddress(address, DEFAULT_STORAGE_PORT);
    if (typeof parsed === "string") throw new UsageError(`Cannot use "${address}" from --storage: ${parsed}`);
    return { server: { host: parsed.hosts[0]!, port: parsed.port }, storePathIndex: -1 };
  }
  return withClient(context, async (client) => {
    if (id === null) return client.queryStore(settings.load.groupName ?? undefined);
    const changes = settings.load.mix.some(({ kind }) => kind !== "download");
    return { server: await (changes ? client.queryUpdate(id) : client.queryFetch(id)), storePathIndex: -1 };
  });
}
