// Whether this storage has trunk files at all: from its start when the trackers' parameters say so, or later, when a trunk
// server is announced though they did not (trunk-dedup-recovery.md §1.1). No restart is needed for that.

import type { Logger } from "../../observe/logger.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { TrunkKeeper } from "../trunk/role/keeper.ts";
import type { TrunkKeeperHelp } from "../trunk/role/keeper-help.ts";
import { messageOf } from "./discovery.ts";
import type { TrackerLink } from "./tracker-link.ts";
import type { TrunkParameters } from "./trunk-parameters.ts";

export class TrunkMode {
  readonly #help: TrunkKeeperHelp;
  readonly #log: Logger;
  #keeper: TrunkKeeper | null = null;
  /** Announcements that the trackers were asked about. */
  #askedFor = 0;
  #asking: Promise<void> = Promise.resolve();

  /** `parameters` null: the trackers said no. */
  constructor(help: TrunkKeeperHelp, parameters: TrunkParameters | null) {
    this.#help = help;
    this.#log = help.log;
    if (parameters !== null) this.#keeper = this.#begin(parameters);
  }

  /** A tracker's answer has been digested; `sentMs` is when it was asked. */
  heard(tracker: number, sentMs: number): void {
    const { membership } = this.#help;
    if (this.#keeper !== null) this.#keeper.heard(tracker, sentMs);
    else if (membership.trunkAnnouncements !== this.#askedFor) {
      this.#askedFor = membership.trunkAnnouncements;
      if (membership.trunkServer !== null) this.#asking = this.#askAgain(tracker);
    }
  }

  /** A file has come into this slot from elsewhere. */
  taken(block: TrunkInfo): void {
    this.#keeper?.taken(block);
  }

  groupChanged(): void {
    this.#keeper?.groupChanged();
  }

  /** Called about once a second. */
  tick(): void {
    this.#keeper?.tick();
  }

  /** What else this tracker is to be told. */
  async reportTo(tracker: number, link: TrackerLink): Promise<void> {
    await this.#keeper?.reportTo(tracker, link);
  }

  async stop(): Promise<void> {
    await this.#asking;
    await this.#keeper?.stop();
  }

  async #askAgain(tracker: number): Promise<void> {
    try {
      const { trunk } = await this.#help.questions.parameters();
      if (trunk === null || this.#keeper !== null) return;
      this.#log.notice("use_trunk_file is on at the trackers now");
      this.#keeper = this.#begin(trunk);
      this.#keeper?.heard(tracker, performance.now());
    } catch (error) {
      this.#log.error(`Cannot ask the trackers for their parameters again: ${messageOf(error)}`);
      // The next answer of a tracker tries again.
      this.#askedFor = 0;
    }
  }

  #begin(parameters: TrunkParameters): TrunkKeeper | null {
    try {
      return new TrunkKeeper(this.#help, parameters);
    } catch (error) {
      this.#log.crit(`Cannot use trunk files: ${messageOf(error)}; small files are stored one by one`);
      return null;
    }
  }
}
