// Hosts as network namespaces: the way between two storages, and that between a storage and the trackers, is cut while a
// mixed load goes on; after the healing all hold the same. Skipped, with the reason, where namespaces are not allowed.

import { afterEach, describe, expect, test } from "bun:test";
import { ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { converged } from "./support/convergence.ts";
import { Load } from "./support/load.ts";
import { Network, whyNoNamespaces } from "./support/namespaces.ts";
import { dataFiles, differences, TreeReader } from "./support/trees.ts";
import { verify } from "./support/verify.ts";
import { until } from "./support/waiting.ts";

const TRACKERS = 2;
const STORAGES = 3;
const ACTIVE = 7;
const OPERATIONS_WHILE_CUT = 1500;
const PER_SECOND = 300;
const WAIT_MS = 90_000;
const TEST_TIMEOUT_MS = 300_000;
const missing = whyNoCluster() ?? whyNoNamespaces();

let cluster: ProcessCluster | null = null;
let network: Network | null = null;
afterEach(async () => {
  await cluster?.stop();
  network?.remove();
  cluster = null;
  network = null;
});

interface Scene {
  readonly cluster: ProcessCluster;
  readonly network: Network;
  readonly load: Load;
}

async function scene(what: string): Promise<Scene> {
  const seed = Number(process.env.FDFS_CHAOS_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
  console.log(`${what}: seed ${seed}`);
  network = Network.build(TRACKERS + STORAGES);
  cluster = await ProcessCluster.start({ trackers: TRACKERS, storages: STORAGES, hosts: network.hosts });
  const load = new Load({
    client: cluster.client(),
    trackers: cluster.trackers.map(({ address }) => address),
    seed,
    operations: Number.POSITIVE_INFINITY,
    perSecond: PER_SECOND,
    hasLinks: cluster.maker === "fdfs",
  });
  load.start();
  await tried(load, OPERATIONS_WHILE_CUT);
  return { cluster, network, load };
}

/** Waits until so many more operations have been tried. */
async function tried(load: Load, operations: number): Promise<void> {
  const goal = load.total.tried + operations;
  await until(`${operations} operations`, WAIT_MS, () => (load.total.tried >= goal ? null : `${load.total.tried}`));
}

async function judge(what: string, { cluster: running, load }: Scene, before: number): Promise<void> {
  const healedAt = Date.now();
  const activeMs = await running.allActive();
  await tried(load, OPERATIONS_WHILE_CUT / 3);
  await load.stop();
  const { milliseconds, files, orphans } = await converged(running.storages, WAIT_MS, load);
  const { checked, wrong } = await verify(load.model, running.storages);
  console.log(
    [
      `${what}: ${running.maker} servers`,
      load.report(),
      `  ${before} operations acknowledged while the way was cut`,
      `  all ACTIVE ${activeMs} ms after the healing, equal ${milliseconds} ms after the end of the load (${Date.now() - healedAt} ms in all)`,
      `  ${files} files and links on each, ${checked} file IDs read back from each, ${wrong.length} differences, ${orphans.length} orphans`,
    ].join("\n"),
  );
  if (wrong.length > 0) throw new Error(`${wrong.length} files differ:\n${wrong.slice(0, 10).join("\n")}`);
  expect(load.wrongReads).toEqual([]);
  expect(before).toBeGreaterThan(OPERATIONS_WHILE_CUT / 3);
}

describe.skipIf(missing !== null)(`partition${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test(
    "two storages cannot reach each other",
    async () => {
      const what = "partition of two storages";
      const stage = await scene(what);
      const [first, second, third] = stage.cluster.storages;
      const before = stage.load.total.acknowledged;
      stage.network.cut(first!, second!);
      stage.network.cut(third!, first!);
      await tried(stage.load, OPERATIONS_WHILE_CUT);
      const after = stage.load.total.acknowledged;
      // The cut is one: what the first has taken meanwhile cannot have come to the others.
      const counts = [first!, second!, third!].map((storage) => dataFiles(storage).length);
      console.log(`${what}: ${counts.join(", ")} files before the healing`);
      expect(differences([first!, second!].map((storage) => new TreeReader(storage).read())).length).toBeGreaterThan(
        100,
      );
      stage.network.heal(first!, second!);
      stage.network.heal(third!, first!);
      await judge(what, stage, after - before);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "a storage cannot reach the trackers",
    async () => {
      const what = "partition of a storage and the trackers";
      const stage = await scene(what);
      const { cluster: running, load } = stage;
      const [storage] = running.storages;
      const before = load.total.acknowledged;
      for (const tracker of running.trackers) stage.network.cut(tracker, storage!);
      await until("the trackers give the storage up", WAIT_MS, async () => {
        const status = await running.statusOf(storage!);
        return status === ACTIVE ? "it is ACTIVE" : null;
      });
      await tried(load, OPERATIONS_WHILE_CUT);
      const after = load.total.acknowledged;
      for (const tracker of running.trackers) stage.network.heal(tracker, storage!);
      await judge(what, stage, after - before);
    },
    TEST_TIMEOUT_MS,
  );
});
