// What a recovery asks the trackers: whether it is needed at all, and which storages of the group can be its source
// (trunk-dedup-recovery.md §3.3). Waits as long as it takes, with a line in the log on what it waits for, until the signal
// ends it.

import type { ServerAddress } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import { Status } from "../../wire/status.ts";
import { RwMode, StorageStatus } from "../../wire/storage-status.ts";
import { listOneGroup, listStorage } from "../../wire/tracker-list.ts";
import { getStorageStatus } from "../../wire/tracker-lookup.ts";
import { resolveTracker } from "../control/addresses.ts";
import { type Discovery, isAnswer, messageOf } from "../control/discovery.ts";
import { pause, unlessAborted } from "../control/pause.ts";
import { type LinkOptions, TrackerLink } from "../control/tracker-link.ts";

const RETRY_MS = 1000;
/** With one tracker's answer at hand the others get this long; C waits for each without end. */
const OTHERS_MS = 10_000;
const REMIND_MS = 60_000;

/** A storage that can be a source now. */
export interface Candidate {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export const nameOf = ({ host, port }: Candidate): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** `savedStatus` is what the trackers are told at the end; `reason` a sentence's end: "..., because <reason>". */
export type Need =
  | { readonly isNeeded: true; readonly savedStatus: number }
  | { readonly isNeeded: false; readonly reason: string };

export interface GroupQuestionsHelp {
  readonly trackers: readonly ServerAddress[];
  readonly linkOptions: LinkOptions;
  readonly discovery: Pick<Discovery, "groupName" | "addresses" | "id">;
  /** As announced to the trackers. */
  readonly port: number;
  readonly storePathCount: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export class GroupQuestions {
  readonly #help: GroupQuestionsHelp;
  #told = "";
  #toldAt = 0;

  constructor(help: GroupQuestionsHelp) {
    this.#help = help;
  }

  /** Rejects only with the signal's reason. */
  async need(): Promise<Need> {
    const status = await this.#highestStatus();
    if (status === null) return { isNeeded: false, reason: "no tracker knows this storage" };
    const { INIT, IP_CHANGED, DELETED, RECOVERY, OFFLINE } = StorageStatus;
    if (status === INIT || status === IP_CHANGED || status === DELETED) {
      return {
        isNeeded: false,
        reason: `the trackers hold this storage with status ${status}: it is filled anew anyway`,
      };
    }
    const { groupName } = this.#help.discovery;
    for (;;) {
      const group = await this.#askOne((link) => link.request(listOneGroup, { groupName }));
      if (group === null || group.storageCount <= 0) {
        await this.#wait("no tracker tells about the group");
        continue;
      }
      if (group.storageCount === 1) return { isNeeded: false, reason: "the group has no other storage" };
      if (this.#help.storePathCount > group.storePathCount) {
        const counts = `${this.#help.storePathCount} store paths, the group ${group.storePathCount}`;
        return { isNeeded: false, reason: `this storage has ${counts}: the path is a new one` };
      }
      return { isNeeded: true, savedStatus: status === RECOVERY ? OFFLINE : status };
    }
  }

  /** The other storages that are ACTIVE and may be read from, in the trackers' order; null: no tracker answers. */
  async candidates(): Promise<Candidate[] | null> {
    const { groupName, id } = this.#help.discovery;
    const answer = await this.#askOne((link) => link.request(listStorage, { groupName, storageId: "" }));
    if (answer === null) return null;
    return answer.storages
      .filter((one) => one.id !== id && one.status === StorageStatus.ACTIVE && (one.rwMode & RwMode.READ) !== 0)
      .map((one) => ({ id: one.id, host: one.ipAddress, port: one.storagePort }));
  }

  /** Null: all trackers answered that they do not know us. */
  async #highestStatus(): Promise<number | null> {
    const { trackers, discovery, port, signal } = this.#help;
    const { groupName, addresses } = discovery;
    const host = addresses[0]!.includes(":") ? `[${addresses[0]}]:${port}` : `${addresses[0]}:${port}`;
    const since = Date.now();
    for (;;) {
      const answers = await Promise.all(
        trackers.map((tracker) =>
          this.#ask(tracker, (link) => link.request(getStorageStatus, { groupName, host })).then(
            ({ status }) => status,
            (error: unknown) => (isAnswer(error, Status.ENOENT) ? null : messageOf(error)),
          ),
        ),
      );
      signal.throwIfAborted();
      const failures = answers.filter((answer) => typeof answer === "string");
      const known = answers.filter((answer) => typeof answer === "number");
      const isPatient = Date.now() - since < OTHERS_MS;
      if (failures.length === 0) return known.length === 0 ? null : Math.max(...known);
      if (known.length > 0 && !isPatient) return Math.max(...known);
      await this.#wait(`trackers do not tell this storage's status (${failures.join("; ")})`);
    }
  }

  /** Logs why, then waits a second; rejects when the storage is to stop. */
  async #wait(why: string): Promise<void> {
    const { log, signal } = this.#help;
    if (why !== this.#told || Date.now() - this.#toldAt > REMIND_MS) {
      log.warn(`Recovery waits: ${why}`);
      this.#told = why;
      this.#toldAt = Date.now();
    }
    await pause(RETRY_MS, signal);
    signal.throwIfAborted();
  }

  /** The answer of the first tracker that has one; null: none has. */
  async #askOne<T>(ask: (link: TrackerLink) => Promise<T>): Promise<T | null> {
    for (const tracker of this.#help.trackers) {
      try {
        return await this.#ask(tracker, ask);
      } catch (error) {
        this.#help.signal.throwIfAborted();
        this.#help.log.debug(`A tracker does not answer a question of the recovery: ${messageOf(error)}`);
      }
    }
    return null;
  }

  async #ask<T>(tracker: ServerAddress, ask: (link: TrackerLink) => Promise<T>): Promise<T> {
    const { linkOptions, signal } = this.#help;
    const link = await TrackerLink.openUnlessAborted(await resolveTracker(tracker), linkOptions, signal);
    try {
      return await unlessAborted(ask(link), signal);
    } finally {
      link.quit();
    }
  }
}
