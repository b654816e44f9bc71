// Copies this storage's binlog to one other storage of the group: follows its course, keeps records under way over a few
// connections, saves how far it has come. What is decided is in course.ts, window.ts and retry.ts; this file asks, sends,
// waits and remembers.

import type { ServerAddress } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import { statusText } from "../../wire/status.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { LinkOptions } from "../control/dial.ts";
import { messageOf } from "../control/discovery.ts";
import type { Member } from "../control/membership.ts";
import { pause } from "../control/pause.ts";
import { isCopyTime, secondOfDay } from "./copy-hours.ts";
import { type FeedingOrder, markAfterAnswer, nextStep } from "./course.ts";
import { deliver } from "./deliver.ts";
import type { PeerTraits } from "./delivery.ts";
import { firstPositionAfter } from "./first-position.ts";
import { LagMeter } from "./lag.ts";
import { Lanes } from "./lanes.ts";
import { isBefore, type Mark, type Position } from "./mark.ts";
import { MarkFile } from "./mark-file.ts";
import { Pipe } from "./pipe.ts";
import { afterRefusal } from "./retry.ts";
import { SetAside } from "./set-aside.ts";
import type { Entry } from "./window.ts";

const RETRY_MS = 1000;
/** Longest sleep without any news: a change that nobody told of is seen then. */
const LOOK_MS = 1000;
const LINKS_IDLE_MS = 60_000;
const MARK_EVERY_MS = 1000;

export interface PeerTaskHelp {
  readonly ownId: string;
  readonly groupName: string;
  /** `BASE/data/sync`. */
  readonly folder: string;
  readonly linkOptions: LinkOptions;
  readonly log: Logger;
  readonly maxLanes: number;
  readonly copyPauseMs: number;
  readonly hours: { readonly startSeconds: number; readonly endSeconds: number };
  readonly markEveryRows: number;
  readonly skipsInvalid: boolean;
  member(id: string): Member | undefined;
  /** Where the peer is, all its addresses. */
  addressOf(member: Member): ServerAddress;
  markName(id: string): string;
  /** This storage has been told where its own old files come from. */
  isSettled(): boolean;
  binlogEnd(): Position;
  /** Asks to be woken with the next record. */
  awaitRecords(): void;
  pathOf(name: string): string | null;
  countBytes(bytes: number): void;
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
  readonly setAside: SetAside;
  readonly lag = new LagMeter();
  readonly #help: PeerTaskHelp;
  readonly #signal: AbortSignal;
  readonly #lanes: Lanes;
  readonly #markFile: MarkFile;
  #mark: Mark | null;
  #pipe: Pipe | null = null;
  #hasAsked = false;
  #lastStatus = -1;
  #state: TaskState = { kind: "waiting", reason: "" };
  #traits: PeerTraits = { hasFilesAlready: false, isOneOfOurs: null };
  #wake: (() => void) | undefined;
  #isWoken = false;
  #refusedUntilMs = 0;
  #markSavedMs = 0;
  copiedRecords = 0;
  copiedBytes = 0;
  lastError = "";
  lastErrorTime = 0;

  constructor(help: PeerTaskHelp, id: string, signal: AbortSignal) {
    this.#help = help;
    this.id = id;
    this.#signal = signal;
    this.#markFile = new MarkFile(help.folder, help.markName(id));
    this.#mark = this.#markFile.load();
    this.setAside = new SetAside(this.#markFile.path);
    this.#lanes = new Lanes(help.ownId, help.linkOptions, () => help.addressOf(help.member(id)!));
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Everything before it is confirmed by the peer. */
  get committed(): Position | null {
    return this.#pipe?.window.committed ?? this.#mark?.position ?? null;
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
        this.#failed(messageOf(error));
        await pause(RETRY_MS, this.#signal);
      }
    }
    this.#lanes.close();
    this.#pipe?.close();
    this.#updateMark();
    this.#markFile.saveNow(this.#mark);
  }

  // ---- the course ----

  /** One step; false when there is nothing to do for this peer any more. */
  async #advance(): Promise<boolean> {
    const member = this.#help.member(this.id);
    const status = member?.status ?? StorageStatus.DELETED;
    this.#noteStatus(status);
    const isSettled = this.#help.isSettled();
    const isAtEnd = this.#pipe?.isAtEnd === true;
    const step = nextStep({ status, mark: this.#mark, hasAsked: this.#hasAsked, isSettled, isAtEnd });
    switch (step.kind) {
      case "end":
        if (status === StorageStatus.DELETED) this.#retire();
        return false;
      case "wait":
        this.#rest("waiting", step.reason);
        await this.#sleep(LOOK_MS);
        return true;
      case "ask":
        await this.#ask();
        return true;
      case "report":
        await this.#help.reportStatus(member!, step.status);
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
    const order = await this.#help.feedingOrder(this.id);
    this.#hasAsked = true;
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
    this.#dropPipe();
    this.#mark = mark;
    await this.#markFile.save(mark);
  }

  /** Asked once more: the peer may have lost everything while it was being filled. */
  async #finishOld(): Promise<void> {
    const before = this.#mark;
    this.#updateMark();
    await this.#ask();
    if (this.#mark === null || this.#pipe?.isAtEnd !== true) return;
    this.#mark = { ...this.#mark, isOldDone: true };
    await this.#markFile.save(this.#mark);
    const { log } = this.#help;
    if (before !== null) log.notice(`Storage ${this.id} has got all files`, { records: this.#mark.copiedRows });
  }

  #retire(): void {
    this.#lanes.close();
    this.#dropPipe();
    this.#mark = null;
    this.#help.retireMark(this.id);
  }

  // ---- copying ----

  async #copy(): Promise<void> {
    const { hours, log } = this.#help;
    if (!isCopyTime(secondOfDay(new Date()), hours.startSeconds, hours.endSeconds)) {
      this.#rest("waiting", "it is outside of sync_start_time to sync_end_time");
      await this.#sleep(LOOK_MS);
      return;
    }
    const { folder, skipsInvalid } = this.#help;
    this.#pipe ??= new Pipe(folder, this.#start(), () => this.#help.binlogEnd().index);
    const pipe = this.#pipe;
    await pipe.fill(this.#mark!, (line) => {
      const reason = String(line.record);
      log.error(`Cannot use a record of the binlog, it is ${skipsInvalid ? "skipped" : "set aside"}: ${reason}`);
      if (!skipsInvalid) this.setAside.add(line.text, reason, Math.floor(Date.now() / 1000));
    });
    this.lag.look(this.#help.binlogEnd(), Date.now());
    this.#dispatch(pipe);
    await this.#saveProgress();
    if (pipe.isAtEnd) {
      if (this.isFilling) return;
      this.#state = { kind: "idle", reason: "" };
      this.#lanes.closeIdle(LINKS_IDLE_MS);
      this.#help.awaitRecords();
      if (pipe.hasMore(this.#help.binlogEnd())) return;
    } else if (this.#state.kind !== "connecting") this.#state = { kind: "copying", reason: "" };
    await this.#sleep(this.#patience(pipe));
  }

  /** Where the mark says, unless a power cut has taken the end of the binlog: then the last file is gone through again. */
  #start(): Position {
    const { position } = this.#mark!;
    const end = this.#help.binlogEnd();
    if (!isBefore(end, position)) return position;
    this.#help.log.warn(`The mark of storage ${this.id} is behind the end of the binlog: its last file is sent again`);
    return { index: end.index, offset: 0 };
  }

  #patience(pipe: Pipe): number {
    const now = Date.now();
    const dueMs = pipe.window.nextDueMs;
    const refusedMs = this.#refusedUntilMs > now && this.#lanes.running === 0 ? this.#refusedUntilMs - now : LOOK_MS;
    return Math.max(1, Math.min(LOOK_MS, refusedMs, dueMs === null ? LOOK_MS : dueMs - now));
  }

  #dispatch(pipe: Pipe): void {
    while (this.#lanes.running < this.#help.maxLanes) {
      const entry = this.#next(pipe);
      if (entry === undefined) return;
      void this.#work(pipe, entry);
    }
  }

  #next(pipe: Pipe): Entry | undefined {
    const now = Date.now();
    return now < this.#refusedUntilMs || this.#signal.aborted ? undefined : pipe.window.next(now);
  }

  /** Sends one record after the other as long as there are some; wakes the task when it has to read on or to wait. */
  async #work(pipe: Pipe, first: Entry): Promise<void> {
    for (let entry: Entry | undefined = first; entry !== undefined; entry = this.#next(pipe)) {
      await this.#send(pipe, entry);
      if (pipe !== this.#pipe) return;
      if (pipe.isRunningLow) this.wake();
    }
    this.wake();
  }

  /** Sends one record and settles it in the window; never rejects. */
  async #send(pipe: Pipe, entry: Entry): Promise<void> {
    const { groupName, pathOf, copyPauseMs } = this.#help;
    let status: number | null = null;
    try {
      status = await this.#lanes.run((link) => {
        const countBytes = (bytes: number): void => {
          this.copiedBytes += bytes;
          this.#help.countBytes(bytes);
        };
        return deliver({ link, groupName, traits: this.#traits, pathOf, countBytes }, entry.record);
      });
    } catch (error) {
      if (pipe !== this.#pipe || this.#signal.aborted) return;
      if (!this.#lanes.wasStale) this.#connectionFailed(messageOf(error));
      pipe.window.giveBack(entry);
    }
    if (pipe !== this.#pipe) return;
    if (status === 0) this.#confirm(pipe, entry);
    else if (status !== null) this.#refuse(pipe, entry, status);
    if (copyPauseMs > 0) await pause(copyPauseMs, this.#signal);
  }

  #confirm(pipe: Pipe, entry: Entry): void {
    pipe.window.done(entry);
    this.copiedRecords++;
    this.lag.confirmed(entry.end, Date.now());
    if (this.#state.kind === "connecting") this.#state = { kind: "copying", reason: "" };
  }

  #refuse(pipe: Pipe, entry: Entry, status: number): void {
    const { op, name } = entry.record;
    const what = `${op} ${name} was refused with ${statusText(status)} (${status})`;
    this.#failed(what);
    const verdict = afterRefusal(status, entry.attempts);
    if (verdict.kind === "again") {
      pipe.window.delay(entry, Date.now() + verdict.afterMs);
      return;
    }
    try {
      this.setAside.add(`${entry.record.timestamp} ${op} ${name}`, what, Math.floor(Date.now() / 1000));
      this.#help.log.error(`Storage ${this.id} does not take a record, it is set aside: ${what}`);
      pipe.window.done(entry);
    } catch (error) {
      this.#failed(messageOf(error));
      pipe.window.delay(entry, Date.now() + LOOK_MS);
    }
  }

  #connectionFailed(text: string): void {
    this.#failed(text);
    this.#refusedUntilMs = Date.now() + RETRY_MS;
    this.#traits = { hasFilesAlready: false, isOneOfOurs: this.#traits.isOneOfOurs };
    this.#state = { kind: "connecting", reason: text };
  }

  /** Known failures are told once. */
  #failed(text: string): void {
    if (text !== this.lastError) this.#help.log.warn(`Copying to storage ${this.id}: ${text}`);
    this.lastError = text;
    this.lastErrorTime = Math.floor(Date.now() / 1000);
  }

  /** Nothing can be sent now: what was read ahead is read again later. */
  #rest(kind: TaskState["kind"], reason: string): void {
    this.#state = { kind, reason };
    if (this.#pipe === null) return;
    this.#updateMark();
    this.#dropPipe();
    this.#markFile.saveNow(this.#mark);
    this.#lanes.close();
    // The peer that comes back may be another program.
    this.#traits = { hasFilesAlready: false, isOneOfOurs: null };
  }

  #dropPipe(): void {
    this.#pipe?.close();
    this.#pipe = null;
  }

  // ---- the mark ----

  #updateMark(): void {
    if (this.#pipe === null || this.#mark === null) return;
    this.#mark = this.#pipe.advance(this.#mark);
    this.lag.forget(this.#mark.position);
  }

  async #saveProgress(): Promise<void> {
    const before = this.#mark;
    this.#updateMark();
    if (this.#mark === null || before === null) return;
    const rows = this.#mark.copiedRows - (this.#markFile.saved?.copiedRows ?? 0);
    const isDue = rows >= this.#help.markEveryRows || Date.now() - this.#markSavedMs >= MARK_EVERY_MS;
    if (!isDue || this.#mark.scannedRows === this.#markFile.saved?.scannedRows) return;
    this.#markSavedMs = Date.now();
    await this.#markFile.save(this.#mark);
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
