// The records under way to one peer: read ahead into the window, sent over a few connections, settled as they are answered.
// When to copy at all is the peer task's business.

import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { statusText } from "../../wire/status.ts";
import { messageOf } from "../control/discovery.ts";
import { pause } from "../control/pause.ts";
import type { Disks } from "../io/store-paths.ts";
import { deliver } from "./deliver.ts";
import type { PeerTraits } from "./delivery.ts";
import { LagMeter } from "./lag.ts";
import type { Lanes } from "./lanes.ts";
import type { Mark, Position } from "./mark.ts";
import { Pipe } from "./pipe.ts";
import { afterFailure, afterRefusal, type Verdict } from "./retry.ts";
import type { OldFiles } from "./selection.ts";
import { SetAside } from "./set-aside.ts";
import type { Entry } from "./window.ts";

const RETRY_MS = 1000;
const LINKS_IDLE_MS = 60_000;

export interface CopierHelp {
  readonly groupName: string;
  readonly folder: string;
  readonly log: Logger;
  readonly maxLanes: number;
  readonly copyPauseMs: number;
  readonly skipsInvalid: boolean;
  binlogEnd(): Position;
  /** Where this storage's files are. */
  readonly disks: Disks;
  countBytes(bytes: number): void;
}

export class Copier {
  readonly setAside: SetAside;
  readonly lag = new LagMeter();
  copiedRecords = 0;
  copiedBytes = 0;
  lastError = "";
  lastErrorTime = 0;
  /** Why the peer cannot be reached; "" when it can. */
  unreachable = "";
  readonly #help: CopierHelp;
  readonly #peerId: string;
  readonly #lanes: Lanes;
  readonly #wake: () => void;
  readonly #signal: AbortSignal;
  #pipe: Pipe | null = null;
  #traits: PeerTraits = { hasFilesAlready: false, isOneOfOurs: null };
  #refusedUntilMs = 0;

  /** `wake` is called when there is room for more, or nothing left to send. */
  constructor(help: CopierHelp, peerId: string, markPath: string, lanes: Lanes, wake: () => void, signal: AbortSignal) {
    this.#help = help;
    this.#peerId = peerId;
    this.#lanes = lanes;
    this.#wake = wake;
    this.#signal = signal;
    this.setAside = new SetAside(markPath);
  }

  /** Everything before it is confirmed; null while nothing is copied. */
  get committed(): Position | null {
    return this.#pipe?.window.committed ?? null;
  }

  /** Everything in the binlog is confirmed. */
  get isAtEnd(): boolean {
    return this.#pipe?.isAtEnd === true;
  }

  /** The binlog has grown since it was read. */
  get hasMore(): boolean {
    return this.#pipe?.hasMore(this.#help.binlogEnd()) === true;
  }

  /** Reads on and sends what can be sent; begins at `start()` when nothing is under way. */
  async pump(start: () => Position, old: OldFiles): Promise<void> {
    this.#pipe ??= new Pipe(this.#help.folder, start(), () => this.#help.binlogEnd().index);
    const pipe = this.#pipe;
    await pipe.fill(old, ({ record, text }) => this.#unreadable(text, String(record)));
    this.lag.look(this.#help.binlogEnd(), Date.now());
    while (this.#lanes.running < this.#help.maxLanes) {
      const entry = this.#next(pipe);
      if (entry === undefined) break;
      void this.#work(pipe, entry);
    }
    if (pipe.isAtEnd) this.#lanes.closeIdle(LINKS_IDLE_MS);
  }

  /** Milliseconds until something is to be done again without any news. */
  dueInMs(nowMs: number): number {
    const dueMs = this.#pipe?.window.nextDueMs ?? null;
    const refusedMs = this.#refusedUntilMs > nowMs ? this.#refusedUntilMs - nowMs : Number.POSITIVE_INFINITY;
    return Math.max(1, Math.min(refusedMs, dueMs === null ? Number.POSITIVE_INFINITY : dueMs - nowMs));
  }

  /** The mark moved on to what is confirmed by now. */
  advance(mark: Mark): Mark {
    if (this.#pipe === null) return mark;
    const moved = this.#pipe.advance(mark);
    this.lag.forget(moved.position);
    return moved;
  }

  /** Gives up what is under way: it is read again from the mark. */
  drop(): void {
    this.#pipe?.close();
    this.#pipe = null;
    this.unreachable = "";
  }

  /** The same, and the connections: the peer that comes back may be another program. */
  rest(): void {
    this.drop();
    this.#lanes.close();
    this.#traits = { hasFilesAlready: false, isOneOfOurs: null };
  }

  /** Known failures are told once. */
  failed(text: string): void {
    if (text !== this.lastError) this.#help.log.warn(`Copying to storage ${this.#peerId}: ${text}`);
    this.lastError = text;
    this.lastErrorTime = Math.floor(Date.now() / 1000);
  }

  // ---- one record after the other ----

  #next(pipe: Pipe): Entry | undefined {
    const now = Date.now();
    return now < this.#refusedUntilMs || this.#signal.aborted ? undefined : pipe.window.next(now);
  }

  /** A connection's worth of work: as long as there is some. */
  async #work(pipe: Pipe, first: Entry): Promise<void> {
    for (let entry: Entry | undefined = first; entry !== undefined; entry = this.#next(pipe)) {
      await this.#send(pipe, entry);
      if (pipe !== this.#pipe) return;
      if (pipe.isRunningLow) this.#wake();
    }
    this.#wake();
  }

  /** Sends one record and settles it in the window; never rejects. */
  async #send(pipe: Pipe, entry: Entry): Promise<void> {
    const { groupName, disks, copyPauseMs } = this.#help;
    const countBytes = (bytes: number): void => {
      this.copiedBytes += bytes;
      this.#help.countBytes(bytes);
    };
    const { op, name } = entry.record;
    try {
      const status = await this.#lanes.run((link) =>
        deliver({ link, groupName, traits: this.#traits, disks, countBytes }, entry.record),
      );
      if (pipe !== this.#pipe) return;
      if (status === 0) this.#confirm(pipe, entry);
      else {
        const what = `${op} ${name} was refused with ${statusText(status)} (${status})`;
        this.#postpone(pipe, entry, what, afterRefusal(status, entry.attempts));
      }
    } catch (error) {
      if (pipe !== this.#pipe || this.#signal.aborted) return;
      if (error instanceof RemoteError) this.#disconnected(pipe, entry, error);
      else this.#postpone(pipe, entry, `${op} ${name}: ${messageOf(error)}`, afterFailure(entry.attempts));
    }
    if (copyPauseMs > 0) await pause(copyPauseMs, this.#signal);
  }

  #confirm(pipe: Pipe, entry: Entry): void {
    pipe.window.done(entry);
    this.copiedRecords++;
    this.lag.confirmed(entry.end, Date.now());
    this.unreachable = "";
  }

  /** It goes later, or never; the others go on. */
  #postpone(pipe: Pipe, entry: Entry, what: string, verdict: Verdict): void {
    this.failed(what);
    const { timestamp, op, name } = entry.record;
    if (verdict.kind === "again") pipe.window.delay(entry, Date.now() + verdict.afterMs);
    else if (this.#setAside(`${timestamp} ${op} ${name}`, what)) pipe.window.done(entry);
    else pipe.window.delay(entry, Date.now() + RETRY_MS);
  }

  #disconnected(pipe: Pipe, entry: Entry, error: RemoteError): void {
    pipe.window.giveBack(entry);
    if (this.#lanes.wasStale) return;
    this.failed(error.message);
    this.#refusedUntilMs = Date.now() + RETRY_MS;
    this.#traits = { hasFilesAlready: false, isOneOfOurs: this.#traits.isOneOfOurs };
    this.unreachable = error.message;
  }

  #unreadable(text: string, reason: string): void {
    const { skipsInvalid, log } = this.#help;
    log.error(`Cannot use a record of the binlog, it is ${skipsInvalid ? "skipped" : "set aside"}: ${reason}`);
    if (!skipsInvalid) this.#setAside(text, reason);
  }

  /** False when it could not be written down. */
  #setAside(line: string, reason: string): boolean {
    try {
      this.setAside.add(line, reason, Math.floor(Date.now() / 1000));
      this.#help.log.error(`A record for storage ${this.#peerId} is set aside in ${this.setAside.path}: ${reason}`);
      return true;
    } catch (error) {
      this.failed(`cannot set a record aside: ${messageOf(error)}`);
      return false;
    }
  }
}
