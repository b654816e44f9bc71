// `fdfs trunk stat`: of a cluster what its storages tell of their trunk files, of one storage of this machine what its files
// tell.

import { resolve } from "node:path";
import { guessSettingsFile } from "../../conf/index.ts";
import type { FdfsClient } from "../../core/client/index.ts";
import { statTrunk } from "../../core/storage/trunk/audit/disk-stat.ts";
import { withClient } from "../cluster.ts";
import { type CommandContext, UsageError } from "../command.ts";
import { isSet, textOption } from "../options.ts";
import { writeJson } from "../print.ts";
import { readGroups } from "../read-groups.ts";
import { headText } from "./check-text.ts";
import { findPlace } from "./place.ts";
import { type GroupTrunk, groupTrunkText, pathsText, reportLines } from "./stat-text.ts";

export async function runStat(context: CommandContext, rest: readonly string[]): Promise<number> {
  const { options, cwd } = context;
  const conf = textOption(options, "conf");
  const isStorage = conf !== undefined && guessSettingsFile(resolve(cwd, conf)) === "storage";
  if (rest.length > (isStorage ? 0 : 1)) {
    throw new UsageError(isStorage ? `Nothing can be named here, found ${rest[0]}` : "At most one group can be named");
  }
  if (isStorage) return statHere(context);
  return withClient(context, (client) => statCluster(context, client, rest[0] ?? null));
}

/** Exit status 1 when a storage is away. */
async function statCluster(context: CommandContext, client: FdfsClient, groupName: string | null): Promise<number> {
  const groups = await readGroups(client);
  const shown = groups.filter(({ group }) => groupName === null || group.groupName === groupName);
  if (groupName !== null && shown.length === 0) {
    const known = groups.map(({ group }) => group.groupName).join(", ");
    throw new Error(`Cannot show group ${groupName}: the tracker knows ${known === "" ? "no group" : known}`);
  }
  const facts: GroupTrunk[] = await Promise.all(
    shown.map(async ({ group, storages }) => ({
      group,
      storages: await Promise.all(
        storages.map(async (info) => ({
          info,
          answer: await client.storageTrunk({ host: info.ipAddress, port: info.storagePort }),
        })),
      ),
    })),
  );
  if (isSet(context.options, "json")) await writeJson(context, { groups: facts.map(groupJson) });
  else await context.stdout.write(facts.map(groupTrunkText).join("\n"));
  return facts.some(({ storages }) => storages.some(({ answer }) => answer.kind === "failed")) ? 1 : 0;
}

function groupJson({ group, storages }: GroupTrunk): object {
  return {
    groupName: group.groupName,
    ...{ trunkFreeMb: group.trunkFreeMb, currentTrunkFileId: group.currentTrunkFileId },
    storages: storages.map(({ info, answer }) => ({
      ...{ id: info.id, ipAddress: info.ipAddress, port: info.storagePort, isTrunkServer: info.isTrunkServer },
      report: answer.kind === "report" ? answer.report : null,
      error: answer.kind === "failed" ? answer.reason : "",
    })),
  };
}

async function statHere(context: CommandContext): Promise<number> {
  const place = await findPlace(context);
  const { settings, storePaths, slotMinSize, report, running, owner, server } = place;
  const stat = await statTrunk({ basePath: settings.basePath, storePaths, slotMinSize, signal: context.signal });
  if (isSet(context.options, "json")) {
    await writeJson(context, {
      ...{ basePath: settings.basePath, isRunning: running !== null, mapOwner: owner, trunkServer: server },
      ...{ ...stat, report },
    });
    return 0;
  }
  const lines = report === null ? [] : reportLines(report);
  await context.stdout.write(`${headText(place)}\n${lines.map((line) => `${line}\n`).join("")}${pathsText(stat)}`);
  return 0;
}
