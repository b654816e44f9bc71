/**
 * The suites of the interoperability run: each takes a mix of servers and gives verdicts, or says why it is skipped.
 * What a suite checks is in the files it names; the order of columns and the printing are in run.ts.
 */
import { peerBin, whyNoPeer } from "./clusters/c-cluster.ts";
import type { Cluster, Maker } from "./clusters/cluster.ts";
import { fdfsProgram, whyNoFdfs } from "./clusters/fdfs-cluster.ts";
import { whyNoFdhtd } from "./clusters/fdhtd.ts";
import { startCluster } from "./clusters/start-cluster.ts";
import { DATA_FOLDER_ROW, exchangeDataFolder } from "./data-folder.ts";
import { type ForeignClient, npmClients, otherClients, runClient } from "./foreign-clients.ts";
import { checkStorageIds, checkTwoStorages, IDS_ROW, TWO_ROW } from "./joins.ts";
import { checkDuplicates, DUPLICATES_ROW } from "./mixed/duplicates.ts";
import { checkLeaders, LEADERS_ROW, whyNoOwnAddress } from "./mixed/leaders.ts";
import { checkRecovery, RECOVERY_ROWS } from "./mixed/recovery.ts";
import { checkReplication, REPLICATION_ROWS } from "./mixed/replication.ts";
import { rehearseTakeOver, TAKE_OVER_ROW } from "./mixed/take-over.ts";
import { checkTrunk, TRUNK_ROWS } from "./mixed/trunk.ts";
import { exchangeTrunkFolder, TRUNK_FOLDER_ROW } from "./mixed/trunk-folder.ts";
import { checkTrunkLeaders, TRUNK_LEADERS_ROW } from "./mixed/trunk-leaders.ts";
import { checkMergedTakeOver, TRUNK_MERGE_ROW } from "./mixed/trunk-merge.ts";
import { COMMANDS_ROW, checkCommands } from "./our-commands.ts";
import { checkTools } from "./tools/check-tools.ts";
import { linkFolder, toolRows } from "./tools/tool-box.ts";
import { checkWatchTools, EXPORTER_ROW, HEALTH_ROW } from "./tools/watch-tools.ts";
import type { Verdict } from "./verdict.ts";
import { compareWithC, STORAGE_FRAMES_ROW, TRACKER_FRAMES_ROW } from "./wire/compare.ts";

export interface Suite {
  /** For `--only`. */
  readonly name: string;
  /** Rows it fills; a skip of the whole suite is shown in each. */
  readonly rows: readonly string[];
  /** It starts servers of its own and mostly waits for them: the suites of this kind run at the same time. */
  readonly isPatient?: boolean;
  /** Why it cannot run here, or null. */
  whyNot(storage: Maker): Promise<string | null>;
  run(cluster: Cluster, tracker: Maker, storage: Maker): Promise<Verdict[]>;
}

export const suites: readonly Suite[] = [
  {
    name: "join",
    rows: ["storage joins tracker"],
    whyNot: async () => null,
    // startCluster has waited for ACTIVE; a cluster that does not come up fails every row of its column.
    run: async () => [{ row: "storage joins tracker", name: "ACTIVE", outcome: "ok", reason: "" }],
  },
  {
    name: "join-ids",
    rows: [IDS_ROW],
    whyNot: async () => null,
    run: (_cluster, tracker, storage) => checkStorageIds(tracker, storage),
  },
  {
    name: "join-two",
    rows: [TWO_ROW],
    whyNot: async () => null,
    run: (_cluster, tracker, storage) => checkTwoStorages(tracker, storage),
  },
  {
    name: "frames",
    rows: [TRACKER_FRAMES_ROW, STORAGE_FRAMES_ROW],
    whyNot: async () => whyNoPeer(),
    run: (cluster) => compareWithC(cluster),
  },
  ...[...npmClients, ...otherClients].map(clientSuite),
  {
    name: "c-tools",
    rows: toolRows("C"),
    whyNot: async () => whyNoPeer(),
    run: (cluster) => checkTools(cluster, peerBin() ?? "", "C"),
  },
  {
    name: "c-watch-tools",
    rows: [HEALTH_ROW, EXPORTER_ROW],
    whyNot: async () => whyNoPeer(),
    run: (cluster) => checkWatchTools(cluster, peerBin() ?? ""),
  },
  {
    name: "our-tools",
    rows: toolRows("our"),
    whyNot: async () => whyNoFdfs(),
    run: (cluster) => checkTools(cluster, linkFolder(cluster.folder, fdfsProgram()), "our"),
  },
  {
    name: "our-commands",
    rows: [COMMANDS_ROW],
    whyNot: async () => whyNoFdfs(),
    run: (cluster) => checkCommands(cluster),
  },
  {
    name: "data-folder",
    rows: [DATA_FOLDER_ROW],
    whyNot: async () => null,
    // The tracker's maker writes first. In the mixed columns the other maker takes over and gives back.
    run: (_cluster, tracker, storage) => exchangeDataFolder(tracker, tracker, storage),
  },
  {
    name: "replication",
    rows: REPLICATION_ROWS,
    isPatient: true,
    whyNot: async () => null,
    run: (_cluster, tracker, storage) => checkReplication(tracker, storage),
  },
  {
    name: "recovery",
    rows: RECOVERY_ROWS,
    isPatient: true,
    whyNot: async () => null,
    run: (_cluster, tracker, storage) => checkRecovery(tracker, storage),
  },
  {
    name: "leaders",
    rows: [LEADERS_ROW],
    isPatient: true,
    whyNot: async () => whyNoOwnAddress(),
    run: (_cluster, tracker, storage) => checkLeaders(tracker, storage),
  },
  {
    name: "trunk",
    rows: TRUNK_ROWS,
    isPatient: true,
    whyNot: async () => null,
    run: (_cluster, tracker, storage) => checkTrunk(tracker, storage),
  },
  {
    name: "trunk-leaders",
    rows: [TRUNK_LEADERS_ROW],
    isPatient: true,
    whyNot: async () => whyNoOwnAddress(),
    run: (_cluster, tracker, storage) => checkTrunkLeaders(tracker, storage),
  },
  {
    name: "trunk-folder",
    rows: [TRUNK_FOLDER_ROW],
    whyNot: async () => null,
    // As with "data-folder".
    run: (_cluster, tracker, storage) => exchangeTrunkFolder(tracker, tracker, storage),
  },
  {
    name: "trunk-merge",
    rows: [TRUNK_MERGE_ROW],
    whyNot: async () => whyNoPeer() ?? whyNoFdfs(),
    // After C comes C: it overwrites files then, at the latest with the second file.
    run: async (_cluster, tracker, storage) => (storage === "fdfs" ? checkMergedTakeOver(tracker, storage) : []),
  },
  {
    name: "duplicates",
    rows: [DUPLICATES_ROW],
    isPatient: true,
    whyNot: async () => whyNoFdhtd() ?? whyNoPeer() ?? whyNoFdfs(),
    run: (_cluster, tracker, storage) => checkDuplicates(tracker, storage),
  },
  {
    name: "take-over",
    rows: [TAKE_OVER_ROW],
    whyNot: async () => whyNoPeer() ?? whyNoFdfs(),
    // One cluster goes through all mixes: the other columns would repeat it.
    run: async (_cluster, tracker, storage) => (tracker === "c" && storage === "c" ? rehearseTakeOver("fdfs") : []),
  },
];

function clientSuite(client: ForeignClient): Suite {
  return {
    name: client.name,
    rows: [client.row],
    async whyNot() {
      const prepared = await client.prepare();
      return "skip" in prepared ? prepared.skip : null;
    },
    async run(cluster, tracker, storage) {
      const prepared = await client.prepare();
      if ("skip" in prepared) return [];
      if (client.trackerConf === "") return runClient(client, prepared.command, cluster);
      const own = await startCluster(tracker, storage, { extraTrackerConf: client.trackerConf });
      try {
        return await runClient(client, prepared.command, own);
      } finally {
        await own.stop();
      }
    },
  };
}
