// The trunk server's line to the trackers: whether the leading one is heard, what it is asked, what each tracker is told when
// it changes (trunk-dedup-recovery.md §1.6).

import { Status } from "../../../wire/status.ts";
import { fetchTrunkFileId, reportTrunkFileId, reportTrunkFree } from "../../../wire/tracker-lookup.ts";
import { isAnswer } from "../../control/discovery.ts";
import type { Errands } from "../../control/errands.ts";
import type { Membership } from "../../control/membership.ts";
import type { TrackerLink } from "../../control/tracker-link.ts";

/** How long an answer may take: a new trunk file waits for it. */
const PATIENCE_MS = 1000;
/** Heartbeats without an answer of the leader after which it may have appointed another trunk server. */
const SILENT_BEATS = 2;

export interface LeaderLineHelp {
  readonly trackerCount: number;
  readonly heartBeatIntervalMs: number;
  readonly membership: Membership;
  readonly errands: Errands;
}

/** What the trackers want to know of the trunk server. */
interface TrunkFigures {
  readonly fileId: number;
  readonly freeMb: number;
}

const UNTOLD: TrunkFigures = { fileId: 0, freeMb: -1 };

export class LeaderLine {
  readonly #help: LeaderLineHelp;
  /** By tracker. */
  readonly #told: TrunkFigures[];
  #heardMs = performance.now();

  constructor(help: LeaderLineHelp) {
    this.#help = help;
    this.#told = new Array<TrunkFigures>(help.trackerCount).fill(UNTOLD);
  }

  /** The leader has answered what it was asked at `sentMs` (performance.now). */
  heard(sentMs: number): void {
    this.#heardMs = Math.max(this.#heardMs, sentMs);
  }

  get isSilent(): boolean {
    return this.#restMs < 0;
  }

  /** Milliseconds that remain until the leader counts as silent. */
  get leaseMs(): number {
    return Math.max(0, Math.floor(this.#restMs));
  }

  get #restMs(): number {
    return this.#heardMs + SILENT_BEATS * this.#help.heartBeatIntervalMs - performance.now();
  }

  /** The greatest id that the leader knows; rejects when it does not answer soon. */
  async lastFileId(): Promise<number> {
    return (await this.#ask((link) => link.request(fetchTrunkFileId, {}))).trunkFileId;
  }

  /** Rejects when the leader does not take it soon. */
  async reportFileId(trunkFileId: number): Promise<void> {
    await this.#ask((link) => link.request(reportTrunkFileId, { trunkFileId }));
  }

  /** Tells a tracker what has changed since it was told last. */
  async report(tracker: number, link: TrackerLink, { fileId, freeMb }: TrunkFigures): Promise<void> {
    const told = this.#told[tracker]!;
    if (told.fileId === fileId && told.freeMb === freeMb) return;
    try {
      if (fileId !== told.fileId) await link.request(reportTrunkFileId, { trunkFileId: fileId });
      if (freeMb !== told.freeMb) await link.request(reportTrunkFree, { freeMb });
      this.#told[tracker] = { fileId, freeMb };
    } catch (error) {
      // A tracker that does not lead learns of the role later than we do.
      if (!isAnswer(error, Status.EINVAL)) throw error;
    }
  }

  /** A new term: all is told again. */
  forgetTold(): void {
    this.#told.fill(UNTOLD);
  }

  #ask<T>(ask: (link: TrackerLink) => Promise<T>): Promise<T> {
    const { membership, errands, trackerCount } = this.#help;
    const leader = Array.from({ length: trackerCount }, (_, tracker) => tracker).find((tracker) =>
      membership.isLeader(tracker),
    );
    if (leader === undefined) return Promise.reject(new Error("no leading tracker is known"));
    return errands.ask(leader, PATIENCE_MS, ask);
  }
}
