// Whether large transfers starve small ones: 4 KB downloads alone, and while uploads of 1 GB go on over one connection.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { LoadReport } from "../../core/bench/report.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { freeBytes, settleDisk } from "./disk.ts";
import { freshPath } from "./folders.ts";
import { median } from "./percentile.ts";
import { Site } from "./site.ts";
import { uploadLarge } from "./transfer.ts";

const GIGABYTE = 2 ** 30;
const FILES = 1000;
/** A load that leaves the processors room: what is late then waits for the storage and not for the load program. */
const RATE = 2000;
const TIMED = ["--duration", "4s", "--warm-up", "500ms"];

interface Pair {
  readonly loop: "open" | "closed";
  readonly aloneP99Us: number;
  readonly besideP99Us: number;
  readonly alonePerSecond: number;
  readonly besidePerSecond: number;
}

export interface FairnessFigures {
  readonly maker: Maker;
  readonly uploadBytes: number;
  /** Of the uploads while the open loop ran. */
  readonly uploadMegabytesPerSecond: number;
  readonly pairs: readonly Pair[];
}

export async function measureFairness(makers: readonly Maker[], rounds: number): Promise<FairnessFigures[]> {
  const all: FairnessFigures[] = [];
  for (const maker of makers) {
    const site = await Site.start(maker);
    try {
      all.push(await measureSite(site, rounds));
    } finally {
      await site.stop();
    }
  }
  return all;
}

const p99 = ({ latencyMicroseconds }: LoadReport): number => latencyMicroseconds.p99;
const speed = ({ operationsPerSecond }: LoadReport): number => operationsPerSecond;

async function measureSite(site: Site, rounds: number): Promise<FairnessFigures> {
  const uploadBytes = freeBytes() > 20 * GIGABYTE ? GIGABYTE : GIGABYTE / 8;
  const names = freshPath("names");
  const count = ["--count", String(FILES), "--warm-up", "0", "--names-out", names, "--keep"];
  await runBench([...site.storageOptions, "--operation", "upload", "--size", "4K", ...count]);
  const load = ["--operation", "download", "--names", names, "--connections", "16", ...TIMED];
  const pairs: Pair[] = [];
  const speeds: number[] = [];
  for (const loop of ["open", "closed"] as const) {
    const options = [...site.storageOptions, ...load, ...(loop === "open" ? ["--rate", String(RATE)] : [])];
    const alone: LoadReport[] = [];
    const beside: LoadReport[] = [];
    for (let round = 0; round < rounds; round++) {
      settleDisk();
      alone.push(await runBench(options));
      const { result, megabytesPerSecond } = await whileUploading(site, uploadBytes, () => runBench(options));
      beside.push(result);
      if (loop === "open") speeds.push(megabytesPerSecond);
    }
    pairs.push({
      loop,
      aloneP99Us: median(alone.map(p99)),
      besideP99Us: median(beside.map(p99)),
      alonePerSecond: Math.round(median(alone.map(speed))),
      besidePerSecond: Math.round(median(beside.map(speed))),
    });
  }
  const uploadMegabytesPerSecond = Math.round(median(speeds));
  return { maker: site.maker, uploadBytes, uploadMegabytesPerSecond, pairs };
}

/** One upload after the other until `work` is done; the last one is finished before this resolves. */
async function whileUploading(
  site: Site,
  uploadBytes: number,
  work: () => Promise<LoadReport>,
): Promise<{ result: LoadReport; megabytesPerSecond: number }> {
  const state = { isDone: false };
  const begin = performance.now();
  const uploads = (async () => {
    const names: string[] = [];
    while (!state.isDone) names.push(await uploadLarge(site.storage, uploadBytes));
    return names;
  })();
  try {
    const result = await work();
    state.isDone = true;
    const names = await uploads;
    const megabytes = (names.length * uploadBytes) / 2 ** 20;
    const megabytesPerSecond = megabytes / ((performance.now() - begin) / 1000);
    for (const name of names) rmSync(join(site.storage.basePath, name.replace(/^M00/, "data")));
    return { result, megabytesPerSecond };
  } finally {
    state.isDone = true;
  }
}
