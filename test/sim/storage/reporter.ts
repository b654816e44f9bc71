// The long connection of a simulated storage to one tracker. Follows core/storage/control/reporter.ts around the real
// membership and the real keeper of the sync source.

import type { Membership } from "../../../core/storage/control/membership.ts";
import type { SyncSourceKeeper } from "../../../core/storage/control/sync-source.ts";
import type { TrackerLink } from "../../../core/storage/control/tracker-link.ts";
import { PROTOCOL_VERSION } from "../../../core/wire/limits.ts";
import { emptyStorageStat, storageStat } from "../../../core/wire/storage-stat.ts";
import {
  ChangeFlag,
  changeStatus,
  type ReportAnswer,
  replicaChange,
  reportDiskUsage,
  type StorageBrief,
  storageBeat,
  storageJoin,
  syncReport,
} from "../../../core/wire/tracker-report.ts";
import type { Life } from "../world/life.ts";
import type { Network } from "../world/network.ts";
import { GROUP, HEART_BEAT_MS, STORAGE_PORT, TRACKER_PORT, TRACKERS } from "../world/places.ts";
import type { Trace } from "../world/trace.ts";
import { SimTrackerLink } from "./questions.ts";

const TICK_MS = 1000;
const SPACE_EVERY_MS = 6000;
const SPACE = { paths: [{ totalMb: 1000, freeMb: 900 }] };
const stat = storageStat.format(emptyStorageStat(), 16);

export interface ReporterHelp {
  readonly life: Life;
  readonly network: Network;
  readonly trace: Trace;
  readonly membership: Membership;
  readonly syncSource: SyncSourceKeeper;
  readonly joinTime: number;
  readonly upTime: number;
  nowMs(): number;
  received(): { sourceId: string; timestamp: number }[];
  leaderAnnounced(brief: StorageBrief): Promise<void>;
  groupChanged(): void;
}

export class Reporter {
  readonly #help: ReporterHelp;
  readonly #tracker: number;
  #lastReceived = "";
  #isFirstBeat = true;
  #lastBeatMs = 0;
  #lastSpaceMs = 0;
  #lastSyncReportMs = 0;

  constructor(help: ReporterHelp, tracker: number) {
    this.#help = help;
    this.#tracker = tracker;
  }

  async run(): Promise<void> {
    for (;;) await this.#help.life.sleep(await this.#session());
  }

  /** The pause before the next one. */
  async #session(): Promise<number> {
    const { life, network, syncSource } = this.#help;
    let pauseMs = Math.min(HEART_BEAT_MS, 5000);
    let link: SimTrackerLink | undefined;
    try {
      link = await SimTrackerLink.open(network, life, TRACKERS[this.#tracker]!);
      pauseMs = HEART_BEAT_MS;
      await this.#join(link);
      life.step();
      await syncSource.agree(link as unknown as TrackerLink, this.#tracker);
      life.step();
      pauseMs = TICK_MS;
      await this.#reports(link);
      return TICK_MS;
    } catch (error) {
      this.#note(() => `session ends: ${String(error)}`);
      return pauseMs;
    } finally {
      link?.quit();
    }
  }

  async #join(link: SimTrackerLink): Promise<void> {
    const { membership, syncSource, joinTime, upTime } = this.#help;
    try {
      const { myStatus, syncSourceId } = await link.request(storageJoin, {
        groupName: GROUP,
        storagePort: STORAGE_PORT,
        storePathCount: 1,
        subdirCountPerPath: 4,
        uploadPriority: 10,
        joinTime,
        upTime,
        version: PROTOCOL_VERSION,
        initFlag: !syncSource.isDone(this.#tracker),
        status: membership.joinStatus(),
        storageId: "",
        currentTrackerIp: TRACKERS[this.#tracker]!,
        trackerCount: TRACKERS.length,
        trackerLines: TRACKERS.map((host) => `${host}:${TRACKER_PORT}\n`).join(""),
      });
      membership.joined(this.#tracker, myStatus);
      this.#note(() => `joined with status ${myStatus}, source '${syncSourceId}'`);
      await syncSource.afterJoin(link as unknown as TrackerLink, this.#tracker, syncSourceId);
    } catch (error) {
      membership.joined(this.#tracker, null);
      throw error;
    }
  }

  async #reports(link: SimTrackerLink): Promise<void> {
    this.#isFirstBeat = true;
    this.#lastReceived = "";
    this.#lastBeatMs = this.#lastSpaceMs = this.#lastSyncReportMs = Number.NEGATIVE_INFINITY;
    while (!(await this.#tick(link, this.#help.nowMs()))) await this.#help.life.sleep(TICK_MS);
  }

  /** True when the tracker has to be joined again. */
  async #tick(link: SimTrackerLink, nowMs: number): Promise<boolean> {
    const help = this.#help;
    if (nowMs - this.#lastBeatMs >= HEART_BEAT_MS) {
      const body = { stat: this.#isFirstBeat ? stat : new Uint8Array(0) };
      const answer = await link.report(storageBeat, body);
      this.#isFirstBeat = false;
      if (await this.#take(link, answer)) return true;
      this.#lastBeatMs = nowMs;
    }
    const received = help.received();
    const key = received.map(({ sourceId, timestamp }) => `${sourceId} ${timestamp}`).join();
    const hasNews = key !== this.#lastReceived && received.some(({ timestamp }) => timestamp > 0);
    if (hasNews && nowMs - this.#lastSyncReportMs >= HEART_BEAT_MS) {
      if (await this.#take(link, await link.report(syncReport, { timestamps: received }))) return true;
      this.#lastReceived = key;
      this.#lastSyncReportMs = nowMs;
    }
    if (nowMs - this.#lastSpaceMs >= SPACE_EVERY_MS) {
      if (await this.#take(link, await link.report(reportDiskUsage, SPACE))) return true;
      this.#lastSpaceMs = nowMs;
    }
    const correction = help.membership.statusCorrection(this.#tracker);
    if (correction === null) return false;
    this.#note(() => `is told the status ${correction}`);
    await link.request(changeStatus, { status: correction });
    return true;
  }

  async #take(link: SimTrackerLink, { flags, briefs }: ReportAnswer): Promise<boolean> {
    const { membership, life } = this.#help;
    life.step();
    let rest = briefs;
    if ((flags & ChangeFlag.LEADER) !== 0) {
      const [leader] = rest;
      rest = rest.slice(1);
      if (leader !== undefined) await this.#help.leaderAnnounced(leader);
    }
    if ((flags & ChangeFlag.TRUNK_SERVER) !== 0) rest = rest.slice(1);
    if ((flags & ChangeFlag.GROUP) === 0) return false;
    const { differences, needsRejoin } = membership.merge(this.#tracker, rest);
    this.#note(() => `tells ${rest.map(({ id, status }) => `${id}=${status}`).join(" ")}`);
    this.#help.groupChanged();
    if (differences.length > 0) {
      this.#note(() => `is contradicted: ${differences.map(({ id, status }) => `${id}=${status}`).join(" ")}`);
      await link.request(replicaChange, { briefs: [...differences] });
    }
    return needsRejoin;
  }

  #note(text: () => string): void {
    this.#help.trace.note(this.#help.life.node, () => `tracker ${TRACKERS[this.#tracker]} ${text()}`);
  }
}
