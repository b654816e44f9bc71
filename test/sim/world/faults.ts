// What goes wrong in a run, drawn from its seed: crashes, at once or in the middle of something, partitions, bad weather.

import type { Network } from "./network.ts";
import { CALM } from "./network.ts";
import { CLIENT, STORAGES, TRACKERS } from "./places.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** A server that can die and come back. */
interface Mortal {
  readonly isRunning: boolean;
  start(): void;
  kill(): void;
  doom(steps: number): void;
}

export interface FaultParts {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: Network;
  readonly trace: Trace;
  readonly storages: readonly Mortal[];
  readonly trackers: readonly Mortal[];
}

const KINDS = { killStorage: 4, doomStorage: 6, killTracker: 2, doomTracker: 1, cut: 4, isolate: 2, weather: 4 };
const PLACES = [...STORAGES, ...TRACKERS, CLIENT];
const AWAY_MS = 12_000;
const STEPS = 120;

/** Plans faults between two moments; each ends by itself, and everything does at the end. */
export function planFaults(parts: FaultParts, fromMs: number, toMs: number): void {
  const { scheduler, random } = parts;
  const meanMs = random.pick([1500, 3000, 6000]);
  for (let at = fromMs; at < toMs; at += random.next() * 2 * meanMs) {
    scheduler.after(at - scheduler.nowMs, () => strike(parts));
  }
  scheduler.after(toMs - scheduler.nowMs, () => {
    parts.trace.note("faults", () => "everything is mended");
    parts.network.weather = CALM;
    parts.network.heal();
    for (const server of [...parts.storages, ...parts.trackers]) {
      server.doom(Number.POSITIVE_INFINITY);
      server.start();
    }
  });
}

function strike({ scheduler, random, network, trace, storages, trackers }: FaultParts): void {
  const comesBack = (server: Mortal): void => scheduler.after(random.next() * AWAY_MS, () => server.start());
  const kind = random.weighted(KINDS);
  switch (kind) {
    case "killStorage":
    case "killTracker": {
      const server = random.pick(kind === "killStorage" ? storages : trackers);
      if (!server.isRunning) return;
      server.kill();
      comesBack(server);
      return;
    }
    case "doomStorage":
    case "doomTracker": {
      const server = random.pick(kind === "doomStorage" ? storages : trackers);
      if (!server.isRunning) return;
      server.doom(random.between(1, STEPS));
      // Started if it has died by then; otherwise it goes on with its doom.
      comesBack(server);
      return;
    }
    case "cut": {
      const [a, b] = [random.pick(PLACES), random.pick(PLACES)];
      if (a === b) return;
      trace.note("faults", () => `no way between ${a} and ${b}`);
      network.cut(a, b);
      scheduler.after(random.next() * AWAY_MS, () => network.heal());
      return;
    }
    case "isolate": {
      const alone = random.pick(PLACES);
      trace.note("faults", () => `${alone} is alone`);
      for (const other of PLACES) if (other !== alone) network.cut(alone, other);
      scheduler.after(random.next() * AWAY_MS, () => network.heal());
      return;
    }
    case "weather":
      network.weather = {
        loss: random.pick([0, 0.02, 0.1]),
        late: random.pick([0, 0.02, 0.1]),
        usualMs: random.pick([2, 5, 50, 300]),
      };
      trace.note("faults", () => `weather ${JSON.stringify(network.weather)}`);
      return;
  }
}
