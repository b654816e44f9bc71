// Whether large transfers starve small ones: 4 KB downloads alone, and while uploads of 1 GB go on over one connection.

import type { LoadReport } from "../../core/bench/report.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { freeBytes } from "./disk.ts";
import { freshPath } from "./folders.ts";
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

export async function measureFairness(makers: readonly Maker[]): Promise<FairnessFigures[]> {
  const all: FairnessFigures[] = [];
  for (const maker of makers) {
    const site = await Site.start(maker);
    try {
      all.push(await measureSite(site));
    } finally {
      await site.stop();
    }
  }
  return all;
}

async function measureSite(site: Site): Promise<FairnessFigures> {
  const uploadBytes = freeBytes() > 40 * GIGABYTE ? GIGABYTE : GIGABYTE / 8;
  const names = freshPath("names");
  const count = ["--count", String(FILES), "--warm-up", "0", "--names-out", names, "--keep"];
  await runBench([...site.storageOptions, "--operation", "upload", "--size", "4K", ...count]);
  const download = (...more: string[]): Promise<LoadReport> =>
    runBench([
      ...site.storageOptions,
      "--operation",
      "download",
      "--names",
      names,
      "--connections",
      "16",
      ...TIMED,
      ...more,
    ]);
  const pairs: Pair[] = [];
  let megabytesPerSecond = 0;
  for (const loop of ["open", "closed"] as const) {
    const options = loop === "open" ? ["--rate", String(RATE)] : [];
    const alone = await download(...options);
    const { result: beside, megabytesPerSecond: speed } = await whileUploading(site, uploadBytes, () =>
      download(...options),
    );
    if (loop === "open") megabytesPerSecond = Math.round(speed);
    pairs.push({
      loop,
      aloneP99Us: alone.latencyMicroseconds.p99,
      besideP99Us: beside.latencyMicroseconds.p99,
      alonePerSecond: Math.round(alone.operationsPerSecond),
      besidePerSecond: Math.round(beside.operationsPerSecond),
    });
  }
  return { maker: site.maker, uploadBytes, uploadMegabytesPerSecond: megabytesPerSecond, pairs };
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
    let count = 0;
    while (!state.isDone) {
      await uploadLarge(site.storage, uploadBytes);
      count++;
    }
    return count;
  })();
  try {
    const result = await work();
    state.isDone = true;
    const megabytes = ((await uploads) * uploadBytes) / 2 ** 20;
    return { result, megabytesPerSecond: megabytes / ((performance.now() - begin) / 1000) };
  } finally {
    state.isDone = true;
  }
}
