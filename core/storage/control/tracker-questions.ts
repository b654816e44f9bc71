// Short questions to several trackers that a storage asks besides its long connections: who leads, what is my status, was
// my address changed, what happened to my peers.

import { formatServerAddress, type ServerAddress } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import { Status } from "../../wire/status.ts";
import { notifyReselectLeader, trackerGetStatus } from "../../wire/tracker-cluster.ts";
import { listStorage, type StorageInfo } from "../../wire/tracker-list.ts";
import { getServerId, getStorageStatus } from "../../wire/tracker-lookup.ts";
import {
  changelogRequest,
  parameterRequest,
  reportIpChanged,
  reportStatus,
  type StorageBrief,
  type SyncSource,
  syncSourceRequest,
} from "../../wire/tracker-report.ts";
import { resolveTracker } from "./addresses.ts";
import { isAnswer, messageOf, textOf } from "./discovery.ts";
import { parseTrackerParameters, type TrackerParameters } from "./parameters.ts";
import { pause, unlessAborted } from "./pause.ts";
import { type LinkOptions, TrackerLink } from "./tracker-link.ts";

const RETRY_MS = 1000;

export class TrackerQuestions {
  readonly #trackers: readonly ServerAddress[];
  readonly #options: LinkOptions;
  readonly #log: Logger;
  readonly #signal: AbortSignal;

  constructor(trackers: readonly ServerAddress[], options: LinkOptions, log: Logger, signal: AbortSignal) {
    this.#trackers = trackers;
    this.#options = options;
    this.#log = log;
    this.#signal = signal;
  }

  /** Index of the tracker with this address; null when none of ours has it. */
  async indexOf(address: string, port: number): Promise<number | null> {
    for (const [index, tracker] of this.#trackers.entries()) {
      if (tracker.port !== port) continue;
      const { hosts } = await resolveTracker(tracker).catch(() => tracker);
      if (hosts.includes(address)) return index;
    }
    return null;
  }

  /** True when the tracker answers and claims to lead. */
  async claimsToLead(index: number): Promise<boolean> {
    try {
      return await this.#ask(index, async (link) => (await link.request(trackerGetStatus, {})).isLeader);
    } catch {
      return false;
    }
  }

  /** The first tracker that claims to lead. */
  async findLeader(): Promise<number | null> {
    for (const index of this.#trackers.keys()) if (await this.claimsToLead(index)) return index;
    return null;
  }

  /** Tells two trackers that both lead to elect again; what they answer changes nothing. */
  async reselect(indexes: readonly number[]): Promise<void> {
    const names = indexes.map((index) => formatServerAddress(this.#trackers[index]!)).join(" and ");
    this.#log.warn(`Two trackers claim to lead, ${names}: both are told to elect again`);
    for (const index of indexes) {
      try {
        await this.#ask(index, (link) => link.request(notifyReselectLeader, {}));
      } catch (error) {
        this.#log.debug(`RESELECT was not accepted: ${messageOf(error)}`);
      }
    }
  }

  /** Highest status of the storage `host` (`ip:port`) that any tracker knows; null when none knows it. */
  async highestStatus(groupName: string, host: string): Promise<number | null> {
    let highest: number | null = null;
    for (const index of this.#trackers.keys()) {
      try {
        const { status } = await this.#ask(index, (link) => link.request(getStorageStatus, { groupName, host }));
        highest = Math.max(highest ?? status, status);
      } catch (error) {
        this.#log.debug(`No status of ${host}: ${messageOf(error)}`);
      }
    }
    return highest;
  }

  /** The id that the trackers' list gives to `host` (`ip:port`); null when it has none. One tracker has to answer. */
  async idOf(groupName: string, host: string): Promise<string | null> {
    let found: string | null = null;
    await this.#untilOneAgrees(`tell the id of ${host}`, async (link) => {
      const answer = await link.request(getServerId, { groupName, host }).catch((error: unknown) => {
        if (isAnswer(error, Status.ENOENT)) return null;
        throw error;
      });
      found ??= answer?.storageId ?? null;
    });
    return found;
  }

  /** Reports the new own address to all trackers until one has taken it. */
  async reportIpChanged(groupName: string, oldIp: string, newIp: string): Promise<void> {
    await this.#untilOneAgrees("take our new address", async (link) => {
      await link.request(reportIpChanged, { groupName, oldIp, newIp }).catch((error: unknown) => {
        // Busy, known already, gone, done before: all mean that there is nothing left to report (tracker.md §4.13).
        if (!isAnswer(error, Status.ENOENT, Status.EBUSY, Status.EEXIST, Status.EALREADY)) throw error;
      });
    });
  }

  /** What happened to peers while we were away, of every tracker; at least one has to answer. */
  async changelogs(groupName: string, id: string): Promise<string[]> {
    const texts: string[] = [];
    await this.#untilOneAgrees("tell its changelog", async (link) => {
      const answer = await link.request(changelogRequest, { storages: [{ groupName, id }] }).catch((error: unknown) => {
        if (isAnswer(error, Status.ENOENT)) return null;
        throw error;
      });
      if (answer !== null && answer.lines.length > 0) texts.push(textOf(answer.lines));
    });
    return texts;
  }

  /**
   * SYNC_SRC_REQ: how `peerId` is to be fed; null: it needs no old files. All trackers are asked, because one that has just
   * come back may not know the source; rejects when none answers.
   */
  async feedingOrder(groupName: string, peerId: string): Promise<SyncSource | null> {
    const answers = await this.#askAll((link) => link.request(syncSourceRequest, { groupName, destinationId: peerId }));
    const sources = answers.flatMap((answer) => answer.sources);
    // The latest order: a tracker may still know that of an earlier life of the peer.
    return sources.reduce<SyncSource | null>(
      (latest, source) => (latest !== null && latest.untilTimestamp >= source.untilTimestamp ? latest : source),
      null,
    );
  }

  /** What the trackers decide for all storages; rejects when none answers. */
  async parameters(): Promise<TrackerParameters> {
    const answers = await this.#askAll((link) => link.request(parameterRequest, {}));
    return parseTrackerParameters(textOf(answers[0]!.text));
  }

  /** The group's storages with their statistics as this tracker has them. */
  async storages(index: number, groupName: string): Promise<StorageInfo[]> {
    return (await this.#ask(index, (link) => link.request(listStorage, { groupName, storageId: "" }))).storages;
  }

  /** REPORT_STATUS to every tracker; rejects when none takes it. */
  async reportStatus(groupName: string, brief: StorageBrief): Promise<void> {
    await this.#askAll((link) => link.request(reportStatus, { groupName, brief }));
  }

  /** What those trackers answered that did; rejects with the last failure when none did. */
  async #askAll<T>(ask: (link: TrackerLink) => Promise<T>): Promise<T[]> {
    const outcomes = await Promise.allSettled([...this.#trackers.keys()].map((index) => this.#ask(index, ask)));
    this.#signal.throwIfAborted();
    const answers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (answers.length === 0 && failure !== undefined) throw failure.reason;
    return answers;
  }

  async #untilOneAgrees(what: string, ask: (link: TrackerLink) => Promise<void>): Promise<void> {
    for (let isFirst = true; ; isFirst = false) {
      const failures: string[] = [];
      for (const index of this.#trackers.keys()) {
        try {
          await this.#ask(index, ask);
        } catch (error) {
          this.#signal.throwIfAborted();
          failures.push(messageOf(error));
        }
      }
      if (failures.length < this.#trackers.length) return;
      if (isFirst) this.#log.error(`Cannot start serving yet: no tracker will ${what} (${failures.join("; ")})`);
      await pause(RETRY_MS, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  async #ask<T>(index: number, ask: (link: TrackerLink) => Promise<T>): Promise<T> {
    const address = await resolveTracker(this.#trackers[index]!);
    const link = await TrackerLink.openUnlessAborted(address, this.#options, this.#signal);
    try {
      return await unlessAborted(ask(link), this.#signal);
    } finally {
      link.quit();
    }
  }
}
