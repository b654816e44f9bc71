// A simulated storage's conversation with trackers: typed requests over a connection, and short questions to all of them.
// Follows core/storage/control/{tracker-link,tracker-questions}.ts.

import { RemoteError } from "../../../core/net/remote-error.ts";
import type { FeedingOrder } from "../../../core/storage/replication/course.ts";
import { type Command, decodeResponse, encodeRequest } from "../../../core/wire/command.ts";
import { notifyReselectLeader, trackerGetStatus } from "../../../core/wire/tracker-cluster.ts";
import { getStorageStatus } from "../../../core/wire/tracker-lookup.ts";
import {
  type ReportAnswer,
  reportStatus,
  type StorageBrief,
  syncSourceRequest,
} from "../../../core/wire/tracker-report.ts";
import type { TrackerAnswer } from "../tracker/connection.ts";
import type { Life } from "../world/life.ts";
import type { Link, Network } from "../world/network.ts";
import { GROUP } from "../world/places.ts";

export class SimTrackerLink {
  readonly host: string;
  readonly #link: Link<Uint8Array, TrackerAnswer>;

  private constructor(link: Link<Uint8Array, TrackerAnswer>) {
    this.host = link.to;
    this.#link = link;
  }

  static async open(network: Network, life: Life, tracker: string): Promise<SimTrackerLink> {
    return new SimTrackerLink(await network.connect(life, tracker));
  }

  async request<Q, S>(command: Command<Q, S>, value: Q): Promise<S> {
    return decodeResponse(command, await this.#ask(command, value));
  }

  async report<Q>(command: Command<Q, ReportAnswer>, value: Q): Promise<ReportAnswer> {
    const body = await this.#ask(command, value);
    return body.length === 0 ? { flags: 0, briefs: [] } : decodeResponse(command, body);
  }

  quit(): void {
    this.#link.close();
  }

  async #ask<Q, S>(command: Command<Q, S>, value: Q): Promise<Uint8Array> {
    let answer: TrackerAnswer;
    try {
      answer = await this.#link.request(encodeRequest(command, value));
    } catch (error) {
      throw RemoteError.fromFailure(this.host, error);
    }
    if (answer.status !== 0) throw RemoteError.fromStatus(this.host, answer.status);
    return answer.body;
  }
}

export class Questions {
  readonly #network: Network;
  readonly #life: Life;
  readonly #trackers: readonly string[];

  constructor(network: Network, life: Life, trackers: readonly string[]) {
    this.#network = network;
    this.#life = life;
    this.#trackers = trackers;
  }

  async claimsToLead(index: number): Promise<boolean> {
    try {
      return await this.#ask(index, async (link) => (await link.request(trackerGetStatus, {})).isLeader);
    } catch {
      return false;
    }
  }

  async findLeader(): Promise<number | null> {
    for (const index of this.#trackers.keys()) if (await this.claimsToLead(index)) return index;
    return null;
  }

  async reselect(indexes: readonly number[]): Promise<void> {
    for (const index of indexes) {
      await this.#ask(index, (link) => link.request(notifyReselectLeader, {})).catch(() => {});
    }
  }

  async highestStatus(host: string): Promise<number | null> {
    let highest: number | null = null;
    for (const index of this.#trackers.keys()) {
      try {
        const { status } = await this.#ask(index, (link) => link.request(getStorageStatus, { groupName: GROUP, host }));
        highest = Math.max(highest ?? status, status);
      } catch {
        // That one does not know.
      }
    }
    return highest;
  }

  async feedingOrder(destinationId: string): Promise<FeedingOrder | null> {
    const answers = await this.#askAll((link) => link.request(syncSourceRequest, { groupName: GROUP, destinationId }));
    return answers.flatMap((answer) => answer.sources)[0] ?? null;
  }

  async reportStatus(brief: StorageBrief): Promise<void> {
    await this.#askAll((link) => link.request(reportStatus, { groupName: GROUP, brief }));
  }

  async #askAll<T>(ask: (link: SimTrackerLink) => Promise<T>): Promise<T[]> {
    const outcomes = await Promise.allSettled([...this.#trackers.keys()].map((index) => this.#ask(index, ask)));
    const answers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (answers.length === 0 && failure !== undefined) throw failure.reason;
    return answers;
  }

  async #ask<T>(index: number, ask: (link: SimTrackerLink) => Promise<T>): Promise<T> {
    const link = await SimTrackerLink.open(this.#network, this.#life, this.#trackers[index]!);
    try {
      return await ask(link);
    } finally {
      link.quit();
    }
  }
}
