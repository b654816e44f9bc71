// How much memory a storage takes: doing nothing, with many connections, with readers that stall, and within one large
// transfer. The process is started afresh for each, so that no measurement inherits what an earlier one left.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { connect, type Socket } from "../../core/runtime/index.ts";
import { encodeRequest } from "../../core/wire/command.ts";
import { activeTest } from "../../core/wire/common-commands.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { runBench } from "./bench-command.ts";
import { freeBytes } from "./disk.ts";
import { mostResident, residentBytes } from "./process-facts.ts";
import { Site } from "./site.ts";
import { downloadLarge, stalledDownload, uploadLarge } from "./transfer.ts";

const MEGABYTE = 2 ** 20;
/** The sample's 256 would refuse them; nothing else differs from the samples. */
const MAX_CONNECTIONS = 10_500;
/** Descriptors of a process besides its idle connections. */
const OTHER_FILES = 500;
const BUSY = 1000;
const IDLE = 10_000;
const STALLED = 200;
const STALLED_FILE_BYTES = 64 * MEGABYTE;
const STALLED_FILES = 4;
const QUIET_MS = 2000;
const AT_ONCE = 250;
const CONNECT_TIMEOUT_MS = 30_000;

export interface MemoryFigures {
  readonly maker: Maker;
  /** Bytes resident: after the start, and the most within the scenario. */
  readonly scenarios: readonly { readonly name: string; readonly idleBytes: number; readonly mostBytes: number }[];
}

type Scenario = readonly [name: string, work: (site: Site) => Promise<unknown>];

export async function measureMemory(makers: readonly Maker[]): Promise<MemoryFigures[]> {
  const idleCount = Math.min(IDLE, openFiles() - OTHER_FILES);
  if (idleCount < IDLE) console.log(`${idleCount} instead of ${IDLE} idle connections: ulimit -n is ${openFiles()}`);
  const transferBytes = freeBytes() > 20 * 2 ** 30 ? 2 * 2 ** 30 : 256 * MEGABYTE;
  const transferText = `${transferBytes / MEGABYTE} MB`;
  let largeName = "";
  let stalledNames: string[] = [];
  const scenarios: Scenario[] = [
    ["idle", () => pause(QUIET_MS)],
    [`${BUSY} busy connections`, (site) => busy(site)],
    [`${idleCount} idle connections`, ({ storage }) => idle(storage, idleCount)],
    [
      `upload of ${transferText}`,
      async ({ storage }) => {
        largeName = await uploadLarge(storage, transferBytes);
      },
    ],
    [`download of ${transferText}`, ({ storage }) => downloadLarge(storage, largeName)],
    [`${STALLED} stalled readers of 64 MB files`, ({ storage }) => stalled(storage, stalledNames)],
  ];
  const all: MemoryFigures[] = [];
  for (const maker of makers) {
    const site = await Site.start(maker, { storageValues: { max_connections: MAX_CONNECTIONS } });
    const found: MemoryFigures["scenarios"][number][] = [];
    try {
      stalledNames = [];
      for (let index = 0; index < STALLED_FILES; index++) {
        stalledNames.push(await uploadLarge(site.storage, STALLED_FILE_BYTES));
      }
      for (const [name, work] of scenarios) {
        await site.restartStorage();
        await pause(QUIET_MS);
        const { pid } = site.storage;
        const idleBytes = residentBytes(pid);
        found.push({ name, idleBytes, mostBytes: await mostResident(pid, () => work(site)) });
        console.log(`${maker}: ${name}: ${idleBytes} -> ${found.at(-1)!.mostBytes} bytes resident`);
      }
    } finally {
      await site.stop();
    }
    all.push({ maker, scenarios: found });
  }
  return all;
}

async function busy({ storageOptions }: Site): Promise<void> {
  const load = ["--operation", "mixed", "--mix", "upload=1,download=4", "--size", "4K", "--files", "1000", "--keep"];
  await runBench([...storageOptions, ...load, "--connections", String(BUSY), "--duration", "3s", "--warm-up", "500ms"]);
}

/** Each has been served once and then waits, as those of a client's pool do. */
async function idle({ host, port }: Site["storage"], count: number): Promise<void> {
  const sockets: Socket[] = [];
  const request = encodeRequest(activeTest, {});
  try {
    while (sockets.length < count) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () => {
        return new Promise<Socket>((resolve, reject) => {
          const handlers = (socket: Socket) => ({
            data: () => resolve(socket),
            drain: () => {},
            close: () => reject(new Error(`${host}:${port} closed an idle connection`)),
          });
          connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS, handlers }).then(
            (socket) => socket.write(request),
            reject,
          );
        });
      });
      sockets.push(...(await Promise.all(some)));
    }
    await pause(QUIET_MS);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function stalled(storage: Site["storage"], names: readonly string[]): Promise<void> {
  const sockets = await Promise.all(
    Array.from({ length: STALLED }, (_, index) => stalledDownload(storage, names[index % names.length]!)),
  );
  await pause(2 * QUIET_MS);
  for (const socket of sockets) socket.destroy();
}

/** The soft limit; `make bench` raises it as far as it may. */
function openFiles(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? 1024);
}
