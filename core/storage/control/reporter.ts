// The storage's line to one tracker (storage.md §7.2): join, settle where old data comes from, then beats and reports once
// they are due. Any failure closes the line; it is opened and joined again. One reporter a tracker, none knows another.

import { formatServerAddress, type ServerAddress } from "../../../conf/server-address.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { PROTOCOL_VERSION } from "../../wire/limits.ts";
import { Status } from "../../wire/status.ts";
import { storageStat } from "../../wire/storage-stat.ts";
import { getLeader } from "../../wire/tracker-list.ts";
import {
  changelogRequest,
  changeStatus,
  type ReportAnswer,
  replicaChange,
  reportDiskUsage,
  storageBeat,
  storageJoin,
  syncDestRequest,
  syncNotify,
  syncReport,
} from "../../wire/tracker-report.ts";
import { pause } from "./identity.ts";
import type { StorageState } from "./storage-state.ts";
import { TrackerLink } from "./tracker-link.ts";

const TICK_MS = 1000;
const SAY_AGAIN_MS = 60_000;

export class Reporter {
  readonly #state: StorageState;
  readonly #index: number;
  readonly #tracker: ServerAddress;
  readonly #log: Logger;
  #link: TrackerLink | undefined;
  #lastBeatMs = 0;
  #lastDiskMs = 0;
  #lastSyncReportMs = 0;
  #sentStat = "";
  #sentSync = "";
  #isFirstLook = true;
  #saidAt = 0;
  #lastFailure = "";

  constructor(state: StorageState, index: number, log: Logger) {
    this.#state = state;
    this.#index = index;
    this.#tracker = state.settings.trackerServers[index]!;
    this.#log = log;
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#serve(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#link?.destroy();
        this.#link = undefined;
        this.#complain(error);
        await pause(TICK_MS, signal).catch(() => {});
      }
    }
    await this.#link?.quit();
  }

  /** The same trouble is said once a minute. */
  #complain(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text === this.#lastFailure && Date.now() - this.#saidAt < SAY_AGAIN_MS) return;
    this.#lastFailure = text;
    this.#saidAt = Date.now();
    this.#log.error(`Lost tracker ${formatServerAddress(this.#tracker)}: ${text}`);
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const link = await TrackerLink.open(this.#tracker, this.#state.linkOptions);
    this.#link = link;
    await this.#join(link);
    this.#state.joined(this.#index);
    this.#log.info(`joined tracker ${link.server}`);
    this.#lastFailure = "";
    this.#lastBeatMs = 0;
    this.#lastDiskMs = 0;
    this.#sentStat = "";
    for (;;) {
      await this.#tick(link);
      await pause(TICK_MS, signal);
    }
  }

  // ---- joining ----

  async #join(link: TrackerLink): Promise<void> {
    const state = this.#state;
    const { settings, identity, initFlag, membership } = state;
    const answer = await link.call(storageJoin, {
      groupName: identity.groupName,
      storagePort: settings.port,
      storePathCount: settings.storePaths.length,
      subdirCountPerPath: settings.subdirCountPerPath,
      uploadPriority: settings.uploadPriority,
      joinTime: initFlag.joinTime,
      upTime: state.upTime,
      version: PROTOCOL_VERSION,
      initFlag: !initFlag.syncOldDone,
      status: membership.statusForJoin,
      storageId: identity.parameters.useStorageId ? identity.id : "",
      currentTrackerIp: link.host,
      trackerCount: settings.trackerServers.length,
      trackerLines: settings.trackerServers.map((server) => `${formatServerAddress(server)}\n`).join(""),
    });
    membership.joined(this.#index, answer.myStatus);
    if (!initFlag.syncOldDone) await this.#askForSource(link);
    await this.#notifySource(link);
  }

  /** First time ever: who hands over the group's old data? */
  async #askForSource(link: TrackerLink): Promise<void> {
    const { sources } = await link.call(syncDestRequest, {});
    const [source] = sources;
    this.#state.oldDataSource(source?.sourceId ?? "", source?.untilTimestamp ?? 0);
    this.#log.notice(source === undefined ? "first storage of its group" : `old data comes from ${source.sourceId}`);
  }

  async #notifySource(link: TrackerLink): Promise<void> {
    const { initFlag } = this.#state;
    try {
      await link.call(syncNotify, { sourceId: initFlag.syncSourceServer, untilTimestamp: initFlag.syncUntilTimestamp });
    } catch (error) {
      // The source has been deleted from the cluster: there is nobody to wait for any more.
      if (!(error instanceof RemoteError && error.answered && error.status === Status.ENOENT)) throw error;
      this.#log.notice(`source ${initFlag.syncSourceServer} of old data is gone from the cluster`);
      this.#state.oldDataSource("", 0);
      await link.call(syncNotify, { sourceId: "", untilTimestamp: 0 });
    }
  }

  // ---- the loop ----

  async #tick(link: TrackerLink): Promise<void> {
    const { settings, identity } = this.#state;
    const now = Date.now();
    const beatMs = settings.heartBeatIntervalSeconds * 1000;
    if (now - this.#lastBeatMs >= beatMs) {
      this.#lastBeatMs = now;
      await this.#beat(link);
      if (identity.parameters.storageIpChangedAutoAdjust) await this.#readChangelog(link);
    }
    if (now - this.#lastSyncReportMs >= beatMs) await this.#reportSync(link, now);
    if (now - this.#lastDiskMs >= settings.statReportIntervalSeconds * 1000) {
      this.#lastDiskMs = now;
      const paths = this.#state.pathSpaces();
      await this.#take(link, await link.call(reportDiskUsage, { paths }));
    }
    await this.#correctStatus(link);
  }

  async #beat(link: TrackerLink): Promise<void> {
    const stat = this.#state.statBlock();
    const text = JSON.stringify(stat);
    const isNew = text !== this.#sentStat;
    const answer = await link.call(storageBeat, { stat: isNew ? storageStat.format(stat) : new Uint8Array(0) });
    this.#sentStat = text;
    await this.#take(link, answer);
  }

  async #reportSync(link: TrackerLink, now: number): Promise<void> {
    const timestamps = this.#state.syncTimestamps();
    const text = JSON.stringify(timestamps);
    if (timestamps.every(({ timestamp }) => timestamp === 0) || text === this.#sentSync) return;
    this.#lastSyncReportMs = now;
    this.#sentSync = text;
    await this.#take(link, await link.call(syncReport, { timestamps }));
  }

  /** Lines of deleted and renamed members; acting on them is replication's business, reading them keeps the offset. */
  async #readChangelog(link: TrackerLink): Promise<void> {
    const { lines } = await link.call(changelogRequest, { storages: [] });
    if (lines.length > 0) this.#log.debug(`tracker ${link.server} sent ${lines.length} bytes of changelog`);
  }

  async #correctStatus(link: TrackerLink): Promise<void> {
    const leader = this.#state.leaderIndex();
    const status = leader < 0 ? null : this.#state.membership.correctionFor(this.#index, leader);
    if (status === null) return;
    await link.call(changeStatus, { status });
    throw new Error(`joining again: the leader knows this storage under status ${status}`);
  }

  async #take(link: TrackerLink, answer: ReportAnswer): Promise<void> {
    const { membership } = this.#state;
    const result = membership.apply(this.#index, answer, this.#state.leaderIndex() === this.#index);
    if (result.leader !== undefined) await this.#hearOfLeader(result.leader);
    // Right after the join the tracker names everybody: there is nothing to correct in a first look.
    const isFirst = this.#isFirstLook;
    this.#isFirstLook = false;
    if (result.differences.length > 0 && !isFirst) await link.call(replicaChange, { briefs: result.differences });
    if (result.mustRejoin) throw new Error("joining again: the tracker set this storage's status back");
  }

  /** Another leader than the known one: that one is asked, and believed, if it still claims to lead. */
  async #hearOfLeader(leader: { ipAddress: string; port: number } | null): Promise<void> {
    const { membership } = this.#state;
    const known = membership.leader;
    membership.leader = leader;
    if (leader === null || known === null || (known.ipAddress === leader.ipAddress && known.port === leader.port))
      return;
    this.#log.notice(
      `tracker leader changes from ${known.ipAddress}:${known.port} to ${leader.ipAddress}:${leader.port}`,
    );
    try {
      const old = await TrackerLink.open({ hosts: [known.ipAddress], port: known.port }, this.#state.linkOptions);
      const { address } = await old.call(getLeader, {});
      await old.quit();
      if (address === `${known.ipAddress}:${known.port}`) await this.#state.resolveTwoLeaders(known, leader);
    } catch {
      // The old leader does not answer or does not lead: the change stands.
    }
  }
}
