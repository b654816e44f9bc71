// One other storage of the group and what this one does for it: follows the peer's course, lets the copier work when it is
// time, saves how far it has come. What comes next is decided in course.ts; this file asks, waits and remembers.

import type { ServerAddress } from "../../../conf/index.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { LinkOptions } from "../control/dial.ts";
import { messageOf } from "../control/discovery.ts";
import type { Member } from "../control/membership.ts";
import { pause } from "../control/pause.ts";
import { Copier, type CopierHelp } from "./copier.ts";
import { isCopyTime, secondOfDay } from "./copy-hours.ts";
import { type FeedingOrder, markAfterAnswer, nextStep } from "./course.ts";
import { firstPositionAfter } from "./first-position.ts";
import { Lanes } from "./lanes.ts";
import { isBefore, type Mark, type Position } from "./mark.ts";
import { MarkFile } from "./mark-file.ts";

const RETRY_MS = 1000;
/** Longest sleep without any news: a change that nobody told of is seen then. */
const LOOK_MS = 1000;
/** So often the trackers are asked again who fills a peer that waits for its files. */
const ASK_AGAIN_MS = 30_000;
const MARK_EVERY_MS = 1000;
const ROUND_MS = 4;

export interface PeerTaskHelp extends CopierHelp {
  readonly ownId: string;
  readonly linkOptions: LinkOptions;
  readonly hours: { readonly startSeconds: number; readonly endSeconds: number };
  readonly markEveryRows: number;
  member(id: string): Member | undefined;
  /** Where the peer is, all its addresses. */
  addressOf(member: Member): ServerAddress;
  markName(id: string): string;
  /** This storage has been told where its own old files come from. */
  isSettled(): boolean;
  /** Asks to be woken with the next record. */
  awaitRecords(): void;
  /** How another peer is served; null when it is not. */
  positionToward(id: string): Position | null;
  /** SYNC_SRC_REQ. */
  feedingOrder(id: string): Promise<FeedingOrder | null>;
  /** Tells the trackers and remembers it; rejects when none has taken it. */
  reportStatus(member: Member, status: number): Promise<void>;
  retireMark(id: string): void;
}

/** What a task shows of itself. */
export interface TaskState {
  readonly kind: "waiting" | "connecting" | "copying" | "idle";
  readonly reason: string;
}

export class PeerTask {
  readonly id: string;
  readonly copier: Copier;
  readonly #help: PeerTaskHelp;
  readonly #signal: AbortSignal;
  readonly #markFile: MarkFile;
  #mark: Mark | null;
  #hasAsked = false;
  #askedMs = 0;
  #lastStatus = -1;
  #state: TaskState = { kind: "waiting", reason: "" };
  #wake: (() => void) | undefined;
  #isWoken = false;
  #markSavedMs = 0;
  #roundMs = 0;

  /** Throws a sentence when the peer's mark cannot be used. */
  constructor(help: PeerTaskHelp, id: string, signal: AbortSignal) {
    this.#help = help;
    this.id = id;
    this.#signal = signal;
    this.#markFile = new MarkFile(help.folder, help.markName(id));
    this.#mark = this.#markFile.load();
    const lanes = new Lanes(help.ownId, help.linkOptions, () => help.addressOf(help.member(id)!));
    this.copier = new Copier(help, id, this.#markFile.path, lanes, () => this.wake(), signal);
  }

  get state(): TaskState {
    const { unreachable } = this.copier;
    return unreachable === "" ? this.#state : { kind: "connecting", reason: unreachable };
  }

  /** Everything before it is confirmed by the peer. */
  get committed(): Position | null {
    return this.copier.committed ?? this.#mark?.position ?? null;
  }

  get isFilling(): boolean {
    return this.#mark?.needsOld === true && !this.#mark.isOldDone;
  }

  /** Something has changed: the binlog, the peer's status. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Runs until the peer is gone or the signal is aborted; never rejects. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        if (!(await this.#advance())) break;
      } catch (error) {
        if (this.#signal.aborted) break;
        this.copier.failed(messageOf(error));
        await pause(RETRY_MS, this.#signal);
      }
    }
    await this.#giveUp();
  }

  // ---- the course ----

  /** One step; false when there is nothing to do for this peer any more. */
  async #advance(): Promise<boolean> {
    const member = this.#help.member(this.id);
    const status = member?.status ?? StorageStatus.DELETED;
    this.#noteStatus(status);
    const isSettled = this.#help.isSettled();
    const { isAtEnd } = this.copier;
    const step = nextStep({ status, mark: this.#mark, hasAsked: this.#hasAsked, isSettled, isAtEnd });
    switch (step.kind) {
      case "end":
        if (status === StorageStatus.DELETED) this.#retire();
        return false;
      case "wait":
        // Of two answers to a storage that asked twice for its source the second counts.
        if (Date.now() - this.#askedMs >= ASK_AGAIN_MS) this.#hasAsked = false;
        await this.#rest(step.reason);
        return true;
      case "ask":
        await this.#ask();
        return true;
      case "report":
        await this.#help.reportStatus(member!, step.status);
        // Again and again until the leader has taken it.
        if (step.status !== StorageStatus.SYNCING) await this.#sleep(LOOK_MS);
        return true;
      case "finish-old":
        await this.#finishOld();
        return true;
      case "copy":
        await this.#copy();
        return true;
    }
  }

  /** A peer that is made new again has to be asked about again. */
  #noteStatus(status: number): void {
    if (status === this.#lastStatus) return;
    const { WAIT_SYNC, SYNCING } = StorageStatus;
    const goesOn = this.#lastStatus === WAIT_SYNC && status === SYNCING;
    if (!goesOn) this.#hasAsked = false;
    this.#lastStatus = status;
  }

  async #ask(): Promise<void> {
    // The mark of a peer that has another address now follows it when the changelog is read, which may be after the start.
    this.#mark ??= this.#markFile.load();
    if (this.#mark !== null && this.#lastStatus === StorageStatus.ACTIVE && !this.isFilling) return;
    const order = await this.#help.feedingOrder(this.id);
    this.#hasAsked = true;
    this.#askedMs = Date.now();
    const isNew = this.#lastStatus !== StorageStatus.ACTIVE;
    const { folder, ownId, log } = this.#help;
    let first: Position = { index: 0, offset: 0 };
    if (order !== null && order.sourceId !== ownId && order.untilTimestamp > 0) {
      const behindSource = this.#help.positionToward(order.sourceId);
      first = await firstPositionAfter(folder, order.untilTimestamp, behindSource, this.#help.binlogEnd());
    }
    this.#updateMark();
    const mark = markAfterAnswer(this.#mark, order, ownId, isNew, () => first);
    if (mark === this.#mark) return;
    if (mark.needsOld) log.notice(`Storage ${this.id} gets all files from this one`, { until: mark.untilTimestamp });
    this.copier.drop();
    this.#mark = mark;
    await this.#markFile.save(mark);
  }

  /** Asked once more: the peer may have lost everything while it was being filled. */
  async #finishOld(): Promise<void> {
    await this.#ask();
    if (this.#mark === null || !this.copier.isAtEnd) return;
    this.#mark = { ...this.#mark, isOldDone: true };
    await this.#markFile.save(this.#mark);
    this.#help.log.notice(`Storage ${this.id} has got all files`, { records: this.#mark.copiedRows });
  }

  async #copy(): Promise<void> {
    const { startSeconds, endSeconds } = this.#help.hours;
    if (!isCopyTime(secondOfDay(new Date()), startSeconds, endSeconds)) {
      await this.#rest("it is outside of sync_start_time to sync_end_time");
      return;
    }
    await this.#untilNextRound();
    await this.copier.pump(() => this.#start(), this.#mark!);
    this.#saveProgress();
    const { isAtEnd } = this.copier;
    this.#state = { kind: isAtEnd ? "idle" : "copying", reason: "" };
    if (isAtEnd) {
      if (this.isFilling) return;
      this.#help.awaitRecords();
      if (this.copier.hasMore) return;
    }
    await this.#sleep(Math.min(LOOK_MS, this.copier.dueInMs(Date.now())));
  }

  /** Under load some records are taken at once: a round for each would cost more than the records themselves. */
  async #untilNextRound(): Promise<void> {
    const restMs = this.#roundMs + ROUND_MS - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    this.#roundMs = performance.now();
  }

  /** Where the mark says, unless a power cut has taken the end of the binlog: then the last file is gone through again. */
  #start(): Position {
    const { position } = this.#mark!;
    const end = this.#help.binlogEnd();
    if (!isBefore(end, position)) return position;
    this.#help.log.warn(`The mark of storage ${this.id} is behind the end of the binlog: its last file is sent again`);
    return { index: end.index, offset: 0 };
  }

  /** Nothing can be sent now: what was read ahead is read again later. */
  async #rest(reason: string): Promise<void> {
    this.#state = { kind: "waiting", reason };
    if (this.copier.committed !== null) {
      this.#updateMark();
      this.copier.rest();
      if (this.#mark !== null) await this.#markFile.save(this.#mark);
    }
    await this.#sleep(LOOK_MS);
  }

  #retire(): void {
    this.copier.rest();
    this.#mark = null;
    this.#help.retireMark(this.id);
  }

  async #giveUp(): Promise<void> {
    this.#updateMark();
    this.copier.rest();
    if (this.#mark !== null) await this.#markFile.save(this.#mark).catch((error: unknown) => this.#notSaved(error));
  }

  // ---- the mark ----

  #updateMark(): void {
    if (this.#mark !== null) this.#mark = this.copier.advance(this.#mark);
  }

  /** In the background: a busy disk takes its time, and copying goes on meanwhile. */
  #saveProgress(): void {
    this.#updateMark();
    const { saved } = this.#markFile;
    const mark = this.#mark;
    if (mark === null || mark.scannedRows === saved?.scannedRows || this.#markFile.isSaving) return;
    const rows = mark.copiedRows - (saved?.copiedRows ?? 0);
    if (rows < this.#help.markEveryRows && Date.now() - this.#markSavedMs < MARK_EVERY_MS) return;
    this.#markSavedMs = Date.now();
    this.#markFile.save(mark).catch((error: unknown) => this.#notSaved(error));
  }

  #notSaved(error: unknown): void {
    this.copier.failed(`cannot save the mark ${this.#markFile.path}: ${messageOf(error)}`);
  }

  // ---- sleep ----

  async #sleep(ms: number): Promise<void> {
    if (!this.#isWoken && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#signal.addEventListener("abort", this.#wake, { once: true });
      });
      if (this.#wake !== undefined) this.#signal.removeEventListener("abort", this.#wake);
      this.#wake = undefined;
    }
    this.#isWoken = false;
  }
}
