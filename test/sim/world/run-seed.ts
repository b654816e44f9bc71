// One run: three storages, two trackers and some clients, faults for a while, then rest; and what must be true at the end.

import { StorageStatus, storageStatusName } from "../../../core/wire/storage-status.ts";
import { Client } from "../clients/client.ts";
import { Ledger } from "../clients/ledger.ts";
import { contentOf } from "../storage/client-operations.ts";
import { REAL_RULES, type Rules } from "../storage/rules.ts";
import { SimStorage } from "../storage/sim-storage.ts";
import { SimTracker, TRACKER_SETTINGS } from "../tracker/sim-tracker.ts";
import { planFaults } from "./faults.ts";
import { FillingWatch } from "./filling-watch.ts";
import { Life } from "./life.ts";
import { Network } from "./network.ts";
import { CLIENT, STORAGES, TRACKERS } from "./places.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";

const FAULTS_FROM_MS = 6000;
const FAULTS_MS = 40_000;
/** Nothing that was sent before the mending is under way longer. */
const SETTLE_MS = 17_000;
const QUIET_MS = 3000;
const PATIENCE_MS = 300_000;
const SKEW_SECONDS = 90;
const CLIENTS = ["a", "b", "c", "d"];
const OPERATIONS = 60;

export interface RunOptions {
  readonly rules?: Rules;
  readonly isTraced?: boolean;
  readonly resets?: boolean;
}

export interface RunResult {
  readonly seed: number;
  /** Empty: all is well. */
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly acknowledged: number;
  readonly events: number;
  readonly files: number;
  /** New storages that were filled by a source. */
  readonly filled: number;
}

export async function runSeed(
  seed: number,
  { rules = REAL_RULES, isTraced = false, resets = true }: RunOptions = {},
): Promise<RunResult> {
  const problems: string[] = [];
  const random = new Random(seed);
  const scheduler = new Scheduler();
  const trace = new Trace(scheduler, isTraced);
  const network = new Network(scheduler, random, trace);
  const ledger = new Ledger();
  const complain = (text: string): void => {
    trace.note("PROBLEM", () => text);
    problems.push(`at ${(scheduler.nowMs / 1000).toFixed(3)} s: ${text}`);
  };
  const world = { scheduler, random, network, trace, rules, resets, complain, witness: ledger };
  const skew = (): number => random.between(-SKEW_SECONDS, SKEW_SECONDS);
  const storages = STORAGES.map((id) => new SimStorage(id, skew(), world));
  const watch = new FillingWatch(storages, complain);
  const statusesSeen = (tracker: SimTracker): void => watch.look(tracker);
  const trackerWorld = { ...world, settings: TRACKER_SETTINGS, statusesSeen };
  const trackers = TRACKERS.map((host) => new SimTracker(host, random.between(-2, 2), trackerWorld));

  for (const tracker of trackers) scheduler.after(random.next() * 1000, () => tracker.start());
  const lateMs = random.chance(0.6) ? random.between(8000, 35_000) : 0;
  for (const [index, storage] of storages.entries()) {
    scheduler.after((index === 2 ? lateMs : 0) + random.next() * 2000, () => storage.start());
  }
  const endMs = FAULTS_FROM_MS + FAULTS_MS;
  planFaults({ scheduler, random, network, trace, storages, trackers }, FAULTS_FROM_MS, endMs);
  let requests = 0;
  const clientLife = new Life(CLIENT, scheduler);
  const nextRequest = (): number => ++requests;
  const clients = CLIENTS.map(
    (label) => new Client({ life: clientLife, ...{ network, random, trace, ledger, nextRequest, complain } }, label),
  );
  scheduler.after(FAULTS_FROM_MS - 2000, () => {
    for (const client of clients) void client.run(OPERATIONS);
  });

  const objection = (): string | null => unrest(storages, trackers, clients);
  await scheduler.runUntil(endMs + SETTLE_MS);
  let quietSinceMs: number | null = null;
  await scheduler.runUntil(endMs + PATIENCE_MS, () => {
    if (objection() !== null) quietSinceMs = null;
    else quietSinceMs ??= scheduler.nowMs;
    return quietSinceMs !== null && scheduler.nowMs - quietSinceMs >= QUIET_MS;
  });
  const lasting = objection();
  if (lasting !== null) complain(`no rest: ${lasting}`);
  compareTrees(storages, complain);
  if (lasting === null) checkPromises(storages[0]!, ledger, complain);
  for (const server of [...storages, ...trackers]) server.kill();
  const { acknowledged } = ledger;
  const files = storages[0]!.disk.files.size;
  return { seed, problems, trace: trace.lines, acknowledged, events: scheduler.events, files, filled: watch.filled };
}

/** What is not as it shall be in the end; null = nothing. */
function unrest(
  storages: readonly SimStorage[],
  trackers: readonly SimTracker[],
  clients: readonly Client[],
): string | null {
  if (clients.some((client) => !client.isDone)) return "clients are at work";
  for (const tracker of trackers) {
    for (const { id } of storages) {
      const status = tracker.statuses.get(id);
      if (status === StorageStatus.ACTIVE) continue;
      return `${tracker.host} has ${id} ${status === undefined ? "unknown" : storageStatusName(status)}`;
    }
  }
  const leaders = trackers.filter((tracker) => tracker.isLeader).map(({ host }) => host);
  if (leaders.length !== 1) return `${leaders.length} trackers lead`;
  for (const tracker of trackers) {
    if (tracker.leader !== leaders[0])
      return `${tracker.host} takes ${tracker.leader} for the leader, not ${leaders[0]}`;
  }
  const busy = storages.find((storage) => !storage.isIdle);
  return busy === undefined ? null : `${busy.id} has records to copy`;
}

function compareTrees([first, ...others]: readonly SimStorage[], complain: (text: string) => void): void {
  const names = new Set([first!, ...others].flatMap(({ disk }) => [...disk.files.keys()]));
  for (const name of names) {
    const contents = [first!, ...others].map(({ disk }) => textOf(disk.files.get(name)));
    if (contents.some((content) => content !== contents[0])) {
      complain(`${name} differs: ${contents.map((content) => content ?? "(none)").join(" / ")}`);
    }
  }
}

function checkPromises({ disk }: SimStorage, ledger: Ledger, complain: (text: string) => void): void {
  const known = new Set(ledger.names);
  for (const name of ledger.names) {
    const actual = textOf(disk.files.get(name));
    const expected = ledger.objection(name, actual);
    if (expected !== null) complain(`${name} is ${actual ?? "(none)"}, promised was ${expected}`);
  }
  for (const name of disk.files.keys()) {
    if (!known.has(name)) complain(`${name} was never made`);
  }
}

const textOf = (file: Parameters<typeof contentOf>[0] | undefined): string | null =>
  file === undefined ? null : contentOf(file);
