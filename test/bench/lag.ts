// How long a file takes to its replica: uploads of 4 KB in an open loop to one of two storages, and for each the time from
// its acknowledgement until it stands in the other storage's folder. `bun test/bench/lag.ts` measures our servers and, with
// FDFS_PEER_BIN, C's with the same settings, those of the shipped sample files.

import { existsSync, watch } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { encodeRequest } from "../../core/wire/command.ts";
import { uploadFile } from "../../core/wire/storage-client.ts";
import { ProcessCluster, whyNoCluster } from "../cluster/support/cluster.ts";
import type { Server } from "../cluster/support/server.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { percentile } from "./percentile.ts";

const ROUNDS = 3;
const SIZE_BYTES = 4096;
const CONNECTIONS = 16;
const HEADER_BYTES = 10;
const GROUP_BYTES = 16;
const TICK_MS = 1;
const STORE_PATH = 0;
const SUBDIRS = 4;
const ARRIVAL_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;
/** Not counted: fresh connections, cold code and caches on both sides. */
const WARM_UP_SECONDS = 3;

/** The sample files' values of everything that has to do with copying. */
const SAMPLE_LINES = [
  "sync_wait_msec = 200",
  "sync_interval = 0",
  "sync_binlog_buff_interval = 1",
  "write_mark_file_freq = 500",
  "work_threads = 4",
  "buff_size = 256KB",
];

export interface LagFigures {
  readonly maker: Maker;
  readonly uploads: number;
  readonly perSecond: number;
  /** Refused, or never answered. */
  readonly refused: number;
  /** Milliseconds from the acknowledgement to the file on the other storage; 0 where it was there before. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly greatestMs: number;
  /** Milliseconds from the time an upload was due to its acknowledgement. */
  readonly uploadP50Ms: number;
  readonly uploadP99Ms: number;
}

/** Starts a tracker and two storages, loads them for `seconds` and some more to warm up, measures, ends them. */
async function measureLag(maker: Maker, perSecond = 2000, seconds = 15): Promise<LagFigures> {
  const cluster = await ProcessCluster.start({ maker, trackers: 1, storages: 2, storageLines: SAMPLE_LINES });
  try {
    const [source, replica] = cluster.storages;
    const arrivals = new Arrivals(replica!);
    const { uploads: all, refused } = await upload(source!, perSecond, perSecond * (WARM_UP_SECONDS + seconds));
    await arrivals.all([...all.keys()]);
    const firstMs = Math.min(...[...all.values()].map(({ dueMs }) => dueMs)) + WARM_UP_SECONDS * 1000;
    const uploads = new Map([...all].filter(([, { dueMs }]) => dueMs >= firstMs));
    const elapsedMs = Math.max(...[...uploads.values()].map(({ acknowledgedMs }) => acknowledgedMs)) - firstMs;
    const lags = [...uploads].map(([name, { acknowledgedMs }]) => Math.max(0, arrivals.at(name) - acknowledgedMs));
    const waits = [...uploads.values()].map(({ acknowledgedMs, dueMs }) => acknowledgedMs - dueMs);
    const sorted = Float64Array.from(lags).sort();
    const sortedWaits = Float64Array.from(waits).sort();
    return {
      maker,
      uploads: uploads.size,
      perSecond: Math.round(uploads.size / (elapsedMs / 1000)),
      refused,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      greatestMs: sorted.at(-1) ?? Number.NaN,
      uploadP50Ms: percentile(sortedWaits, 0.5),
      uploadP99Ms: percentile(sortedWaits, 0.99),
    };
  } finally {
    // Not removed before the last measurement: ext4 avoids the numbers of files deleted within the last five minutes, and
    // looking past tens of thousands of them makes each new file cost up to a millisecond of system time.
    await cluster.end();
  }
}

/** Alternates between the makers; sorted by p99, so that the middle one of each is the median. */
export async function measureLags(makers: readonly Maker[], rounds = ROUNDS): Promise<LagFigures[][]> {
  const found: LagFigures[][] = makers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, maker] of makers.entries()) {
      const figures = await measureLag(maker);
      console.log(lagText(figures));
      found[index]!.push(figures);
    }
  }
  return found.map((all) => all.sort((a, b) => a.p99Ms - b.p99Ms));
}

function lagText(figures: LagFigures): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const { maker, uploads, perSecond, refused, p50Ms, p99Ms, greatestMs, uploadP50Ms, uploadP99Ms } = figures;
  return [
    `${maker === "c" ? "C   " : "ours"}: sync lag p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}, greatest ${ms(greatestMs)};`,
    `${uploads} uploads of ${SIZE_BYTES} bytes, ${perSecond}/s, ${refused} refused, upload p50 ${ms(uploadP50Ms)}, p99 ${ms(uploadP99Ms)}`,
  ].join(" ");
}

/** When files appear in a storage's folders, told by the system. */
class Arrivals {
  readonly #folder: string;
  readonly #seen = new Map<string, number>();
  readonly #watchers;

  constructor(storage: Server) {
    this.#folder = join(storage.storePaths[STORE_PATH]!, "data");
    const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");
    const folders = Array.from({ length: SUBDIRS ** 2 }, (_, index) => {
      return `${hex(Math.floor(index / SUBDIRS))}/${hex(index % SUBDIRS)}`;
    });
    this.#watchers = folders.map((folder) =>
      watch(join(this.#folder, folder), (_, file) => {
        const name = `M00/${folder}/${file}`;
        if (!this.#seen.has(name)) this.#seen.set(name, performance.now());
      }),
    );
  }

  /** Milliseconds by `performance.now`. */
  at(name: string): number {
    return this.#seen.get(name) ?? Number.NaN;
  }

  /** Waits until all are there. */
  async all(names: readonly string[]): Promise<void> {
    const deadline = Date.now() + ARRIVAL_TIMEOUT_MS;
    let missing = names;
    while (missing.length > 0 && Date.now() < deadline) {
      await pause(50);
      missing = missing.filter((name) => !this.#seen.has(name));
    }
    for (const watcher of this.#watchers) watcher.close();
    const unseen = missing.filter((name) => existsSync(join(this.#folder, name.slice("M00/".length)))).length;
    if (missing.length === 0) return;
    throw new Error(`${missing.length} of ${names.length} files were not seen, ${unseen} of them are there`);
  }
}

interface Upload {
  readonly dueMs: number;
  readonly acknowledgedMs: number;
}

/** Every upload begins when it is due, whether or not the earlier ones have been answered. */
async function upload(
  storage: Server,
  perSecond: number,
  count: number,
): Promise<{ uploads: Map<string, Upload>; refused: number }> {
  const uploads = new Map<string, Upload>();
  const head = encodeRequest(
    uploadFile,
    { storePathIndex: STORE_PATH, fileSize: SIZE_BYTES, fileExt: "bin" },
    { streamLength: SIZE_BYTES },
  );
  const idle = await Promise.all(Array.from({ length: CONNECTIONS }, () => Lane.open(storage)));
  const lanes = [...idle];
  const waiting: number[] = [];
  let refused = 0;
  let answered = 0;
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const serve = (): void => {
    for (let dueMs = waiting[0]; dueMs !== undefined && idle.length > 0; dueMs = waiting[0]) {
      waiting.shift();
      // In turn: a server closes a connection that sends nothing for the network timeout.
      const lane = idle.shift()!;
      const packet = Buffer.alloc(head.length + SIZE_BYTES, answered & 0xff);
      packet.set(head);
      lane.ask(packet).then((answer) => {
        if (answer === null) refused++;
        else uploads.set(answer.subarray(GROUP_BYTES).toString(), { dueMs: dueMs!, acknowledgedMs: performance.now() });
        idle.push(lane);
        if (++answered === count) resolve();
        else serve();
      }, reject);
    }
  };
  const begin = performance.now();
  let begun = 0;
  let deadline: Timer | undefined;
  const ticker = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - begin) / 1000) * perSecond));
    for (; begun < due; begun++) waiting.push(begin + (begun * 1000) / perSecond);
    serve();
    if (begun < count) return;
    clearInterval(ticker);
    deadline = setTimeout(resolve, ANSWER_TIMEOUT_MS);
  }, TICK_MS);
  try {
    await finished;
    return { uploads, refused: refused + count - answered };
  } finally {
    clearTimeout(deadline);
    clearInterval(ticker);
    for (const lane of lanes) lane.close();
  }
}

/** One connection, one request at a time. */
class Lane {
  readonly #socket: net.Socket;
  #received: Buffer = Buffer.alloc(0);
  #answer: { resolve(body: Buffer | null): void; reject(error: Error): void } | null = null;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("close", () => this.#answer?.reject(new Error("the storage closed a connection")));
  }

  static open({ host, port }: Server): Promise<Lane> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, host, () => resolve(new Lane(socket)));
      socket.on("error", reject);
    });
  }

  /** The answer's body; null when the request was refused. */
  ask(packet: Uint8Array): Promise<Buffer | null> {
    return new Promise((resolve, reject) => {
      if (this.#socket.closed) throw new Error("the storage has closed a connection");
      this.#answer = { resolve, reject };
      this.#socket.write(packet);
    });
  }

  close(): void {
    this.#answer = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#received.length < HEADER_BYTES) return;
    const end = HEADER_BYTES + Number(this.#received.readBigInt64BE(0));
    if (this.#received.length < end) return;
    const body = this.#received[9] === 0 ? this.#received.subarray(HEADER_BYTES, end) : null;
    this.#received = Buffer.alloc(0);
    const answer = this.#answer;
    this.#answer = null;
    answer?.resolve(body);
  }
}

if (import.meta.main) {
  const makers = (["fdfs", "c"] as const).filter((maker) => {
    const missing = whyNoCluster(maker);
    if (missing !== null) console.log(`${maker}: skipped: ${missing}`);
    return missing === null;
  });
  await measureLags(makers, Number(process.argv[2] ?? ROUNDS));
  process.exit(0);
}
