// How fast a storage catches up: one of two is stopped, the other takes 20,000 files of 4 KB, then the stopped one comes
// back. How long a single file takes under load is measured by lag.ts.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { settleDisk } from "./disk.ts";
import { freshPath } from "./folders.ts";
import { cpuSeconds } from "./process-facts.ts";
import { Site } from "./site.ts";

const FILES = 20_000;
const POLL_MS = 5;
const TIMEOUT_MS = 180_000;
/** Two storages with the samples' 30 s need more than a minute to become ACTIVE; copying does not depend on it. */
const STORAGE_VALUES = { heart_beat_interval: 1 };

export interface CatchUpFigures {
  readonly maker: Maker;
  readonly files: number;
  /** From the start of the replica to its first file. */
  readonly secondsToFirst: number;
  /** From the first file to the last. */
  readonly filesPerSecond: number;
  /** Of both storages together, for each file copied. */
  readonly cpuUs: number;
}

/** One round each: C needs almost a minute for its own. */
export async function measureCatchUp(makers: readonly Maker[]): Promise<CatchUpFigures[]> {
  const all: CatchUpFigures[] = [];
  for (const maker of makers) all.push(await catchUp(maker));
  return all;
}

async function catchUp(maker: Maker): Promise<CatchUpFigures> {
  const site = await Site.start(maker, { storages: 2, storageValues: STORAGE_VALUES });
  try {
    const [source, replica] = site.storages;
    await replica!.stop();
    const names = freshPath("names");
    const count = ["--count", String(FILES), "--warm-up", "0", "--connections", "16", "--names-out", names, "--keep"];
    await runBench([...site.storageOptions, "--operation", "upload", "--size", "4K", ...count]);
    const paths = readFileSync(names, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((id) => join(replica!.basePath, "data", id.slice(id.indexOf("/") + 1 + "M00/".length)));
    settleDisk();
    const sourceCpu = cpuSeconds(source!.pid);
    const startedMs = performance.now();
    replica!.start();
    let firstMs = 0;
    for (let arrived = 0; arrived < paths.length; ) {
      // In the order of the uploads, which is about the order of the copies.
      while (arrived < paths.length && existsSync(paths[arrived]!)) arrived++;
      if (arrived > 0 && firstMs === 0) firstMs = performance.now();
      if (performance.now() - startedMs > TIMEOUT_MS) {
        throw new Error(`${maker}: ${arrived} of ${paths.length} files came within ${TIMEOUT_MS / 1000} s`);
      }
      await pause(POLL_MS);
    }
    const lastMs = performance.now();
    const cpu = cpuSeconds(source!.pid) - sourceCpu + cpuSeconds(replica!.pid);
    return {
      maker,
      files: paths.length,
      secondsToFirst: (firstMs - startedMs) / 1000,
      filesPerSecond: Math.round(paths.length / ((lastMs - firstMs) / 1000)),
      cpuUs: Math.round((cpu * 1e6) / paths.length),
    };
  } finally {
    await site.stop();
  }
}
