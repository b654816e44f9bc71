// What the reporters of one storage share: identity, memory of the first start, membership, and views of the scoreboard in
// the form that trackers want.

import type { StorageSettings } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import { emptyStorageStat, type StorageStat } from "../../wire/storage-stat.ts";
import { notifyReselectLeader } from "../../wire/tracker-cluster.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import type { Identity } from "./identity.ts";
import { type InitFlag, writeInitFlag } from "./init-flag.ts";
import { type Leader, Membership } from "./membership.ts";
import { type LinkOptions, TrackerLink } from "./tracker-link.ts";

export class StorageState {
  readonly settings: StorageSettings;
  readonly identity: Identity;
  readonly initFlag: InitFlag;
  readonly membership: Membership;
  readonly linkOptions: LinkOptions;
  /** Unix seconds of this start. */
  readonly upTime = Math.floor(Date.now() / 1000);
  readonly #scoreboard: Scoreboard;
  readonly #log: Logger;
  readonly #joinedTrackers = new Set<number>();
  #onFirstJoin: (() => void) | undefined;

  constructor(
    settings: StorageSettings,
    identity: Identity,
    initFlag: InitFlag,
    linkOptions: LinkOptions,
    scoreboard: Scoreboard,
    log: Logger,
  ) {
    this.settings = settings;
    this.identity = identity;
    this.initFlag = initFlag;
    this.linkOptions = linkOptions;
    this.membership = new Membership(identity.id, settings.trackerServers.length);
    this.#scoreboard = scoreboard;
    this.#log = log;
  }

  /** Resolves when a first tracker has been joined. */
  whenJoined(): Promise<void> {
    if (this.#joinedTrackers.size > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onFirstJoin = resolve;
    });
  }

  joined(tracker: number): void {
    this.#joinedTrackers.add(tracker);
    this.#onFirstJoin?.();
  }

  /** Remembers where old data comes from; "" for nowhere. From then on this is no first start any more. */
  oldDataSource(sourceId: string, untilTimestamp: number): void {
    this.initFlag.syncSourceServer = sourceId;
    this.initFlag.syncUntilTimestamp = untilTimestamp;
    this.initFlag.syncOldDone = true;
    writeInitFlag(this.settings.basePath, this.initFlag);
  }

  /** The heartbeat's block (tracker.md §2.5). The two times that the tracker computes stay 0. */
  statBlock(): StorageStat {
    const { current, max } = this.#scoreboard.connections;
    return {
      ...emptyStorageStat(),
      ...this.#scoreboard.totals(),
      connectionAllocCount: max,
      connectionCurrentCount: current,
      connectionMaxCount: max,
    };
  }

  pathSpaces(): { totalMb: number; freeMb: number }[] {
    return this.settings.storePaths.map((_, index) => this.#scoreboard.pathSpace(index));
  }

  /** For every known member the newest timestamp received from it; own entry 0 (tracker.md §4.8). */
  syncTimestamps(): { sourceId: string; timestamp: number }[] {
    return this.membership.members.map(({ id }) => ({
      sourceId: id,
      timestamp: id === this.identity.id ? 0 : this.#scoreboard.receivedFrom(id),
    }));
  }

  /** Position of the leader in the tracker list; with a single tracker that one; -1 when unknown. */
  leaderIndex(): number {
    const { trackerServers } = this.settings;
    if (trackerServers.length === 1) return 0;
    const { leader } = this.membership;
    if (leader === null) return -1;
    return trackerServers.findIndex((server) => server.port === leader.port && server.hosts.includes(leader.ipAddress));
  }

  /** Two trackers claim to lead: both are told to elect again (tracker.md §4.14). */
  async resolveTwoLeaders(...leaders: readonly Leader[]): Promise<void> {
    this.membership.leader = null;
    for (const { ipAddress, port } of leaders) {
      try {
        const link = await TrackerLink.open({ hosts: [ipAddress], port }, this.linkOptions);
        await link.call(notifyReselectLeader, {});
        await link.quit();
      } catch (error) {
        this.#log.warn(`Cannot ask tracker ${ipAddress}:${port} for a new election: ${String(error)}`);
      }
    }
  }
}
