// An empty storage added to a group of two under load: it catches up, becomes ACTIVE, and has every file. Also when it or
// its source is killed in the middle of the filling, and when a storage that was deleted comes back with empty folders.

import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { fdfs } from "../e2e/support/run.ts";
import { storageStates } from "../interop/clusters/tracker-probe.ts";
import { GROUP, ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { converged } from "./support/convergence.ts";
import { Load } from "./support/load.ts";
import type { Server } from "./support/server.ts";
import { dataFiles } from "./support/trees.ts";
import { verify } from "./support/verify.ts";
import { until } from "./support/waiting.ts";

const FILES = Number(process.env.FDFS_NEW_MEMBER_FILES ?? 3000);
const FILL_TIMEOUT_MS = 90_000;
const TEST_TIMEOUT_MS = 300_000;
const missing = whyNoCluster();

let cluster: ProcessCluster | null = null;
let seed = Number(process.env.FDFS_CHAOS_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

interface Scene {
  readonly cluster: ProcessCluster;
  readonly load: Load;
  readonly newcomer: Server;
  readonly others: readonly Server[];
}

/** Two storages that hold FILES and the load that goes on: slowly, so that the filling can be watched. */
async function scene(what: string): Promise<Scene> {
  console.log(`${what}: seed ${++seed}`);
  const running = await ProcessCluster.start({ trackers: 2, storages: 3 }, 2);
  cluster = running;
  const trackers = running.trackers.map(({ address }) => address);
  const common = { client: running.client(), trackers, seed, hasLinks: running.maker === "fdfs" };
  const load = new Load({ ...common, operations: Number.POSITIVE_INFINITY, perSecond: 3000, inFlight: 24 });
  load.start();
  await until(`${FILES} files`, FILL_TIMEOUT_MS, () => {
    return load.model.files.length >= FILES ? null : `${load.model.files.length} files are there`;
  });
  load.slowDown(100);
  const [first, second, newcomer] = running.storages;
  return { cluster: running, load, newcomer: newcomer!, others: [first!, second!] };
}

/** Waits until the newcomer has some files and lacks many. */
async function halfFilled({ newcomer }: Scene): Promise<number> {
  let count = 0;
  await until("a part of the files", FILL_TIMEOUT_MS, () => {
    count = dataFiles(newcomer).length;
    return count >= FILES / 10 ? null : `${count} files have come`;
  });
  return count;
}

/** The storage that the trackers chose to fill the newcomer. */
async function sourceOf({ cluster: running, newcomer, others }: Scene): Promise<Server> {
  const { host, port } = running.trackers[0]!;
  const state = (await storageStates(host, port, GROUP)).get(newcomer.address);
  const source = others.find((storage) => storage.host === state?.syncSourceId);
  if (source === undefined)
    throw new Error(`The tracker names no source of ${newcomer.label}: ${JSON.stringify(state)}`);
  return source;
}

/** Ends the load, waits until all are equal, reads everything back from everywhere. */
async function judge(what: string, { cluster: running, load, newcomer }: Scene, startedAt: number): Promise<void> {
  const activeMs = await running.allActive();
  const activeAt = Date.now() - startedAt;
  const count = dataFiles(newcomer).length;
  await load.stop();
  const { milliseconds, files, orphans } = await converged(running.storages, FILL_TIMEOUT_MS, load);
  const { checked, wrong } = await verify(load.model, running.storages);
  const { acknowledged, refused, uncertain } = load.total;
  console.log(
    [
      `${what}: ${running.maker} servers`,
      `  ACTIVE ${activeAt} ms after its start (waited ${activeMs} ms at the end) with ${count} files, equal ${milliseconds} ms after the end of the load`,
      `  ${files} files and links on each, ${checked} file IDs read back from each, ${wrong.length} differences, ${orphans.length} orphans`,
      `  load: ${acknowledged} acknowledged, ${refused} refused, ${uncertain} without answer, ${load.wrongReads.length} wrong reads`,
    ].join("\n"),
  );
  if (wrong.length > 0) throw new Error(`${wrong.length} files differ:\n${wrong.slice(0, 10).join("\n")}`);
  expect(load.wrongReads).toEqual([]);
  expect(files).toBeGreaterThan(FILES / 2);
  // ACTIVE means caught up: files from before its start may lack only when they were deleted since.
  expect(count).toBeGreaterThan(FILES * 0.9);
}

describe.skipIf(missing !== null)(`new member${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test(
    "an empty storage catches up under load",
    async () => {
      const what = "new member";
      const stage = await scene(what);
      const startedAt = Date.now();
      stage.newcomer.start();
      await judge(what, stage, startedAt);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "killed in the middle of its filling, it goes on",
    async () => {
      const what = "new member killed half-way";
      const stage = await scene(what);
      const startedAt = Date.now();
      stage.newcomer.start();
      const count = await halfFilled(stage);
      await stage.newcomer.kill();
      console.log(`${what}: killed with ${count} files`);
      stage.newcomer.start();
      await judge(what, stage, startedAt);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "its source is killed half-way",
    async () => {
      const what = "source killed half-way";
      const stage = await scene(what);
      const startedAt = Date.now();
      stage.newcomer.start();
      const count = await halfFilled(stage);
      const source = await sourceOf(stage);
      await source.kill();
      console.log(`${what}: ${source.label} killed when the newcomer had ${count} files`);
      source.start();
      await judge(what, stage, startedAt);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "a deleted storage comes back with empty folders",
    async () => {
      const what = "deleted storage returns";
      const stage = await scene(what);
      const { newcomer, load, cluster: running } = stage;
      newcomer.start();
      await running.allActive();
      // What only the deleted storage has goes with it: it must have handed on everything.
      await load.pause();
      await converged(running.storages, FILL_TIMEOUT_MS, load);
      await newcomer.stop();
      load.resume();
      const trackers = running.trackers.flatMap(({ address }) => ["--tracker", address]);
      await until("delete-storage succeeds", FILL_TIMEOUT_MS, async () => {
        const { code, stderr } = await fdfs(["delete-storage", ...trackers, GROUP, newcomer.host]);
        return code === 0 ? null : stderr;
      });
      rmSync(newcomer.basePath, { recursive: true });
      for (const path of [newcomer.basePath, ...newcomer.storePaths]) mkdirSync(path);
      const startedAt = Date.now();
      newcomer.start();
      await judge(what, stage, startedAt);
    },
    TEST_TIMEOUT_MS,
  );
});
