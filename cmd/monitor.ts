// `fdfs monitor`: the state of groups and storages as one tracker sees it, and of copying as the storages tell it, once or
// again and again.

import { setTimeout as sleep } from "node:timers/promises";
import type { FdfsClient } from "../core/client/index.ts";
import type { RecoveryReport, ReplicationReport } from "../core/wire/own-commands.ts";
import { StorageStatus, storageStatusName } from "../core/wire/storage-status.ts";
import type { StorageInfo } from "../core/wire/tracker-list.ts";
import { withClient } from "./cluster.ts";
import { coloursFor } from "./colour.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet, numberOption } from "./options.ts";
import { messageOf, writeJson } from "./print.ts";
import { readGroups } from "./read-groups.ts";
import { clusterText, type GroupState, type StatusStyle, syncDelaySeconds } from "./render/cluster-text.ts";
import { type RecoveryReports, withRecoveryLines } from "./render/recovery-text.ts";
import { type ReplicationReports, replicationLines, reportKey, setAsideCount } from "./render/replication-text.ts";
import { formatTime } from "./render/units.ts";

const DEFAULT_WATCH_SECONDS = 2;
/** Cursor home, clear to the end of the screen. */
const CLEAR_SCREEN = "\u001b[H\u001b[J";

export async function run(context: CommandContext): Promise<number> {
  const { args, options } = context;
  if (args.length > 1) throw new UsageError("At most one group can be named");
  const groupName = args[0] ?? null;
  return withClient(context, async (client) => {
    if (!isSet(options, "watch")) {
      await show(context, client, groupName);
      return 0;
    }
    const seconds = options["watch"] === true ? DEFAULT_WATCH_SECONDS : (numberOption(options, "watch") ?? 0);
    if (seconds < 1) throw new UsageError("Option --watch has the value 0, allowed is 1 or more seconds");
    return watch(context, client, groupName, seconds);
  });
}

/** Shows the state until Ctrl-C. A tracker that is away is told and asked again. */
async function watch(
  context: CommandContext,
  client: FdfsClient,
  groupName: string | null,
  seconds: number,
): Promise<number> {
  for (;;) {
    try {
      await show(context, client, groupName, context.stdout.isTerminal ? CLEAR_SCREEN : "");
    } catch (error) {
      if (error instanceof UnknownGroup) throw error;
      await context.stderr.write(`${formatTime(Math.floor(Date.now() / 1000))} ${messageOf(error)}\n`);
    }
    await sleep(seconds * 1000, undefined, { signal: context.signal }).catch(() => {});
    context.signal.throwIfAborted();
  }
}

class UnknownGroup extends Error {}

async function show(context: CommandContext, client: FdfsClient, groupName: string | null, before = ""): Promise<void> {
  const groups = await readGroups(client);
  const shown = groupName === null ? groups : groups.filter(({ group }) => group.groupName === groupName);
  if (groupName !== null && shown.length === 0) {
    const known = groups.map(({ group }) => group.groupName).join(", ");
    throw new UnknownGroup(`Cannot show group ${groupName}: the tracker knows ${known === "" ? "no group" : known}`);
  }
  const [reports, recoveries] = await Promise.all([readReports(client, shown), readRecoveries(client, shown)]);
  if (isSet(context.options, "json")) {
    await writeJson(context, { groups: shown.map((state) => groupJson(state, reports, recoveries)) });
    return;
  }
  const lines = withRecoveryLines(recoveries, replicationLines(reports));
  const text = clusterText(groups, groupName, statusStyle(context), lines);
  await context.stdout.write(before + text);
}

/** All at the same time, so that storages which are away cost one short wait. */
async function readReports(client: FdfsClient, groups: readonly GroupState[]): Promise<ReplicationReports> {
  const reports = new Map<string, ReplicationReport>();
  const ask = async (groupName: string, { id, ipAddress, storagePort }: StorageInfo): Promise<void> => {
    const answer = await client.storageReplication({ host: ipAddress, port: storagePort });
    if (answer.kind === "report") reports.set(reportKey(groupName, id), answer.report);
  };
  await Promise.all(groups.flatMap(({ group, storages }) => storages.map((storage) => ask(group.groupName, storage))));
  return reports;
}

/** Only of storages that the tracker holds as recovering: the question is none of a storage that serves. */
async function readRecoveries(client: FdfsClient, groups: readonly GroupState[]): Promise<RecoveryReports> {
  const reports = new Map<string, RecoveryReport>();
  const ask = async (groupName: string, { id, ipAddress, storagePort, status }: StorageInfo): Promise<void> => {
    if (status !== StorageStatus.RECOVERY) return;
    const report = await client.storageRecovery({ host: ipAddress, port: storagePort });
    if (report !== null) reports.set(reportKey(groupName, id), report);
  };
  await Promise.all(groups.flatMap(({ group, storages }) => storages.map((storage) => ask(group.groupName, storage))));
  return reports;
}

function statusStyle(context: CommandContext): StatusStyle {
  const colours = coloursFor(context.stdout, context.env);
  return (word) => {
    if (word === "ACTIVE") return colours.good(word);
    return word === "OFFLINE" || word === "UNKNOWN" ? colours.bad(word) : colours.warning(word);
  };
}

/**
 * The same facts under the wire's field names; times are Unix seconds, sizes MB or bytes as the names say. `replication`
 * is null for a storage that does not tell, `recovery` for one that recovers nothing.
 */
function groupJson({ group, storages }: GroupState, reports: ReplicationReports, recoveries: RecoveryReports): object {
  return {
    ...group,
    setAsideRecords: setAsideCount(reports, group.groupName),
    storages: storages.map((storage) => ({
      ...storage,
      statusName: storageStatusName(storage.status),
      syncDelaySeconds: syncDelaySeconds(storage, storages),
      replication: reports.get(reportKey(group.groupName, storage.id)) ?? null,
      recovery: recoveries.get(reportKey(group.groupName, storage.id)) ?? null,
    })),
  };
}
