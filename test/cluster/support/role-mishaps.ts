// Mishaps of the trunk server, from one seed: it is killed (-9) and comes back soon or late, another one is appointed
// meanwhile by election or by hand, or it is frozen until the role has moved, and thinks that it has it still.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ProcessCluster } from "./cluster.ts";
import { Random } from "./random.ts";
import type { Server } from "./server.ts";
import { appoint, appointed } from "./trunk-server.ts";

const BETWEEN_MS = [3000, 6500] as const;
/** So many mishaps come one after the other; then it is quiet, until inherited space is used again. */
const STORM = [3, 6] as const;
const QUIET_MS = [11_000, 14_000] as const;
/** Shorter than an election takes. */
const SHORT_MS = [200, 1200] as const;
/** Longer than an election takes. */
const LONG_MS = [5500, 8000] as const;
const MIDDLE_MS = [1000, 3000] as const;

type Mishap =
  | "brief death"
  | "long death"
  | "death and appointment"
  | "freeze"
  | "death of another"
  | "death of the tracker";
/** As likely as often they stand here. */
const WHEEL: readonly Mishap[] = [
  ...(["brief death", "brief death", "long death", "long death"] as const),
  ...(["death and appointment", "death and appointment", "freeze", "freeze"] as const),
  ...(["death of another", "death of the tracker"] as const),
];

export class RoleMishaps {
  readonly #cluster: ProcessCluster;
  readonly #random: Random;
  readonly #abort = new AbortController();
  readonly #returns = new Set<Promise<void>>();
  readonly #counts = new Map<Mishap, number>();
  #refusedAppointments = 0;
  #running: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(cluster: ProcessCluster, seed: number) {
    this.#cluster = cluster;
    this.#random = new Random(seed ^ 0x5eed);
  }

  start(): void {
    this.#running = this.#run();
    this.#running.catch(() => {});
  }

  /** Ends the mishaps and brings everything back; throws when a server had died by itself. */
  async heal(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await Promise.all(this.#returns);
    if (this.#failure !== null) throw this.#failure;
  }

  /** Mishaps by kind, and how often the role moved. */
  report(): string {
    const counts = [...this.#counts].map(([mishap, count]) => `${mishap} ${count}`).join(", ");
    return `${counts}; ${this.#refusedAppointments} appointments refused; the role moved ${this.moves} times`;
  }

  get kills(): number {
    return [...this.#counts].reduce((sum, [mishap, count]) => sum + (mishap === "freeze" ? 0 : count), 0);
  }

  /** Changes that the tracker has logged. */
  get moves(): number {
    const log = join(this.#cluster.trackers[0]!.basePath, "logs", "trunk_server_change.log");
    const lines = readFileSync(log, "utf8").split("\n");
    return lines.filter((line) => /=> +[^-]/.test(line)).length - 1;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let left = this.#random.between(...STORM);
    while (!signal.aborted) {
      const isQuiet = left-- === 0;
      const [least, most] = isQuiet ? QUIET_MS : BETWEEN_MS;
      await pause(this.#random.between(least, most), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      if (isQuiet) left = this.#random.between(...STORM);
      this.#lookForDeaths();
      const current = await appointed(this.#cluster);
      const others = this.#cluster.storages.filter((storage) => storage !== current && isWell(storage));
      if (current === null || !isWell(current) || others.length === 0) continue;
      const mishap = this.#random.pick(WHEEL)!;
      this.#counts.set(mishap, (this.#counts.get(mishap) ?? 0) + 1);
      await this.#happen(mishap, current, this.#random.pick(others)!);
    }
  }

  async #happen(mishap: Mishap, current: Server, other: Server): Promise<void> {
    const tracker = this.#cluster.trackers[0]!;
    const victim = mishap === "death of another" ? other : mishap === "death of the tracker" ? tracker : current;
    if (mishap === "freeze") {
      victim.freeze();
      this.#later(LONG_MS, () => victim.thaw());
      return;
    }
    await victim.kill();
    const away = mishap === "brief death" ? SHORT_MS : mishap === "long death" ? LONG_MS : MIDDLE_MS;
    this.#later(away, () => victim.start());
    if (mishap === "death and appointment" && (await appoint(this.#cluster, other)) !== 0) this.#refusedAppointments++;
  }

  /** At the latest when everything is healed. */
  #later(afterMs: readonly [number, number], act: () => void): void {
    const { signal } = this.#abort;
    const waiting = pause(this.#random.between(...afterMs), undefined, { signal }).catch(() => {});
    const back = waiting.then(act);
    this.#returns.add(back);
    back.finally(() => this.#returns.delete(back));
  }

  /** A server that ends without being killed is a finding, not a mishap. */
  #lookForDeaths(): void {
    for (const server of this.#cluster.servers) {
      const end = server.unexpectedEnd();
      if (end === null) continue;
      this.#failure ??= new Error(`${server.label} ended by itself: ${end}\n${server.tellingLines()}`);
    }
  }
}

const isWell = ({ isUp, isFrozen }: Server): boolean => isUp && !isFrozen;
