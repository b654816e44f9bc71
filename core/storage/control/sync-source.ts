// From whom a new storage gets the old files: SYNC_DEST_REQ once in its life, SYNC_NOTIFY at every join (storage.md §7.2,
// tracker.md §4.4-§4.7). The decision is remembered in .data_init_flag; the files themselves are pushed by the source.

import type { Logger } from "../../observe/logger.ts";
import { Status } from "../../wire/status.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import { type SyncSource, syncDestQuery, syncDestRequest, syncNotify } from "../../wire/tracker-report.ts";
import { isAnswer } from "./discovery.ts";
import type { InitFlagFile } from "./init-flag.ts";
import type { TrackerLink } from "./tracker-link.ts";

export interface SyncSourceHelp {
  readonly trackerCount: number;
  readonly flag: InitFlagFile;
  readonly log: Logger;
  /** Asks around which tracker leads, and remembers it; null when none claims to. */
  findLeader(): Promise<number | null>;
  /** Highest status of this storage that any tracker knows; null when none answers. */
  highestOwnStatus(): Promise<number | null>;
}

/** What SYNC_NOTIFY of a tracker came to. */
type Notified = "unknown" | "accepted" | "source-gone" | "failed";

export class SyncSourceKeeper {
  readonly #help: SyncSourceHelp;
  readonly #notified: Notified[];
  /** What each tracker's reporter believes: the init_flag of its JOINs. */
  readonly #isDone: boolean[];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(help: SyncSourceHelp) {
    this.#help = help;
    this.#notified = new Array<Notified>(help.trackerCount).fill("unknown");
    this.#isDone = new Array<boolean>(help.trackerCount).fill(help.flag.value.syncOldDone);
  }

  /** init_flag of a JOIN is the opposite of this. */
  isDone(tracker: number): boolean {
    return this.#isDone[tracker]!;
  }

  /** After a JOIN whose answer named `known` as our source: a tracker that has forgotten it is told again. */
  async afterJoin(link: TrackerLink, tracker: number, known: string): Promise<void> {
    if (known === "" && this.#help.flag.value.syncSourceId !== "") await this.#notify(link, tracker);
  }

  /**
   * Brings tracker and storage to one mind about the source; rejects when the tracker has to be joined anew later. Only
   * one reporter at a time: the first tracker chooses, the others are told.
   */
  async agree(link: TrackerLink, tracker: number): Promise<void> {
    if (!this.#isDone[tracker]) {
      await this.#inTurn(async () => {
        if (this.#help.flag.value.syncOldDone) await this.#notify(link, tracker);
        else await this.#request(link);
      });
      this.#isDone[tracker] = true;
    }
    try {
      await this.#notify(link, tracker);
    } catch (error) {
      if (this.#notified.every((outcome) => outcome === "source-gone")) await this.#startOver(link, tracker);
      throw error;
    }
  }

  async #request(link: TrackerLink): Promise<void> {
    const [source] = (await link.request(syncDestRequest, {})).sources;
    this.#remember(source ?? { sourceId: "", untilTimestamp: 0 });
    const { log } = this.#help;
    if (source === undefined) log.info("This is the first storage of its group: there are no old files to fetch");
    else log.info("A source for the old files is chosen", { source: source.sourceId, until: source.untilTimestamp });
  }

  async #notify(link: TrackerLink, tracker: number): Promise<void> {
    const { flag, log } = this.#help;
    const { syncSourceId: sourceId, syncUntilTimestamp: untilTimestamp } = flag.value;
    try {
      await link.request(syncNotify, { sourceId, untilTimestamp });
      this.#notified[tracker] = "accepted";
    } catch (error) {
      this.#notified[tracker] = isAnswer(error, Status.ENOENT) ? "source-gone" : "failed";
      if (this.#notified[tracker] === "source-gone" && (await this.#help.findLeader()) === tracker) {
        log.warn("The leading tracker does not know the source of the old files any more: it is forgotten", {
          source: sourceId,
        });
        flag.update({ syncSourceId: "" });
      }
      throw error;
    }
  }

  /** All trackers say that the source is gone: ask whether another one is known, and start again if we never got far. */
  async #startOver(link: TrackerLink, tracker: number): Promise<void> {
    const status = await this.#help.highestOwnStatus();
    if (status === null) return;
    const [source] = (await link.request(syncDestQuery, {})).sources;
    if (source !== undefined) this.#remember(source);
    if (status >= StorageStatus.OFFLINE || !this.#help.flag.value.syncOldDone) return;
    this.#help.flag.update({ syncOldDone: false });
    this.#isDone[tracker] = false;
  }

  #remember({ sourceId, untilTimestamp }: SyncSource): void {
    this.#help.flag.update({ syncOldDone: true, syncSourceId: sourceId, syncUntilTimestamp: untilTimestamp });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}
