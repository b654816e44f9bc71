// Kills servers at random and starts them again, from one seed: never all storages at once, never all trackers at once.

import { setTimeout as pause } from "node:timers/promises";
import type { ProcessCluster } from "./cluster.ts";
import { Random } from "./random.ts";
import type { Server } from "./server.ts";

const BETWEEN_MS = [1000, 3000] as const;
const AWAY_MS = [200, 2000] as const;

export class Mishaps {
  readonly #cluster: ProcessCluster;
  readonly #random: Random;
  readonly #abort = new AbortController();
  readonly #returns = new Set<Promise<void>>();
  #running: Promise<void> | null = null;
  #failure: Error | null = null;
  storageKills = 0;
  trackerKills = 0;

  constructor(cluster: ProcessCluster, seed: number) {
    this.#cluster = cluster;
    this.#random = new Random(seed ^ 0x5eed);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the killing and starts everything that is down; throws when a server had died by itself. */
  async heal(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await Promise.all(this.#returns);
    if (this.#failure !== null) throw this.#failure;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await pause(this.#random.between(...BETWEEN_MS), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.#lookForDeaths();
      const victim = this.#random.pick(this.#cluster.servers.filter((server) => this.#mayGo(server)));
      if (victim === undefined) continue;
      if (victim.storePaths.length > 0) this.storageKills++;
      else this.trackerKills++;
      await victim.kill();
      const back = this.#return(victim, this.#random.between(...AWAY_MS));
      this.#returns.add(back);
      back.finally(() => this.#returns.delete(back));
    }
  }

  async #return(victim: Server, afterMs: number): Promise<void> {
    await pause(afterMs, undefined, { signal: this.#abort.signal }).catch(() => {});
    victim.start();
  }

  #mayGo(server: Server): boolean {
    const { storages, trackers } = this.#cluster;
    const kind = storages.includes(server) ? storages : trackers;
    return server.isUp && kind.filter(({ isUp }) => isUp).length > 1;
  }

  /** A server that ends without being killed is a finding, not a mishap. */
  #lookForDeaths(): void {
    for (const server of this.#cluster.servers) {
      const end = server.unexpectedEnd();
      if (end !== null)
        this.#failure ??= new Error(`${server.label} ended by itself: ${end}\n${server.tellingLines()}`);
    }
  }
}
