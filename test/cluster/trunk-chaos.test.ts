// Three storages in trunk mode under load while the trunk server is killed (-9) or frozen every few seconds and its role
// moves: no slot is handed out twice, and afterwards nothing that was acknowledged is lost. FDFS_TRUNK_SECONDS,
// FDFS_TRUNK_PER_SECOND and FDFS_TRUNK_SEED change the run.

import { afterEach, describe, expect, test } from "bun:test";
import { setTimeout as pause } from "node:timers/promises";
import { ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { Random } from "./support/random.ts";
import { livingTogether } from "./support/records-trunk.ts";
import { RoleMishaps } from "./support/role-mishaps.ts";
import { trunkCheck } from "./support/trunk-check.ts";
import { Contents, TrunkLedger } from "./support/trunk-ledger.ts";
import { TrunkLoad } from "./support/trunk-load.ts";
import { copiesEqual, judgeTrunkLogs, shown } from "./support/trunk-log.ts";
import { reportOf, serving } from "./support/trunk-server.ts";
import { readBack, settled } from "./support/trunk-verify.ts";
import { until } from "./support/waiting.ts";

const SECONDS = Number(process.env.FDFS_TRUNK_SECONDS ?? 60);
const SEED = Number(process.env.FDFS_TRUNK_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
const PER_SECOND = Number(process.env.FDFS_TRUNK_PER_SECOND ?? 300);
/** Files that are alive at the same time, about. */
const KEEP = 5 * PER_SECOND;
const SETTLE_TIMEOUT_MS = 120_000;
/** Files in places used before that are awaited when the mishaps are over. */
const REUSED_LEAST = 100;
const REUSE_TIMEOUT_MS = 90_000;
const TEST_TIMEOUT_MS = 400_000 + SECONDS * 1000;
const LINES = [
  "use_trunk_file = 1",
  "store_server = 1",
  "slot_min_size = 256",
  "slot_max_size = 64KB",
  "trunk_file_size = 4MB",
  "check_active_interval = 2",
  "trunk_binlog_max_backups = 1000",
];
/** Each is on or off as the seed says. */
const SWITCHES = [
  "trunk_free_space_merge = 1",
  "delete_unused_trunk_files = 1",
  "trunk_init_check_occupying = 1",
  "trunk_init_reload_from_binlog = 1",
  "trunk_alloc_alignment_size = 256",
];
const missing = whyNoCluster("fdfs");

let cluster: ProcessCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

describe.skipIf(missing !== null)(`trunk chaos${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test(
    "no slot is handed out twice while the trunk server dies and its role moves",
    async () => {
      console.log(`trunk chaos: seed ${SEED} (FDFS_TRUNK_SEED=${SEED} repeats it)`);
      const started = performance.now();
      const random = new Random(SEED);
      const switches = SWITCHES.filter(() => random.next() < 0.5);
      cluster = await ProcessCluster.start({
        maker: "fdfs",
        trackers: 1,
        storages: 3,
        trackerLines: [...LINES, ...switches],
      });
      const { storages } = cluster;
      await serving(cluster);
      const ledger = new TrunkLedger();
      const contents = new Contents(SEED);
      const load = new TrunkLoad({ cluster, ledger, contents, seed: SEED, lanes: 24, sizes: [200, 60 * 1024] });
      const mishaps = new RoleMishaps(cluster, SEED);
      mishaps.start();
      const loading = load.mix(KEEP, PER_SECOND);
      await Promise.race([loading, pause(SECONDS * 1000)]);
      await mishaps.heal();
      const activeMs = await cluster.allActive();
      const healed = performance.now();
      const server = await serving(cluster, true);
      const wholeMs = Math.round(performance.now() - healed);
      // The dangerous time: space that other trunk servers knew is handed out by this one, under load.
      const enough = ledger.reused + REUSED_LEAST;
      await until("places that are used again", REUSE_TIMEOUT_MS, () =>
        ledger.reused >= enough ? null : `${ledger.reused} of ${enough}`,
      );
      load.stop();
      await loading;
      const reports = await Promise.all(storages.map(reportOf));
      const last = await settled(storages, ledger, SETTLE_TIMEOUT_MS);
      const { read, wrong } = await readBack(storages, ledger, contents);
      const copiesMs = await copiesEqual(storages, server);
      const logs = judgeTrunkLogs(storages);
      // What a death leaves between map and disk is lost space, and nothing else.
      const { problems, notices } = await trunkCheck(storages, ["lost"]);
      const shared = ledger.sharedPlaces();
      const together = livingTogether(storages);
      const stored = ledger.files.length;
      const plain = ledger.files.filter(({ slot }) => slot === null).length;
      console.log(
        [
          `trunk chaos: seed ${SEED}, ${((performance.now() - started) / 1000).toFixed(1)} s in all, ${SECONDS} s of load`,
          `  ${switches.join(", ") || "all switches off"}`,
          load.report(),
          `  ${mishaps.report()}`,
          `  ${stored} files stored, ${stored - plain} in slots (${ledger.reused} of them in places used before), ${plain} plain; ${ledger.aliveCount} alive`,
          `  all ACTIVE ${activeMs} ms after the healing, inherited space in use ${wholeMs} ms later, settled ${last.milliseconds} ms later, trunk binlogs equal ${copiesMs} ms later`,
          `  fdfs trunk check: ${problems.length} problems${["", ...notices].join("\n    ")}`,
          `  ${read} answers compared, ${wrong.length} wrong, ${load.wrongReads.length} wrong reads meanwhile`,
          `  ${logs.lines} lines in ${logs.logs} trunk binlogs: ${logs.takenTwice.length} take what is not free, ${logs.oddities.length} odd`,
          `  ${shared.length} pairs of files in one place by the clients' clock, ${together.length} by the binlogs; ${last.unknown.length} files that no client was told of`,
          ...last.contents.map(
            ({ files, slots, junk, damaged }, at) =>
              `  ${storages[at]!.label}: ${files} trunk files, ${slots.size} slots, ${junk.length} pieces of junk, ${damaged.length} damaged; misses ${reports[at]?.misses}`,
          ),
        ].join("\n"),
      );
      if (wrong.length > 0) throw new Error(`${wrong.length} answers are wrong:\n  ${shown(wrong)}`);
      expect(shown(load.wrongReads)).toBe("");
      expect(shown(shared)).toBe("");
      expect(shown(problems)).toBe("");
      expect(shown(together)).toBe("");
      expect(shown(logs.takenTwice)).toBe("");
      for (const { damaged } of last.contents) expect(damaged).toEqual([]);
      // While nobody hands out slots files are stored plainly; with a busy machine that is long.
      expect(plain).toBeLessThan(0.6 * stored);
      expect(mishaps.kills).toBeGreaterThan(2);
      expect(mishaps.moves).toBeGreaterThan(0);
    },
    TEST_TIMEOUT_MS,
  );
});
