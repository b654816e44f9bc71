// Three storages and two trackers under a mixed load while they are killed (-9) and started again at random: afterwards no
// acknowledged operation is lost and all replicas hold the same. FDFS_CHAOS_OPERATIONS and FDFS_CHAOS_SEED change the run.

import { afterEach, describe, expect, test } from "bun:test";
import { ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { converged } from "./support/convergence.ts";
import { Load } from "./support/load.ts";
import { Mishaps } from "./support/mishaps.ts";
import { verify } from "./support/verify.ts";

const OPERATIONS = Number(process.env.FDFS_CHAOS_OPERATIONS ?? 20_000);
const SEED = Number(process.env.FDFS_CHAOS_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
const PER_SECOND = 350;
const CONVERGE_TIMEOUT_MS = Number(process.env.FDFS_CHAOS_CONVERGE_SECONDS ?? 120) * 1000;
const TEST_TIMEOUT_MS = 400_000;
const missing = whyNoCluster();

let cluster: ProcessCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

describe.skipIf(missing !== null)(`chaos${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test(
    "kills at random lose nothing that was acknowledged",
    async () => {
      console.log(`chaos: seed ${SEED} (FDFS_CHAOS_SEED=${SEED} repeats it)`);
      const started = Date.now();
      cluster = await ProcessCluster.start({ trackers: 2, storages: 3 });
      const load = new Load({
        client: cluster.client(),
        trackers: cluster.trackers.map(({ address }) => address),
        seed: SEED,
        operations: OPERATIONS,
        perSecond: PER_SECOND,
        hasLinks: cluster.maker === "fdfs",
      });
      const mishaps = new Mishaps(cluster, SEED);
      load.start();
      mishaps.start();
      await load.finished();
      const loaded = Date.now();
      await mishaps.heal();
      const activeMs = await cluster.allActive();
      const { milliseconds, files, orphans } = await converged(cluster.storages, CONVERGE_TIMEOUT_MS, load);
      const { checked, wrong } = await verify(load.model, cluster.storages);
      console.log(
        [
          `chaos: ${cluster.maker} servers, seed ${SEED}, ${((Date.now() - started) / 1000).toFixed(1)} s in all`,
          load.report(),
          `  kills: ${mishaps.storageKills} of storages, ${mishaps.trackerKills} of trackers in ${((loaded - started) / 1000).toFixed(1)} s`,
          `  all ACTIVE ${activeMs} ms after the healing, equal ${milliseconds} ms later: ${files} files and links on each`,
          `  ${checked} file IDs read back from each storage, ${wrong.length} differences, ${load.wrongReads.length} wrong reads`,
          `  ${orphans.length} files on one storage only that nobody was told of and no binlog knows`,
        ].join("\n"),
      );
      if (wrong.length > 0) throw new Error(`${wrong.length} files differ:\n${wrong.slice(0, 10).join("\n")}`);
      expect(load.wrongReads.slice(0, 10)).toEqual([]);
      expect(load.total.acknowledged).toBeGreaterThan(OPERATIONS / 2);
    },
    TEST_TIMEOUT_MS,
  );
});
