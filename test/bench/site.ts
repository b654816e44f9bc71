// A tracker and its storages of one maker, configured by the shipped samples with other paths, addresses and ports. It
// starts them, waits until they serve, and ends them; their folders stay (folders.ts).

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../cluster/support/waiting.ts";
import { freePort, takeAddress } from "../interop/clusters/addresses.ts";
import { whyNoPeer } from "../interop/clusters/c-cluster.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { whyNoFdfs } from "../interop/clusters/fdfs-cluster.ts";
import { answers, groupState } from "../interop/clusters/tracker-probe.ts";
import { freshFolder } from "./folders.ts";
import { sampleConf, type Values } from "./sample-conf.ts";
import { Server } from "./server.ts";

export const GROUP = "group1";
/** A pair of C storages with the samples' intervals takes more than a minute. */
const READY_TIMEOUT_MS = 180_000;

export interface SitePlan {
  readonly storages?: number;
  /** Lines of the samples that a measurement has to change, and why is said in its report. */
  readonly trackerValues?: Values;
  readonly storageValues?: Values;
  /** Texts of files in the tracker's `data` folder before it starts. */
  readonly trackerData?: Readonly<Record<string, string>>;
}

/** Why the servers of this maker cannot be measured here, or null. */
export function whyNoSite(maker: Maker): string | null {
  return maker === "c" ? whyNoPeer() : whyNoFdfs();
}

export class Site {
  readonly maker: Maker;
  readonly tracker: Server;
  readonly storages: readonly Server[];
  /** Path of a client.conf that names the tracker. */
  readonly clientConf: string;

  private constructor(maker: Maker, tracker: Server, storages: readonly Server[], clientConf: string) {
    this.maker = maker;
    this.tracker = tracker;
    this.storages = storages;
    this.clientConf = clientConf;
  }

  static async start(maker: Maker, plan: SitePlan = {}): Promise<Site> {
    const site = await Site.#layOut(maker, plan);
    try {
      site.tracker.start();
      await site.waiting(`the tracker of ${maker}`, () => answering(site.tracker));
      for (const storage of site.storages) storage.start();
      await site.active();
      return site;
    } catch (error) {
      await site.stop();
      throw error;
    }
  }

  static async #layOut(maker: Maker, plan: SitePlan): Promise<Site> {
    const folder = freshFolder(maker);
    const place = async (name: string, hosts: readonly string[]) => {
      const basePath = join(folder, name);
      mkdirSync(basePath);
      return { host: hosts[0]!, port: await freePort(hosts), basePath };
    };
    const home = await place("tracker", [takeAddress()]);
    const tracker = new Server("tracker", maker, home, plan.trackerValues ?? {});
    mkdirSync(join(home.basePath, "data"));
    for (const [name, text] of Object.entries(plan.trackerData ?? {})) {
      writeFileSync(join(home.basePath, "data", name), text);
    }
    const hosts = Array.from({ length: plan.storages ?? 1 }, takeAddress);
    const port = hosts.length === 0 ? 0 : await freePort(hosts);
    const storages = hosts.map((host, index) => {
      const basePath = join(folder, `storage${index}`);
      mkdirSync(basePath);
      const values = { store_path0: basePath, tracker_server: tracker.address, ...plan.storageValues };
      return new Server("storage", maker, { host, port, basePath }, values);
    });
    const clientConf = join(folder, "client.conf");
    writeFileSync(clientConf, sampleConf("client", { base_path: folder, tracker_server: tracker.address }));
    return new Site(maker, tracker, storages, clientConf);
  }

  get storage(): Server {
    return this.storages[0]!;
  }

  /** Options of `fdfs bench` that name the first storage. */
  get storageOptions(): string[] {
    return ["--storage", this.storage.address, "--group", GROUP];
  }

  /** Resolves when all storages are ACTIVE and the group takes uploads. */
  async active(): Promise<void> {
    if (this.storages.length === 0) return;
    const { host, port } = this.tracker;
    await this.waiting(`the storages of ${this.maker}`, async () => {
      const state = await groupState(host, port, GROUP, this.storages.length);
      return state === "ready" ? null : state;
    });
  }

  /** Stops the first storage, changes lines of its configuration and starts it; resolves when it serves. */
  async restartStorage(values: Values = {}): Promise<void> {
    await this.storage.stop();
    this.storage.start(values);
    // The tracker may call it ACTIVE still: what counts is the storage's own answer.
    await this.waiting(`the storage of ${this.maker}`, () => answering(this.storage));
    await this.active();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.storages, this.tracker].map((server) => server.stop()));
  }

  /** Resolves when `condition` gives null; throws when that takes minutes or a server ended. */
  async waiting(what: string, condition: () => Promise<string | null>): Promise<void> {
    await until(what, READY_TIMEOUT_MS, () => {
      const trouble = [this.tracker, ...this.storages].map((server) => server.trouble()).find((text) => text !== null);
      if (trouble !== undefined) throw new Error(`Waiting for ${what}: ${trouble}`);
      return condition();
    });
  }
}

function answering({ host, port }: Server): Promise<string | null> {
  return answers(host, port).then(
    () => null,
    (error: Error) => error.message,
  );
}
