// A storage that serves: its reporters run, once a second the control thread looks after space, logs and statistics, and
// at the end everything is left in order. How it came to serve is server.ts's business.

import type { StorageSettings } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import { Replicator } from "../replication/replicator.ts";
import type { NoticeTopic } from "../scoreboard/notices.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import type { FoundSlots } from "../trunk/found-slots.ts";
import type { AccessLogKeeper } from "./access-log-keeper.ts";
import { BinlogPacking } from "./binlog-packing.ts";
import type { Discovery } from "./discovery.ts";
import { Errands } from "./errands.ts";
import { type GroupNewsHelp, takeChangelog } from "./group-news.ts";
import type { InitFlagFile } from "./init-flag.ts";
import { type Member, Membership } from "./membership.ts";
import { Reporter, type ReporterHelp } from "./reporter.ts";
import type { SpaceWatch } from "./space-watch.ts";
import type { Statistics } from "./statistics.ts";
import { StrayKeeper } from "./stray-keeper.ts";
import { SyncSourceKeeper } from "./sync-source.ts";
import type { LinkOptions } from "./tracker-link.ts";
import type { TrackerQuestions } from "./tracker-questions.ts";
import { TrunkMode } from "./trunk-mode.ts";
import type { WorkerTeam } from "./worker-team.ts";

/** How long running requests may take when the storage stops. */
const GRACE_MS = 5000;
const TICK_MS = 1000;
/** How long a stopping storage goes on copying what its peers do not have yet. */
const DRAIN_MS = 2000;

export interface StorageServer {
  readonly port: number;
  readonly id: string;
  readonly groupName: string;
  /** Resolves when a first tracker has been joined and has had its first heartbeat. */
  whenJoined(): Promise<void>;
  /** The group as the trackers describe it, this storage included, sorted by id. */
  members(): readonly Member[];
  /** Rotates the access log; the error log belongs to the caller. */
  rotateLogs(): void;
  /** Leaves the trackers, lets running requests end, writes what is kept. Within 10 seconds. */
  stop(): Promise<void>;
}

/** What start-up has found out. */
export interface Parts {
  readonly settings: StorageSettings;
  readonly port: number;
  readonly linkOptions: LinkOptions;
  readonly flag: InitFlagFile;
  readonly discovery: Discovery;
  readonly questions: TrackerQuestions;
  readonly news: GroupNewsHelp;
  readonly foundSlots: FoundSlots;
}

/** What runs. */
export interface Engines {
  readonly scoreboard: Scoreboard;
  readonly statistics: Statistics;
  readonly space: SpaceWatch;
  readonly accessLog: AccessLogKeeper | null;
  readonly team: WorkerTeam;
}

export class RunningStorage implements StorageServer {
  readonly port: number;
  readonly id: string;
  readonly groupName: string;
  readonly #parts: Parts;
  readonly #engines: Engines;
  readonly #lifetime: AbortController;
  readonly #log: Logger;
  readonly #membership: Membership;
  readonly #replicator: Replicator;
  readonly #errands: Errands;
  readonly #trunk: TrunkMode;
  readonly #strays: StrayKeeper;
  readonly #reporters: Promise<unknown>;
  readonly #joined: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Ends after everything else: see `stop`. */
  readonly #copying = new AbortController();
  readonly #packing: BinlogPacking | null;
  readonly #published = new Map<NoticeTopic, string>();
  #statSavedMs = Date.now();
  #stopping: Promise<void> | undefined;

  constructor(parts: Parts, engines: Engines, lifetime: AbortController, log: Logger) {
    const { discovery, settings } = parts;
    this.#parts = parts;
    this.#engines = engines;
    this.#lifetime = lifetime;
    this.#log = log;
    this.port = settings.port;
    this.id = discovery.id;
    this.groupName = discovery.groupName;
    this.#membership = new Membership(discovery.id, settings.trackerServers.length);
    const { port, linkOptions, flag, questions, news } = parts;
    const { scoreboard, statistics } = engines;
    this.#replicator = new Replicator(
      {
        ...{ settings, port, linkOptions, discovery, flag, questions, scoreboard, log },
        membership: this.#membership,
        folder: news.syncFolder,
        countBytes: (bytes) => statistics.copiedOut(bytes),
      },
      this.#copying.signal,
    );
    engines.team.onBinlogGrown(() => this.#replicator.binlogGrown());
    this.#errands = new Errands(settings.trackerServers.length);
    this.#strays = new StrayKeeper(settings, scoreboard, log, (block) => this.#trunk.taken(block));
    this.#trunk = new TrunkMode(
      {
        ...{ settings, port, linkOptions, discovery, flag, questions, scoreboard, log },
        membership: this.#membership,
        errands: this.#errands,
        foundSlots: parts.foundSlots,
        team: engines.team,
        publish: (topic, text) => this.#publish(topic, text),
      },
      discovery.parameters.trunk,
    );
    this.#packing = settings.compressBinlog ? this.#startPacking() : null;
    const help = this.#reporterHelp();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#joined = promise;
    this.#reporters = Promise.all(
      settings.trackerServers.map((_, index) => new Reporter(help, index, lifetime.signal, resolve).run()),
    );
    this.#publish("replication", JSON.stringify(this.#replicator.report()));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  whenJoined(): Promise<void> {
    return this.#joined;
  }

  members(): readonly Member[] {
    return this.#membership.members;
  }

  rotateLogs(): void {
    this.#engines.accessLog?.rotateNow(Date.now());
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    // The trackers first: they send nobody here any more while the last requests end.
    this.#lifetime.abort(new Error("the storage stops"));
    await this.#reporters;
    await this.#engines.team.close(GRACE_MS);
    // What was acknowledged last goes to the others now: they take over this storage's files.
    await this.#replicator.drained(DRAIN_MS);
    this.#copying.abort(new Error("the storage stops"));
    await this.#replicator.ended();
    await this.#trunk.stop();
    this.#strays.close();
    this.#saveStatistics();
    await this.#engines.accessLog?.close();
  }

  #tick(): void {
    const nowMs = Date.now();
    this.#engines.space.refresh();
    this.#engines.accessLog?.tick(nowMs);
    this.#packing?.tick(nowMs);
    this.#trunk.tick();
    this.#strays.tick(nowMs);
    this.#publish("replication", JSON.stringify(this.#replicator.report()));
    if (nowMs - this.#statSavedMs < this.#parts.settings.syncStatFileIntervalSeconds * 1000) return;
    this.#statSavedMs = nowMs;
    this.#saveStatistics();
  }

  #startPacking(): BinlogPacking {
    const { news, settings } = this.#parts;
    const neededIndex = (): number => this.#replicator.neededIndex;
    const { compressBinlogTimeSeconds: timeSeconds } = settings;
    return new BinlogPacking({ folder: news.syncFolder, timeSeconds, log: this.#log, neededIndex }, Date.now());
  }

  #groupChanged(): void {
    this.#replicator.groupChanged();
    this.#trunk.groupChanged();
    this.#publish("members", JSON.stringify({ ownId: this.id, members: this.#membership.members }));
  }

  /** Tells the workers, when it is news to them. */
  #publish(topic: NoticeTopic, text: string): void {
    if (this.#published.get(topic) === text) return;
    this.#published.set(topic, text);
    if (!this.#engines.scoreboard.publish(topic, text))
      this.#log.warn(`Cannot tell the workers about ${topic}: too long`);
  }

  #saveStatistics(): void {
    try {
      this.#engines.statistics.save();
    } catch (error) {
      this.#log.error(`Cannot save the statistics: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #reporterHelp(): ReporterHelp {
    const { settings, port, linkOptions, flag, discovery, questions, news } = this.#parts;
    const { statistics, space, scoreboard } = this.#engines;
    const { groupName, addresses, parameters, id } = discovery;
    const membership = this.#membership;
    const ownHost = addresses[0]!.includes(":") ? `[${addresses[0]}]:${port}` : `${addresses[0]}:${port}`;
    return {
      trackers: settings.trackerServers,
      linkOptions,
      membership,
      syncSource: new SyncSourceKeeper({
        trackerCount: settings.trackerServers.length,
        flag,
        log: this.#log,
        findLeader: async () => membership.leader ?? (await questions.findLeader()),
        highestOwnStatus: () => questions.highestStatus(groupName, ownHost),
      }),
      log: this.#log,
      groupName,
      port,
      addresses,
      heartBeatIntervalMs: settings.heartBeatIntervalSeconds * 1000,
      statReportIntervalMs: settings.statReportIntervalSeconds * 1000,
      wantsChangelog: parameters.storageIpChangedAutoAdjust,
      profile: {
        storePathCount: settings.storePaths.length,
        subdirCountPerPath: settings.subdirCountPerPath,
        uploadPriority: settings.uploadPriority,
        joinTime: flag.value.joinTime,
        upTime: Math.floor(Date.now() / 1000),
        storageId: parameters.useStorageId ? id : "",
      },
      stat: () => statistics.block(),
      space: () => space.report(),
      received: () =>
        membership.members.map((member) => ({
          sourceId: member.id,
          timestamp: member.id === id ? 0 : scoreboard.receivedFrom(member.id),
        })),
      changelogArrived: (text) => takeChangelog(news, text),
      groupChanged: () => this.#groupChanged(),
      leaderAnnounced: (brief) => this.#leaderAnnounced(brief),
      errands: this.#errands,
      heard: (tracker, sentMs) => this.#trunk.heard(tracker, sentMs),
      ownReports: (tracker, link) => this.#trunk.reportTo(tracker, link),
    };
  }

  async #leaderAnnounced({ ipAddress, port }: Member): Promise<void> {
    const { questions } = this.#parts;
    const index = ipAddress === "" ? null : ((await questions.indexOf(ipAddress, port)) ?? undefined);
    const outcome = this.#membership.leaderAnnounced(index);
    if (outcome.kind === "adopted") this.#log.info(`The leading tracker is ${ipAddress}:${port}`);
    if (outcome.kind !== "ask" || index === null || index === undefined) return;
    const oldStillLeads = await questions.claimsToLead(outcome.old);
    this.#membership.leaderChecked(index, oldStillLeads);
    if (oldStillLeads) await questions.reselect([outcome.old, index]);
    else this.#log.info(`The leading tracker is ${ipAddress}:${port} now`);
  }
}
