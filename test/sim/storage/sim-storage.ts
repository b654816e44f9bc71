// A simulated storage: its disk, and one process after another on it. Follows core/storage/server.ts and
// control/running-storage.ts.

import type { Logger } from "../../../core/observe/logger.ts";
import type { InitFlagFile } from "../../../core/storage/control/init-flag.ts";
import { Membership } from "../../../core/storage/control/membership.ts";
import { SyncSourceKeeper } from "../../../core/storage/control/sync-source.ts";
import { ProtocolError } from "../../../core/wire/protocol-error.ts";
import { StorageStatus } from "../../../core/wire/storage-status.ts";
import type { StorageBrief } from "../../../core/wire/tracker-report.ts";
import { Life } from "../world/life.ts";
import type { Network, Session } from "../world/network.ts";
import { START_SECONDS, STORAGE_PORT, TRACKER_PORT, TRACKERS } from "../world/places.ts";
import type { Random } from "../world/random.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Trace } from "../world/trace.ts";
import { ClientOperations, type Witness } from "./client-operations.ts";
import { Disk, SimInitFlag } from "./disk.ts";
import { answer, type StorageAnswer, type StorageRequest } from "./messages.ts";
import { NamesState } from "./names-state.ts";
import { PeerOperations } from "./peer-operations.ts";
import { PeerTask, type PeerTaskHelp } from "./peer-task.ts";
import { Questions, SimTrackerLink } from "./questions.ts";
import { Reporter } from "./reporter.ts";
import type { Rules } from "./rules.ts";

const { DELETED, IP_CHANGED, NONE } = StorageStatus;
const START_RETRY_MS = 500;

export interface StorageWorld {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: Network;
  readonly trace: Trace;
  readonly rules: Rules;
  /** Storages close connections among each other with a reset when an answer does not come. */
  readonly resets: boolean;
  readonly witness: Witness;
  /** Something that must not happen. */
  complain(text: string): void;
}

const silent: Pick<Logger, "info" | "warn"> = { info() {}, warn() {} };

export class SimStorage {
  readonly id: string;
  readonly disk = new Disk();
  /** How wrong the clock is. */
  skewSeconds: number;
  readonly #world: StorageWorld;
  #life: Life | null = null;
  #running: Running | null = null;

  constructor(id: string, skewSeconds: number, world: StorageWorld) {
    this.id = id;
    this.skewSeconds = skewSeconds;
    this.#world = world;
  }

  get isRunning(): boolean {
    return this.#life?.isAlive === true;
  }

  /** Nothing waits to be copied to anybody. */
  get isIdle(): boolean {
    return this.isRunning && this.#running?.isIdle === true;
  }

  start(): void {
    if (this.isRunning) return;
    const { scheduler, trace } = this.#world;
    const life = new Life(this.id, scheduler);
    this.#life = life;
    this.#running = null;
    trace.note(this.id, () => "starts");
    void this.#start(life);
  }

  kill(): void {
    if (!this.isRunning) return;
    this.#world.trace.note(this.id, () => "is killed");
    this.#life!.die();
  }

  /** Dies after so many steps of whatever it does. */
  doom(steps: number): void {
    this.#life?.doom(steps);
  }

  async #start(life: Life): Promise<void> {
    const { network } = this.#world;
    for (let isKnown = false; !isKnown; ) {
      const tries = TRACKERS.map((tracker) => SimTrackerLink.open(network, life, tracker).then((link) => link.quit()));
      isKnown = (await Promise.allSettled(tries)).some(({ status }) => status === "fulfilled");
      if (!isKnown) await life.sleep(START_RETRY_MS);
    }
    this.#running = new Running(this, life, this.#world);
  }
}

/** One process. */
class Running {
  readonly #id: string;
  readonly #life: Life;
  readonly #world: StorageWorld;
  readonly #names: NamesState;
  readonly #flag: SimInitFlag;
  readonly #membership: Membership;
  readonly #questions: Questions;
  readonly #tasks = new Map<string, PeerTask>();
  readonly #taskHelp: PeerTaskHelp;
  readonly #clients: ClientOperations;

  constructor({ id, disk, skewSeconds }: SimStorage, life: Life, world: StorageWorld) {
    this.#id = id;
    this.#life = life;
    this.#world = world;
    const { scheduler, network, trace, rules, resets, random, witness } = world;
    const now = (): number => START_SECONDS + skewSeconds + Math.floor(scheduler.nowMs / 1000);
    const nowMs = (): number => scheduler.nowMs;
    this.#flag = new SimInitFlag(disk, life, now(), STORAGE_PORT);
    this.#flag.update({});
    this.#names = new NamesState(disk, rules, life, random, now, () => this.#grown());
    this.#clients = new ClientOperations(this.#names, id, witness);
    this.#membership = new Membership(id, TRACKERS.length);
    this.#questions = new Questions(network, life, TRACKERS);
    const questions = this.#questions;
    const membership = this.#membership;
    this.#taskHelp = {
      ownId: id,
      ...{ life, disk, network, trace, resets, nowMs },
      statusOf: (peer) => membership.statusOf(peer),
      isSettled: () => this.#flag.value.syncOldDone,
      positionToward: (peer) => this.#tasks.get(peer)?.committed ?? null,
      feedingOrder: (peer) => questions.feedingOrder(peer),
      reportStatus: async (peer, status) => {
        const member = { ...membership.members.find((each) => each.id === peer)! };
        await questions.reportStatus({ ...member, status, port: 0 });
        // That it has all its files counts only when the leader says so; and it may have told something newer meanwhile.
        const isBeginning = status === StorageStatus.SYNCING;
        if (isBeginning && membership.statusOf(peer) === member.status) membership.setStatus(peer, status);
      },
      setAside: (peer, text) => world.complain(`storage ${id} set a record for ${peer} aside: ${text}`),
    };
    const syncSource = new SyncSourceKeeper({
      trackerCount: TRACKERS.length,
      flag: this.#flag as unknown as InitFlagFile,
      log: silent as Logger,
      findLeader: async () => membership.leader ?? (await questions.findLeader()),
      highestOwnStatus: () => questions.highestStatus(`${id}:${STORAGE_PORT}`),
    });
    const help = {
      ...{ life, network, trace, membership, syncSource, nowMs },
      joinTime: this.#flag.value.joinTime,
      upTime: now(),
      received: () =>
        membership.members.map((member) => ({
          sourceId: member.id,
          timestamp: member.id === id ? 0 : this.#names.receivedFrom(member.id),
        })),
      leaderAnnounced: (brief: StorageBrief) => this.#leaderAnnounced(brief),
      groupChanged: () => this.#groupChanged(),
    };
    network.listen(id, { life, opened: (from) => this.#open(from) });
    for (const index of TRACKERS.keys()) void new Reporter(help, index).run();
  }

  get isIdle(): boolean {
    return [...this.#tasks.values()].every((task) => task.isIdle) && this.#tasks.size > 0;
  }

  #open(from: string): Session<StorageRequest, StorageAnswer> {
    const peer = new PeerOperations(this.#names);
    return {
      handle: (request) => this.#handle(peer, request, from),
      closed() {},
    };
  }

  #handle(peer: PeerOperations, request: StorageRequest, from: string): StorageAnswer {
    const { trace } = this.#world;
    trace.note(this.#id, () => `is asked by ${from}: ${JSON.stringify(request)}`);
    try {
      const result = request.from === "client" ? this.#clients.handle(request.id, request) : peer.handle(request);
      trace.note(this.#id, () => `answers ${JSON.stringify(result)}`);
      return result;
    } catch (error) {
      if (error instanceof ProtocolError) return answer(error.status);
      trace.note(this.#id, () => `ends while it works: ${String(error)}`);
      if (this.#life.isAlive) this.#world.complain(`storage ${this.#id} failed: ${String(error)}`);
      throw error;
    }
  }

  #grown(): void {
    for (const task of this.#tasks.values()) task.wake();
  }

  #groupChanged(): void {
    for (const { id, status } of this.#membership.members) {
      const isGone = status === DELETED || status === IP_CHANGED || status === NONE;
      if (id === this.#id || isGone || this.#tasks.get(id)?.isOver === false) continue;
      const task = new PeerTask(this.#taskHelp, id);
      this.#tasks.set(id, task);
      void task.run();
    }
    for (const task of this.#tasks.values()) task.wake();
  }

  async #leaderAnnounced({ ipAddress, port }: StorageBrief): Promise<void> {
    const found = port === TRACKER_PORT ? TRACKERS.indexOf(ipAddress as (typeof TRACKERS)[number]) : -1;
    const index = ipAddress === "" ? null : found < 0 ? undefined : found;
    const outcome = this.#membership.leaderAnnounced(index);
    this.#world.trace.note(this.#id, () => `hears that '${ipAddress}' leads: ${outcome.kind}`);
    if (outcome.kind !== "ask" || index === null || index === undefined) return;
    const oldStillLeads = await this.#questions.claimsToLead(outcome.old);
    this.#membership.leaderChecked(index, oldStillLeads);
    if (oldStillLeads) await this.#questions.reselect([outcome.old, index]);
  }
}
