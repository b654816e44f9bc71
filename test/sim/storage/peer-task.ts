// Copies a simulated storage's binlog to one other storage. Follows core/storage/replication/{peer-task,pipe,lanes,
// first-position}.ts around the real course, window, selection, retry and marks.

import { type FeedingOrder, markAfterAnswer, nextStep } from "../../../core/storage/replication/course.ts";
import { formatMark, isBefore, type Mark, type Position, parseMark } from "../../../core/storage/replication/mark.ts";
import { afterRefusal } from "../../../core/storage/replication/retry.ts";
import { isFirstAfter, isForPeer, namesOf } from "../../../core/storage/replication/selection.ts";
import { type Entry, SendWindow } from "../../../core/storage/replication/window.ts";
import { StorageStatus } from "../../../core/wire/storage-status.ts";
import type { Life } from "../world/life.ts";
import type { Link, Network } from "../world/network.ts";
import type { Trace } from "../world/trace.ts";
import type { Disk } from "./disk.ts";
import type { PeerRequest, StorageAnswer, StorageRequest } from "./messages.ts";
import { PeerSender, type Traits } from "./peer-sender.ts";

const RETRY_MS = 1000;
const LOOK_MS = 1000;
const ASK_AGAIN_MS = 5000;
const LANES = 3;
const WINDOW_MAX = 40;
const MARK_EVERY_MS = 1000;
const START: Position = { index: 0, offset: 0 };

type PeerLink = Link<StorageRequest, StorageAnswer>;

export interface PeerTaskHelp {
  readonly ownId: string;
  readonly life: Life;
  readonly disk: Disk;
  readonly network: Network;
  readonly trace: Trace;
  /** A request that is given up is never carried out later. */
  readonly resets: boolean;
  nowMs(): number;
  statusOf(id: string): number | null;
  isSettled(): boolean;
  positionToward(id: string): Position | null;
  feedingOrder(id: string): Promise<FeedingOrder | null>;
  reportStatus(id: string, status: number): Promise<void>;
  /** A record was left behind: nothing in a simulation deserves that. */
  setAside(peer: string, text: string): void;
}

/** The reader and the window of what is under way. */
class Pipe {
  readonly window: SendWindow;
  readonly #disk: Disk;
  #next: number;
  #isEndReached = false;
  #rows = { scanned: 0, copied: 0 };

  constructor(disk: Disk, start: Position) {
    this.#disk = disk;
    this.#next = disk.lineAt(start);
    this.window = new SendWindow(start, WINDOW_MAX);
  }

  get isAtEnd(): boolean {
    return this.#isEndReached && this.window.size === 0;
  }

  get hasMore(): boolean {
    return this.#next < this.#disk.lines.length;
  }

  fill(mark: Mark): void {
    while (this.window.hasRoom) {
      const line = this.#disk.lines[this.#next];
      this.#isEndReached = line === undefined;
      if (line === undefined) return;
      this.#next++;
      const { record, end } = line;
      if (typeof record === "string") throw new Error(`the binlog has a bad line: ${record}: ${line.text}`);
      if (isForPeer(record, mark)) this.window.add(record, namesOf(record), end);
      else this.window.skip(end);
    }
  }

  advance(mark: Mark): Mark {
    const { scanned, copied } = this.window.rows;
    if (scanned === this.#rows.scanned && copied === this.#rows.copied) return mark;
    const moved: Mark = {
      ...mark,
      position: this.window.committed,
      scannedRows: mark.scannedRows + scanned - this.#rows.scanned,
      copiedRows: mark.copiedRows + copied - this.#rows.copied,
    };
    this.#rows = { scanned, copied };
    return moved;
  }
}

export class PeerTask {
  readonly id: string;
  readonly #help: PeerTaskHelp;
  #mark: Mark | null;
  #pipe: Pipe | null = null;
  #hasAsked = false;
  #askedMs = 0;
  #lastStatus = -1;
  #traits: Traits = { hasFilesAlready: false };
  #idleLinks: PeerLink[] = [];
  #links = new Set<PeerLink>();
  #running = 0;
  #refusedUntilMs = 0;
  #markSavedMs = 0;
  #savedRows = -1;
  #wake: (() => void) | undefined;
  #isWoken = false;
  isOver = false;

  constructor(help: PeerTaskHelp, id: string) {
    this.#help = help;
    this.id = id;
    const text = help.disk.marks.get(id);
    this.#mark = text === undefined ? null : parseMark(text, id);
  }

  get committed(): Position | null {
    return this.#pipe?.window.committed ?? this.#mark?.position ?? null;
  }

  /** Everything in the binlog has been confirmed. */
  get isIdle(): boolean {
    return this.#pipe?.isAtEnd === true && !this.#pipe.hasMore;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  async run(): Promise<void> {
    for (;;) {
      try {
        if (!(await this.#advance())) break;
      } catch (error) {
        this.#note(() => `failed: ${String(error)}`);
        await this.#help.life.sleep(RETRY_MS);
      }
    }
    this.#closeLinks();
    this.isOver = true;
  }

  async #advance(): Promise<boolean> {
    const { life } = this.#help;
    life.step();
    const status = this.#help.statusOf(this.id) ?? StorageStatus.DELETED;
    this.#noteStatus(status);
    const isSettled = this.#help.isSettled();
    const isAtEnd = this.#pipe?.isAtEnd === true;
    const step = nextStep({ status, mark: this.#mark, hasAsked: this.#hasAsked, isSettled, isAtEnd });
    switch (step.kind) {
      case "end":
        return false;
      case "wait":
        this.#rest();
        // The trackers may have chosen another source since.
        if (this.#help.nowMs() - this.#askedMs >= ASK_AGAIN_MS) this.#hasAsked = false;
        await this.#sleep(LOOK_MS);
        return true;
      case "ask":
        await this.#ask();
        return true;
      case "report":
        this.#note(() => `reports status ${step.status}`);
        await this.#help.reportStatus(this.id, step.status);
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

  #noteStatus(status: number): void {
    if (status === this.#lastStatus) return;
    const goesOn = this.#lastStatus === StorageStatus.WAIT_SYNC && status === StorageStatus.SYNCING;
    if (!goesOn) this.#hasAsked = false;
    this.#lastStatus = status;
  }

  async #ask(): Promise<void> {
    const order = await this.#help.feedingOrder(this.id);
    this.#hasAsked = true;
    this.#askedMs = this.#help.nowMs();
    const isNew = this.#lastStatus !== StorageStatus.ACTIVE;
    const first = (until: number): Position => this.#firstPositionAfter(until, order?.sourceId ?? "");
    this.#updateMark();
    const mark = markAfterAnswer(this.#mark, order, this.#help.ownId, isNew, first);
    if (mark === this.#mark) return;
    this.#note(() => `new mark ${JSON.stringify(mark)}`);
    this.#pipe = null;
    this.#mark = mark;
    this.#save();
  }

  #firstPositionAfter(until: number, sourceId: string): Position {
    const behind = this.#help.positionToward(sourceId);
    let before = START;
    for (const { record, end } of this.#help.disk.lines) {
      if (typeof record !== "string" && isFirstAfter(until, record)) break;
      before = end;
    }
    return behind !== null && isBefore(behind, before) ? behind : before;
  }

  async #finishOld(): Promise<void> {
    this.#updateMark();
    await this.#ask();
    if (this.#mark === null || this.#pipe?.isAtEnd !== true) return;
    this.#mark = { ...this.#mark, isOldDone: true };
    this.#note(() => "has got all files");
    this.#save();
  }

  async #copy(): Promise<void> {
    this.#pipe ??= new Pipe(this.#help.disk, this.#start());
    const pipe = this.#pipe;
    pipe.fill(this.#mark!);
    this.#dispatch(pipe);
    this.#saveProgress();
    const isFilling = this.#mark?.needsOld === true && !this.#mark.isOldDone;
    if (pipe.isAtEnd && (isFilling || pipe.hasMore)) return;
    await this.#sleep(this.#patience(pipe));
  }

  #start(): Position {
    const { position } = this.#mark!;
    const { end } = this.#help.disk;
    return isBefore(end, position) ? { index: end.index, offset: 0 } : position;
  }

  #patience(pipe: Pipe): number {
    const now = this.#help.nowMs();
    const dueMs = pipe.window.nextDueMs;
    const refusedMs = this.#refusedUntilMs > now && this.#running === 0 ? this.#refusedUntilMs - now : LOOK_MS;
    return Math.max(1, Math.min(LOOK_MS, refusedMs, dueMs === null ? LOOK_MS : dueMs - now));
  }

  #dispatch(pipe: Pipe): void {
    const now = this.#help.nowMs();
    if (now < this.#refusedUntilMs) return;
    while (this.#running < LANES) {
      const entry = pipe.window.next(now);
      if (entry === undefined) return;
      void this.#send(pipe, entry);
    }
  }

  async #send(pipe: Pipe, entry: Entry): Promise<void> {
    let status: number | null = null;
    this.#running++;
    let link: PeerLink | undefined;
    try {
      link = await this.#link();
      const ask = (request: PeerRequest): Promise<StorageAnswer> => {
        this.#note(() => `sends ${JSON.stringify(request)}`);
        return link!.request({ ...request, from: "peer" });
      };
      status = await new PeerSender(this.#help.disk, this.#traits, ask).deliver(entry.record);
      if (link.isUsable) this.#idleLinks.push(link);
    } catch (error) {
      link?.close();
      this.#note(() => `connection failed: ${String(error)}`);
      if (pipe === this.#pipe) {
        this.#refusedUntilMs = this.#help.nowMs() + RETRY_MS;
        this.#traits = { hasFilesAlready: false };
        pipe.window.giveBack(entry);
      }
    } finally {
      this.#running--;
    }
    if (pipe !== this.#pipe) return;
    if (status === 0) pipe.window.done(entry);
    else if (status !== null) this.#refuse(pipe, entry, status);
    this.wake();
  }

  #refuse(pipe: Pipe, entry: Entry, status: number): void {
    const verdict = afterRefusal(status, entry.attempts);
    const text = `${entry.record.op} ${entry.record.name} was refused with ${status}`;
    this.#note(() => text);
    if (verdict.kind === "again") {
      pipe.window.delay(entry, this.#help.nowMs() + verdict.afterMs);
      return;
    }
    this.#help.setAside(this.id, text);
    pipe.window.done(entry);
  }

  async #link(): Promise<PeerLink> {
    for (let link = this.#idleLinks.pop(); link !== undefined; link = this.#idleLinks.pop()) {
      if (link.isUsable) return link;
    }
    const { network, life, ownId } = this.#help;
    const link: PeerLink = await network.connect(life, this.id, this.#help.resets);
    this.#links.add(link);
    await link.request({ from: "peer", kind: "announce", id: ownId });
    return link;
  }

  #rest(): void {
    if (this.#pipe === null) return;
    this.#updateMark();
    this.#pipe = null;
    this.#save();
    this.#closeLinks();
    this.#traits = { hasFilesAlready: false };
  }

  #closeLinks(): void {
    for (const link of this.#links) link.close();
    this.#links.clear();
    this.#idleLinks = [];
  }

  #updateMark(): void {
    if (this.#pipe !== null && this.#mark !== null) this.#mark = this.#pipe.advance(this.#mark);
  }

  #saveProgress(): void {
    this.#updateMark();
    if (this.#mark === null || this.#mark.scannedRows === this.#savedRows) return;
    if (this.#help.nowMs() - this.#markSavedMs < MARK_EVERY_MS) return;
    this.#markSavedMs = this.#help.nowMs();
    this.#save();
  }

  #save(): void {
    const { life, disk } = this.#help;
    life.step();
    this.#savedRows = this.#mark!.scannedRows;
    disk.marks.set(this.id, formatMark(this.#mark!));
    life.step();
  }

  #note(text: () => string): void {
    this.#help.trace.note(this.#help.ownId, () => `-> ${this.id}: ${text()}`);
  }

  async #sleep(ms: number): Promise<void> {
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        let isOver = false;
        const end = (): boolean => {
          if (isOver) return false;
          isOver = true;
          if (this.#help.life.isAlive) resolve();
          return true;
        };
        this.#wake = end;
        this.#help.life.after(ms, end);
      });
      this.#wake = undefined;
    }
    this.#isWoken = false;
  }
}
