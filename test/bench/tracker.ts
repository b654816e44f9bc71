// A tracker with 1,000 groups of three simulated storages: its processor time and memory under their signs of life, and
// the queries it answers meanwhile.

import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { formatFileId, formatFileName } from "../../core/fileid/file-id.ts";
import { addressBytes } from "../../core/fileid/source-address.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { freshPath } from "./folders.ts";
import { Joiner, STORAGE_PORT, VERSION } from "./joiner.ts";
import { cpuSeconds, residentBytes } from "./process-facts.ts";
import { Site } from "./site.ts";
import { trackerState } from "./tracker-state.ts";

const GROUPS = Number(process.env.BENCH_GROUPS ?? 1000);
/** Of the samples: every storage, every 30 s. */
const BEAT_SECONDS = Number(process.env.BENCH_BEAT_SECONDS ?? 30);
/** One for each storage of a group: outside the addresses given to servers. */
const ADDRESSES = ["127.0.60.1", "127.0.60.2", "127.0.60.3"];
/** The sample's 256 would refuse them; nothing else differs from the samples. */
const MAX_CONNECTIONS = 4096;
const AT_ONCE = 100;
const SETTLE_MS = 3000;
const WATCH_MS = 15_000;
const TIMED = ["--connections", "16", "--duration", "3s", "--warm-up", "500ms"];

interface QueryFigures {
  readonly perSecond: number;
  readonly p99Us: number;
  readonly cpuUs: number;
}

export interface TrackerFigures {
  readonly maker: Maker;
  readonly groups: number;
  readonly storages: number;
  readonly beatSeconds: number;
  /** From the first join until all were ACTIVE: storages that the tracker knew, after it was started again. */
  readonly joinSeconds: number;
  /** Percent of one processor. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly queryStore: QueryFigures;
  readonly queryFetch: QueryFigures;
}

export async function measureTracker(makers: readonly Maker[]): Promise<TrackerFigures[]> {
  const all: TrackerFigures[] = [];
  for (const maker of makers) {
    const known = Array.from({ length: GROUPS }, (_, index) => ({ name: groupName(index), addresses: ADDRESSES }));
    const site = await Site.start(maker, {
      storages: 0,
      trackerValues: { max_connections: MAX_CONNECTIONS },
      trackerData: trackerState(known, STORAGE_PORT, VERSION),
    });
    try {
      all.push(await measureSite(site));
    } finally {
      await site.stop();
    }
  }
  return all;
}

const groupName = (index: number): string => `g${String(index).padStart(4, "0")}`;

async function measureSite({ maker, tracker }: Site): Promise<TrackerFigures> {
  const joiners = Array.from({ length: GROUPS * ADDRESSES.length }, (_, index) => {
    const address = ADDRESSES[index % ADDRESSES.length]!;
    return new Joiner({ tracker, address, groupName: groupName(Math.floor(index / ADDRESSES.length)) });
  });
  const failures: Error[] = [];
  try {
    const begin = performance.now();
    for (let at = 0; at < joiners.length; at += AT_ONCE) {
      await Promise.all(joiners.slice(at, at + AT_ONCE).map((joiner) => joiner.join()));
    }
    console.log(`${maker}: ${joiners.length} storages joined`);
    const joinSeconds = (performance.now() - begin) / 1000;
    for (const [index, joiner] of joiners.entries()) {
      joiner.beatEvery(BEAT_SECONDS * 1000, (index / joiners.length) * BEAT_SECONDS * 1000, (error) =>
        failures.push(error),
      );
    }
    await pause(SETTLE_MS);
    const cpu = cpuSeconds(tracker.pid);
    await pause(WATCH_MS);
    const cpuPercent = ((cpuSeconds(tracker.pid) - cpu) / (WATCH_MS / 1000)) * 100;
    const rssBytes = residentBytes(tracker.pid);
    const target = ["--tracker", tracker.address, "--pid", String(tracker.pid), ...TIMED];
    const queryStore = figures(await runBench([...target, "--operation", "query"]));
    const queryFetch = figures(await runBench([...target, "--operation", "query-fetch", "--names", fileNames()]));
    if (failures.length > 0)
      throw new Error(`${failures.length} signs of life failed, the first: ${failures[0]!.message}`);
    const sizes = { groups: GROUPS, storages: joiners.length, beatSeconds: BEAT_SECONDS };
    return { maker, ...sizes, joinSeconds, cpuPercent, rssBytes, queryStore, queryFetch };
  } finally {
    for (const joiner of joiners) joiner.leave();
  }
}

function figures(result: Awaited<ReturnType<typeof runBench>>): QueryFigures {
  return {
    perSecond: Math.round(result.operationsPerSecond),
    p99Us: result.latencyMicroseconds.p99,
    cpuUs: Number((result.cpuMicrosecondsPerOperation ?? Number.NaN).toFixed(1)),
  };
}

/** A list with one old file of the first storage of each group. */
function fileNames(): string {
  const path = freshPath("names");
  const source = addressBytes(ADDRESSES[0]!);
  const timestamp = Math.floor(Date.now() / 1000) - 86_400;
  const ids = Array.from({ length: GROUPS }, (_, index) => {
    const facts = { source, timestamp, kind: "normal", size: 4096, crc32: index, ext: "bin" } as const;
    const name = formatFileName({ ...facts, blockRandom: index, tailRandom: index });
    return formatFileId(groupName(index), `M00/00/00/${name}`);
  });
  writeFileSync(path, `${ids.join("\n")}\n`);
  return path;
}
