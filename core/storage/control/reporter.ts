// The long connection of a storage to one tracker (storage.md §7.2): join, agree about the source of old files, then once
// a second whatever has become due. Any trouble ends the connection; a new one follows after a pause. What answers mean
// is decided by the membership.

import { Buffer } from "node:buffer";
import { formatServerAddress, type ServerAddress } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Command } from "../../wire/command.ts";
import { PROTOCOL_VERSION } from "../../wire/limits.ts";
import { storageStatusName } from "../../wire/storage-status.ts";
import {
  ChangeFlag,
  changelogRequest,
  changeStatus,
  type JoinRequest,
  type ReportAnswer,
  replicaChange,
  reportDiskUsage,
  storageBeat,
  storageJoin,
  syncReport,
} from "../../wire/tracker-report.ts";
import { resolveTracker } from "./addresses.ts";
import { askAddresses, messageOf, textOf } from "./discovery.ts";
import type { Errands } from "./errands.ts";
import type { Member, Membership } from "./membership.ts";
import { pause, unlessAborted } from "./pause.ts";
import type { SyncSourceKeeper } from "./sync-source.ts";
import { type LinkOptions, TrackerLink } from "./tracker-link.ts";

const TICK_MS = 1000;
/** C waits a whole heartbeat; a tracker that has come back need not. */
const CONNECT_RETRY_MAX_MS = 5000;

/** What all reporters of a storage share. */
export interface ReporterHelp {
  /** As settings give them; their index is the tracker's number everywhere. */
  readonly trackers: readonly ServerAddress[];
  readonly linkOptions: LinkOptions;
  readonly membership: Membership;
  readonly syncSource: SyncSourceKeeper;
  readonly log: Logger;
  readonly groupName: string;
  readonly port: number;
  /** Own addresses that the first trackers told. */
  readonly addresses: readonly string[];
  readonly heartBeatIntervalMs: number;
  readonly statReportIntervalMs: number;
  /** Ask for the changelog after each heartbeat (storage_ip_changed_auto_adjust). */
  readonly wantsChangelog: boolean;
  /** The unchanging part of a JOIN. */
  readonly profile: Pick<
    JoinRequest,
    "storePathCount" | "subdirCountPerPath" | "uploadPriority" | "joinTime" | "upTime" | "storageId"
  >;
  /** The statistics block, 348 bytes. */
  stat(): Uint8Array;
  /** Space of every store path. */
  space(): { totalMb: number; freeMb: number }[];
  /** Newest source timestamp received from each member, 0 = nothing. */
  received(): { sourceId: string; timestamp: number }[];
  changelogArrived(text: string): void;
  leaderAnnounced(brief: Member): Promise<void>;
  /** Members of the group or their statuses have changed. */
  groupChanged(): void;
  /** What others want of a tracker. */
  readonly errands: Errands;
  /** A tracker's answer has been digested; `sentMs` (performance.now) is when it was asked. */
  heard(tracker: number, sentMs: number): void;
  /** Sends what else has changed. */
  ownReports(tracker: number, link: TrackerLink): Promise<void>;
}

/** `ended` = the storage stops, `failed` = pause before the next try, `again` = join again soon. */
type SessionEnd = { kind: "ended" } | { kind: "again" } | { kind: "failed"; error: unknown; pauseMs: number };

export class Reporter {
  readonly #help: ReporterHelp;
  readonly #tracker: number;
  readonly #name: string;
  readonly #signal: AbortSignal;
  readonly #joined: () => void;
  #hasCheckedAddress = false;
  #lastFailure = "";
  #lastStat: Uint8Array | undefined;
  #lastReceived = "";
  #lastBeatMs = 0;
  #lastSpaceMs = 0;
  #lastSyncReportMs = 0;

  /** `joined` is called whenever a join has been completed by a first heartbeat. */
  constructor(help: ReporterHelp, tracker: number, signal: AbortSignal, joined: () => void) {
    this.#help = help;
    this.#tracker = tracker;
    this.#name = formatServerAddress(help.trackers[tracker]!);
    this.#signal = signal;
    this.#joined = joined;
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(): Promise<void> {
    const { log } = this.#help;
    while (!this.#signal.aborted) {
      const end = await this.#session();
      if (end.kind === "ended") return;
      if (end.kind === "failed") {
        const text = messageOf(end.error);
        const where = text.startsWith(this.#name) ? text : `${this.#name}: ${text}`;
        if (text !== this.#lastFailure) log.error(`Lost or cannot join tracker ${where}; trying again`);
        this.#lastFailure = text;
      }
      await pause(end.kind === "failed" ? end.pauseMs : TICK_MS, this.#signal);
    }
  }

  async #session(): Promise<SessionEnd> {
    const { heartBeatIntervalMs } = this.#help;
    let pauseMs = Math.min(heartBeatIntervalMs, CONNECT_RETRY_MAX_MS);
    let link: TrackerLink | undefined;
    try {
      const address = await resolveTracker(this.#help.trackers[this.#tracker]!);
      link = await TrackerLink.openUnlessAborted(address, this.#help.linkOptions, this.#signal);
      await this.#guard(this.#checkAddress(link));
      pauseMs = heartBeatIntervalMs;
      await this.#guard(this.#join(link));
      await this.#guard(this.#help.syncSource.agree(link, this.#tracker));
      pauseMs = TICK_MS;
      return await this.#reports(link);
    } catch (error) {
      return this.#signal.aborted ? { kind: "ended" } : { kind: "failed", error, pauseMs };
    } finally {
      link?.quit();
    }
  }

  /** A request must not hold up the end of the storage. */
  #guard<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(work, this.#signal);
  }

  async #checkAddress(link: TrackerLink): Promise<void> {
    if (this.#hasCheckedAddress) return;
    const { groupName, port, addresses } = this.#help;
    const seen = await askAddresses(link, groupName, port);
    if (seen.join() !== addresses.join()) {
      throw new Error(`it sees this storage at ${seen.join()}, the other trackers at ${addresses.join()}`);
    }
    this.#hasCheckedAddress = true;
  }

  async #join(link: TrackerLink): Promise<void> {
    const { membership, syncSource, profile, groupName, port, log } = this.#help;
    const resolved = await Promise.all(
      this.#help.trackers.map((tracker) => resolveTracker(tracker).catch(() => tracker)),
    );
    try {
      const answer = await link.request(storageJoin, {
        ...profile,
        groupName,
        storagePort: port,
        version: PROTOCOL_VERSION,
        initFlag: !syncSource.isDone(this.#tracker),
        status: membership.joinStatus(),
        currentTrackerIp: link.host,
        trackerCount: resolved.length,
        trackerLines: resolved.map((tracker) => `${formatServerAddress(tracker)}\n`).join(""),
      });
      membership.joined(this.#tracker, answer.myStatus);
      const status = storageStatusName(answer.myStatus);
      log.info(`Joined tracker ${this.#name}`, { group: groupName, id: membership.ownId, status });
      await syncSource.afterJoin(link, this.#tracker, answer.syncSourceId);
    } catch (error) {
      membership.joined(this.#tracker, null);
      throw error;
    }
  }

  async #reports(link: TrackerLink): Promise<SessionEnd> {
    this.#lastStat = undefined;
    this.#lastReceived = "";
    this.#lastBeatMs = this.#lastSpaceMs = this.#lastSyncReportMs = Number.NEGATIVE_INFINITY;
    let isFirst = true;
    for (;;) {
      const isStale = await this.#guard(this.#tick(link, performance.now()));
      if (isFirst) this.#joined();
      isFirst = false;
      this.#lastFailure = "";
      if (isStale) return { kind: "again" };
      await this.#help.errands.pause(this.#tracker, TICK_MS, this.#signal);
      if (this.#signal.aborted) return { kind: "ended" };
    }
  }

  /** Sends what is due; true when the tracker has to be joined again. */
  async #tick(link: TrackerLink, nowMs: number): Promise<boolean> {
    const help = this.#help;
    if (nowMs - this.#lastBeatMs >= help.heartBeatIntervalMs) {
      if (await this.#beat(link)) return true;
      if (help.wantsChangelog) {
        const { lines } = await link.request(changelogRequest, { storages: [] });
        if (lines.length > 0) help.changelogArrived(textOf(lines));
      }
      this.#lastBeatMs = nowMs;
    }
    const received = help.received();
    const receivedKey = received.map(({ sourceId, timestamp }) => `${sourceId} ${timestamp}`).join();
    const hasNews = receivedKey !== this.#lastReceived && received.some(({ timestamp }) => timestamp > 0);
    if (hasNews && nowMs - this.#lastSyncReportMs >= help.heartBeatIntervalMs) {
      if (await this.#report(link, syncReport, { timestamps: received })) return true;
      this.#lastReceived = receivedKey;
      this.#lastSyncReportMs = nowMs;
    }
    if (nowMs - this.#lastSpaceMs >= help.statReportIntervalMs) {
      if (await this.#report(link, reportDiskUsage, { paths: help.space() })) return true;
      this.#lastSpaceMs = nowMs;
    }
    await help.errands.runAll(this.#tracker, link);
    await help.ownReports(this.#tracker, link);
    const correction = help.membership.statusCorrection(this.#tracker);
    if (correction === null) return false;
    help.log.info(`Tracker ${this.#name} is told the status that the leader knows`, {
      status: storageStatusName(correction),
    });
    await link.request(changeStatus, { status: correction });
    return true;
  }

  async #beat(link: TrackerLink): Promise<boolean> {
    const stat = this.#help.stat();
    const isSame = this.#lastStat !== undefined && Buffer.compare(stat, this.#lastStat) === 0;
    const isStale = await this.#report(link, storageBeat, { stat: isSame ? new Uint8Array(0) : stat });
    this.#lastStat = stat;
    return isStale;
  }

  /** True when the tracker has to be joined again. */
  async #report<Q>(link: TrackerLink, command: Command<Q, ReportAnswer>, value: Q): Promise<boolean> {
    const sentMs = performance.now();
    const isStale = await this.#take(link, await link.report(command, value));
    this.#help.heard(this.#tracker, sentMs);
    return isStale;
  }

  /** Digests an answer in the order of its briefs; true when the tracker has to be joined again. */
  async #take(link: TrackerLink, { flags, briefs }: ReportAnswer): Promise<boolean> {
    const { membership, log } = this.#help;
    let rest = briefs;
    if ((flags & ChangeFlag.LEADER) !== 0) {
      const [leader] = rest;
      rest = rest.slice(1);
      if (leader !== undefined) await this.#help.leaderAnnounced(leader);
    }
    if ((flags & ChangeFlag.TRUNK_SERVER) !== 0) {
      const [server] = rest;
      rest = rest.slice(1);
      membership.trunkServerAnnounced(this.#tracker, server === undefined || server.id === "" ? null : server);
    }
    if ((flags & ChangeFlag.GROUP) === 0) return false;
    const before = new Map(membership.members.map((member) => [member.id, member.status]));
    const outcome = membership.merge(this.#tracker, rest);
    for (const member of membership.members) {
      if (before.get(member.id) === member.status) continue;
      const status = storageStatusName(member.status);
      log.info(`Storage ${member.id} of the group is ${status}`, { address: member.ipAddress, tracker: this.#name });
    }
    this.#help.groupChanged();
    for (const { id } of outcome.refused) log.error(`Cannot know storage ${id}: the group has its 32 members already`);
    if (outcome.differences.length > 0) await link.request(replicaChange, { briefs: [...outcome.differences] });
    if (outcome.needsRejoin) log.warn(`Tracker ${this.#name} has lost our status: joining again`);
    return outcome.needsRejoin;
  }
}
