// A simulated tracker: the real operations, cluster and election on a data folder in memory. Follows core/tracker/server.ts.

import { type TrackerSettings, trackerDefaults } from "../../../conf/index.ts";
import type { Connection } from "../../../core/net/connection.ts";
import type { Logger } from "../../../core/observe/logger.ts";
import { Cluster } from "../../../core/tracker/cluster/cluster.ts";
import { Leadership } from "../../../core/tracker/cluster/leadership.ts";
import { disconnect, expire } from "../../../core/tracker/cluster/life.ts";
import { standingOf } from "../../../core/tracker/cluster/standing.ts";
import type { SystemFilesCopy } from "../../../core/tracker/control/system-files-copy.ts";
import type { TrunkKeeper } from "../../../core/tracker/control/trunk-keeper.ts";
import { Session as Operator, type TrackerContext } from "../../../core/tracker/service/context.ts";
import { trackerRoutes } from "../../../core/tracker/service/routes.ts";
import type { StateFolder } from "../../../core/tracker/state-files/state-folder.ts";
import { decodeHeader } from "../../../core/wire/header.ts";
import { HEADER_SIZE } from "../../../core/wire/limits.ts";
import { statusOfError } from "../../../core/wire/status.ts";
import { Died, Life } from "../world/life.ts";
import type { Network, Session } from "../world/network.ts";
import { CHECK_ACTIVE_SECONDS, GROUP, START_SECONDS, TRACKER_PORT } from "../world/places.ts";
import type { Random } from "../world/random.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Trace } from "../world/trace.ts";
import { SimConnection, type TrackerAnswer } from "./connection.ts";
import { DataFolder, TrackerDisk } from "./data-folder.ts";
import { TrackersTalk } from "./trackers-talk.ts";

const TICK_MS = 1000;
const STATUS_FILE_SECONDS = 300;
/** Longer than any simulated request takes. */
const ANSWER_TIMEOUT_MS = 9000;

export const TRACKER_SETTINGS: TrackerSettings = trackerDefaults({
  basePath: "/nowhere",
  reservedStorageSpace: { kind: "mb", mb: 100 },
  checkActiveIntervalSeconds: CHECK_ACTIVE_SECONDS,
});

const ignore = (): void => {};
const silent = { debug: ignore, info: ignore, notice: ignore, warn: ignore, error: ignore } as unknown as Logger;

export interface TrackerWorld {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: Network;
  readonly trace: Trace;
  readonly settings: TrackerSettings;
  /** After every request: how a tracker sees its storages. */
  statusesSeen(tracker: SimTracker): void;
  complain(text: string): void;
}

export class SimTracker {
  readonly host: string;
  readonly skewSeconds: number;
  readonly disk = new TrackerDisk();
  readonly #world: TrackerWorld;
  #life: Life | null = null;
  #cluster: Cluster | null = null;
  #leadership: Leadership | null = null;
  #notedStatuses = "";

  constructor(host: string, skewSeconds: number, world: TrackerWorld) {
    this.host = host;
    this.skewSeconds = skewSeconds;
    this.#world = world;
  }

  get isRunning(): boolean {
    return this.#life?.isAlive === true;
  }

  get isLeader(): boolean {
    return this.isRunning && this.#leadership?.isLeader === true;
  }

  /** Host of the tracker that leads as far as this one knows. */
  get leader(): string | null {
    return this.isRunning ? (this.#leadership?.leader?.hosts[0] ?? null) : null;
  }

  /** Status of each storage by its id. */
  get statuses(): ReadonlyMap<string, number> {
    const storages = this.#cluster?.find(GROUP)?.storages ?? [];
    return new Map(storages.map(({ id, status }) => [id, status]));
  }

  /** The source of a storage's old files as this tracker knows it. */
  sourceOf(id: string): { readonly sourceId: string; readonly untilTimestamp: number } | null {
    const storage = this.#cluster?.find(GROUP)?.find(id);
    if (storage === undefined || storage.syncSourceId === "") return null;
    return { sourceId: storage.syncSourceId, untilTimestamp: storage.syncUntilTimestamp };
  }

  kill(): void {
    if (!this.isRunning) return;
    this.#world.trace.note(this.host, () => "is killed");
    this.#life!.die();
  }

  doom(steps: number): void {
    this.#life?.doom(steps);
  }

  start(): void {
    if (this.isRunning) return;
    const { scheduler, random, network, trace, settings } = this.#world;
    trace.note(this.host, () => "starts");
    const life = new Life(this.host, scheduler);
    const now = (): number => START_SECONDS + this.skewSeconds + Math.floor(scheduler.nowMs / 1000);
    const nowMs = (): number => scheduler.nowMs;
    const cluster = new Cluster(settings);
    const files = new DataFolder(this.disk, cluster, life);
    files.load();
    const upTime = now();
    const { lastCheckTime } = this.disk;
    const leadership = new Leadership([TRACKER_PORT], {
      ownStanding: () => standingOf(upTime, lastCheckTime, now(), false),
      random: () => random.next(),
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
    });
    this.#life = life;
    this.#cluster = cluster;
    this.#leadership = leadership;
    const talk = new TrackersTalk({ ...{ life, network, trace, cluster, leadership, files, upTime, nowMs } });
    const context: TrackerContext = {
      ...{ cluster, leadership, upTime, lastCheckTime, now, nowMs },
      files: files as unknown as StateFolder,
      trunkKeeper: {} as TrunkKeeper,
      log: silent,
      ipSize: 16,
      maxPackageBytes: settings.buffSizeBytes,
      systemFilesCopy: talk as unknown as SystemFilesCopy,
      connections: { current: 1, max: 1 },
      systemFilesReader: null,
    };
    network.listen(this.host, { life, opened: (from) => this.#open(from, context, life) });
    this.#tick(context, life, now(), Number.NEGATIVE_INFINITY);
  }

  #open(from: string, context: TrackerContext, life: Life): Session<Uint8Array, TrackerAnswer> {
    const connection = new SimConnection(from, this.host);
    const operator = new Operator(connection as unknown as Connection<Operator>, context);
    return {
      handle: (packet) => this.#handle(operator, connection, packet, life),
      closed: () => {
        connection.isClosed = true;
        if (context.systemFilesReader === operator) context.systemFilesReader = null;
        const { joined } = operator;
        if (joined === null || joined.storage.connection !== operator) return;
        this.#world.trace.note(this.host, () => `has lost storage ${from}`);
        disconnect(context.cluster, joined.group, joined.storage);
        this.#save(context, life);
      },
    };
  }

  #handle(operator: Operator, connection: SimConnection, packet: Uint8Array, life: Life): Promise<TrackerAnswer> {
    const header = decodeHeader(packet);
    const route = trackerRoutes.get(header.command);
    if (route?.kind !== "whole") throw new Error(`no command ${header.command}`);
    return new Promise((resolve, reject) => {
      connection.expect((answer) => {
        this.#noteStatuses(`after command ${header.command} of ${connection.remoteAddress}`);
        this.#world.statusesSeen(this);
        resolve(answer);
      });
      try {
        route.handle(operator, packet.subarray(HEADER_SIZE), header);
      } catch (error) {
        if (error instanceof Died) reject(error);
        else connection.replyStatus(statusOfError(error));
      }
      if (!life.isAlive) reject(new Died());
    });
  }

  #noteStatuses(when: string): void {
    const text = [...this.statuses].map(([id, status]) => `${id}=${status}`).join(" ");
    if (text === this.#notedStatuses) return;
    this.#notedStatuses = text;
    this.#world.trace.note(this.host, () => `has ${text} ${when}`);
  }

  #save({ files }: TrackerContext, life: Life): void {
    try {
      files.save();
    } catch (error) {
      if (life.isAlive) throw error;
    }
  }

  #tick(context: TrackerContext, life: Life, checkedAt: number, statusWrittenAt: number): void {
    const now = context.now();
    let checked = checkedAt;
    let written = statusWrittenAt;
    if (now - checkedAt >= context.cluster.settings.checkActiveIntervalSeconds) {
      checked = now;
      for (const { id } of expire(context.cluster, now))
        this.#world.trace.note(this.host, () => `gives up storage ${id}`);
    }
    this.#save(context, life);
    if (now - written >= STATUS_FILE_SECONDS) {
      written = now;
      this.disk.lastCheckTime = now;
    }
    life.after(TICK_MS, () => this.#tick(context, life, checked, written));
  }
}
