// Trackers and storages as processes in a temporary folder. It lays them out, starts them, tells whether they are ACTIVE,
// and ends them by pid even when a test fails; what is done to them meanwhile is the tests' business.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type FdfsClient } from "../../../core/client/index.ts";
import { freePort, ownAddress } from "../../interop/clusters/addresses.ts";
import { cStorage, cTracker, whyNoPeer } from "../../interop/clusters/c-cluster.ts";
import type { Maker } from "../../interop/clusters/cluster.ts";
import { fdfsStorage, fdfsTracker, whyNoFdfs } from "../../interop/clusters/fdfs-cluster.ts";
import { STATUS_ACTIVE, storageStates } from "../../interop/clusters/tracker-probe.ts";
import { takeAddress } from "./addresses.ts";
import { storageConf, trackerConf } from "./conf.ts";
import { Server } from "./server.ts";
import { until } from "./waiting.ts";

export const GROUP = "group1";
const ACTIVE_TIMEOUT_MS = 60_000;

/** Folders of clusters not stopped yet; server-process.ts kills their servers first. */
const folders = new Set<string>();
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
// A test run that is ended from outside must end its servers, too: that is done on exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Where a server runs when not on loopback: its address, and what stands before its command (`ip netns exec NAME`). */
export interface Host {
  readonly address: string;
  readonly prefix: readonly string[];
}

export interface ClusterPlan {
  /** Default: FDFS_CLUSTER_MAKER, or ours. */
  readonly maker?: Maker;
  readonly trackers: number;
  /** How many are laid out; `start` takes how many of them are started. */
  readonly storages: number;
  /** Lines of the configuration files that replace those of conf.ts. */
  readonly trackerLines?: readonly string[];
  readonly storageLines?: readonly string[];
  /** Hosts of the trackers, then of the storages. */
  readonly hosts?: readonly Host[];
}

/** The maker whose servers the tests run: FDFS_CLUSTER_MAKER=c for a comparison with C. */
function wantedMaker(): Maker {
  return process.env.FDFS_CLUSTER_MAKER === "c" ? "c" : "fdfs";
}

/** Why no cluster can be started here, or null. */
export function whyNoCluster(maker: Maker = wantedMaker()): string | null {
  return maker === "c" ? whyNoPeer() : whyNoFdfs();
}

export class ProcessCluster {
  readonly maker: Maker;
  readonly folder: string;
  readonly trackers: Server[] = [];
  readonly storages: Server[] = [];
  readonly #plan: ClusterPlan;
  readonly #clients: FdfsClient[] = [];

  private constructor(plan: ClusterPlan) {
    this.#plan = plan;
    this.maker = plan.maker ?? wantedMaker();
    this.folder = mkdtempSync(join(tmpdir(), "fdfs-cluster-"));
    folders.add(this.folder);
  }

  /** Writes folders and configuration; starts nothing. */
  static async layOut(plan: ClusterPlan): Promise<ProcessCluster> {
    const cluster = new ProcessCluster(plan);
    await cluster.#layTrackers();
    await cluster.#layStorages();
    return cluster;
  }

  /** Starts all trackers and the first `storages` storages; resolves when they are ACTIVE, leaves nothing when they are not. */
  static async start(plan: ClusterPlan, storages = plan.storages): Promise<ProcessCluster> {
    const cluster = await ProcessCluster.layOut(plan);
    try {
      for (const tracker of cluster.trackers) tracker.start();
      for (const storage of cluster.storages.slice(0, storages)) storage.start();
      await cluster.allActive();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** A client that knows all trackers; closed with the cluster. */
  client(): FdfsClient {
    const trackers = this.trackers.map(({ host, port }) => ({ hosts: [host], port }));
    const client = createClient({ trackers, connectTimeoutMs: 2000, networkTimeoutMs: 10_000 });
    this.#clients.push(client);
    return client;
  }

  get servers(): Server[] {
    return [...this.trackers, ...this.storages];
  }

  /** Waits until every running tracker gives every running storage as ACTIVE; resolves with the milliseconds. */
  allActive(timeoutMs = ACTIVE_TIMEOUT_MS): Promise<number> {
    const running = this.storages.filter((storage) => storage.isUp);
    return this.#waiting("all running storages ACTIVE", timeoutMs, async () => {
      for (const tracker of this.trackers.filter((candidate) => candidate.isUp)) {
        const states = await statesOf(tracker);
        if (typeof states === "string") return states;
        const late = running.find((storage) => states.get(storage.address) !== STATUS_ACTIVE);
        if (late !== undefined) {
          return `${tracker.label} gives ${late.label} the status ${states.get(late.address) ?? "unknown"}`;
        }
      }
      return null;
    });
  }

  /** Status of a storage as the first running tracker that answers gives it; undefined: unknown to it. */
  async statusOf(storage: Server): Promise<number | undefined> {
    for (const tracker of this.trackers.filter((candidate) => candidate.isUp)) {
      const states = await statesOf(tracker);
      if (typeof states !== "string") return states.get(storage.address);
    }
    return undefined;
  }

  /** Waits as `until` does; a server that died by itself ends the wait, and a failure shows what the servers logged. */
  async #waiting(what: string, timeoutMs: number, condition: () => Promise<string | null>): Promise<number> {
    try {
      return await until(what, timeoutMs, async () => {
        for (const server of this.servers) {
          const end = server.unexpectedEnd();
          if (end !== null) throw new Error(`${server.label} ended by itself while waiting for ${what}: ${end}`);
        }
        return condition();
      });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${this.tellingLines()}`);
    }
  }

  /** What the servers logged of trouble. */
  tellingLines(): string {
    return this.servers.map((server) => server.tellingLines()).join("\n");
  }

  /** Ends all servers; the folder goes when this process ends. */
  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.servers.map((server) => server.kill()));
  }

  /** Ends all servers and removes the folder (kept with FDFS_KEEP_FOLDERS). */
  async stop(): Promise<void> {
    await this.end();
    if (process.env.FDFS_KEEP_FOLDERS === undefined) rmSync(this.folder, { recursive: true, force: true });
    else console.log(`kept: ${this.folder}`);
    folders.delete(this.folder);
  }

  async #layTrackers(): Promise<void> {
    // Several C trackers find each other only on one address that is not loopback (see ownAddress).
    const shared = this.maker === "c" && this.#plan.trackers > 1 ? ownAddress() : null;
    for (let index = 0; index < this.#plan.trackers; index++) {
      const host = this.#plan.hosts?.[index];
      const address = host?.address ?? shared ?? takeAddress();
      const port = host === undefined ? await freePort([address]) : 22122;
      const basePath = this.#folderOf(`tracker${index}`);
      const lines = this.#plan.trackerLines ?? [];
      writeFileSync(`${basePath}.conf`, trackerConf({ host: address, port, basePath, lines }));
      const command = (this.maker === "c" ? cTracker : fdfsTracker)(`${basePath}.conf`);
      const place = { label: `tracker ${index}`, host: address, port, basePath, storePaths: [] };
      this.trackers.push(new Server({ ...place, command: [...(host?.prefix ?? []), ...command] }));
    }
  }

  async #layStorages(): Promise<void> {
    const hosts = Array.from({ length: this.#plan.storages }, (_, index): Host => {
      return this.#plan.hosts?.[this.#plan.trackers + index] ?? { address: takeAddress(), prefix: [] };
    });
    const port = this.#plan.hosts === undefined ? await freePort(hosts.map(({ address }) => address)) : 23000;
    for (const [index, { address, prefix }] of hosts.entries()) {
      const basePath = this.#folderOf(`storage${index}`);
      const storePaths = [join(basePath, "path0"), join(basePath, "path1")];
      for (const path of storePaths) mkdirSync(path);
      const trackers = this.trackers.map((tracker) => tracker.address);
      const lines = this.#plan.storageLines ?? [];
      const conf = { host: address, port, basePath, lines, groupName: GROUP, trackers, storePaths };
      writeFileSync(`${basePath}.conf`, storageConf(conf));
      const command = (this.maker === "c" ? cStorage : fdfsStorage)(`${basePath}.conf`);
      const place = { label: `storage ${index}`, host: address, port, basePath, storePaths };
      this.storages.push(new Server({ ...place, command: [...prefix, ...command] }));
    }
  }

  #folderOf(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    return path;
  }
}

/** Statuses by `host:port`, or why the tracker does not tell. */
async function statesOf(tracker: Server): Promise<Map<string, number> | string> {
  try {
    const states = await storageStates(tracker.host, tracker.port, GROUP);
    return new Map([...states].map(([address, { status }]) => [address, status]));
  } catch (error) {
    return `${tracker.label}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
