// One fetcher: works through a file of records from a mark on, several files at a time over connections to one source, and
// goes on with another source when that fails. The mark it tells never passes a record that is not done.

import { FileNameError } from "../../fileid/file-name-error.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { type BinlogRecord, Op, upperOf } from "../binlog/record.ts";
import { pause } from "../control/pause.ts";
import type { DeletedNames } from "./deleted-names.ts";
import { FinishedPrefix } from "./finished-prefix.ts";
import { type Candidate, nameOf } from "./group-questions.ts";
import { Lane, type LaneHelp } from "./lane.ts";
import { linesOf, type PlacedLine } from "./line-file.ts";
import { readRecoveryRecord } from "./record-split.ts";
import { isThere, restoreLink, type Target, targetOf } from "./restore-place.ts";
import type { SourceChoice } from "./source-choice.ts";
import type { SourceHelp } from "./source-link.ts";

/** Files that one fetcher has on their way at a time. */
const LANES = 6;
/** As C. */
const RECORDS_A_MARK = 1000;
const MARK_MS = 1000;
/** A file that so many times in a row was refused is left out: it must not keep the others from coming back. */
const REFUSALS_MAX = 4;
const FIRST_REST_MS = 200;
const LAST_REST_MS = 5000;

export interface FetcherHelp extends LaneHelp {
  readonly storePaths: readonly string[];
  readonly source: SourceHelp;
  readonly choice: SourceChoice;
  readonly deleted: DeletedNames;
  readonly log: Logger;
}

export class Fetcher {
  readonly #help: FetcherHelp;
  readonly #lines: Iterator<PlacedLine>;
  readonly #prefix: FinishedPrefix;
  readonly #saveMark: (offset: number) => void;
  #source: Candidate | null;
  #failedSource: Candidate | null = null;
  #choosing: Promise<Candidate> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #marked: number;
  #markedAt = Date.now();
  #sinceMark = 0;
  /** Failures of sources since one gave a file. */
  #failures = 0;

  /** `first`: the source to begin with; null: the one whose turn it is. */
  constructor(
    help: FetcherHelp,
    path: string,
    offset: number,
    saveMark: (offset: number) => void,
    first: Candidate | null = null,
  ) {
    this.#help = help;
    this.#lines = linesOf(path, offset);
    this.#prefix = new FinishedPrefix(offset);
    this.#marked = offset;
    this.#saveMark = saveMark;
    this.#source = first;
  }

  /** Resolves at the end of the file. Rejects with the disk's errors, and the signal's reason; the mark is saved before. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
    this.#lines.return?.();
    this.#mark();
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #lane(): Promise<void> {
    const lane = new Lane(this.#help.source);
    try {
      for (let line = this.#next(); line !== null; line = this.#next()) {
        await this.#work(lane, line.text);
        this.#done(line.end);
      }
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      lane.close();
    }
  }

  #next(): PlacedLine | null {
    if (this.#failure !== null || this.#help.source.signal.aborted) {
      this.#failure ??= { error: this.#help.source.signal.reason };
      return null;
    }
    const step = this.#lines.next();
    if (step.done === true) return null;
    this.#prefix.begin(step.value.end);
    return step.value;
  }

  #done(end: number): void {
    this.#prefix.done(end);
    this.#help.progress.recordDone();
    this.#sinceMark++;
    if (this.#sinceMark >= RECORDS_A_MARK || Date.now() - this.#markedAt >= MARK_MS) this.#mark();
  }

  #mark(): void {
    this.#sinceMark = 0;
    this.#markedAt = Date.now();
    if (this.#prefix.offset === this.#marked) return;
    this.#marked = this.#prefix.offset;
    this.#saveMark(this.#marked);
  }

  async #work(lane: Lane, line: string): Promise<void> {
    const { progress, log, storePaths, owner, deleted } = this.#help;
    const record = readRecoveryRecord(line);
    try {
      if (record === null) throw new FileNameError(`'${line}' is no record of a file or link`);
      const target = targetOf(record, storePaths);
      // A trunk file holds others besides the one that its record names.
      if (!target.isTrunk && deleted.has(record.name, record.timestamp)) {
        progress.missing++;
        return;
      }
      if (upperOf(record.op) === Op.LINK && !target.isTrunk) {
        restoreLink(record, storePaths, owner);
        progress.restored++;
        return;
      }
      if (isThere(target, record.timestamp)) progress.present++;
      else await this.#fetch(lane, target, record);
    } catch (error) {
      if (!(error instanceof FileNameError)) throw error;
      progress.failed++;
      log.warn(`Recovery leaves out a record: ${error.message}`);
    }
  }

  /** Tries until the file is there, is known to be gone, or was refused too often. */
  async #fetch(lane: Lane, target: Target, record: BinlogRecord): Promise<void> {
    const { progress, log, source } = this.#help;
    for (let refusals = 0; ; ) {
      source.signal.throwIfAborted();
      if (this.#failure !== null) throw this.#failure.error;
      const candidate = await this.#chosen();
      try {
        const isHere = await lane.bring(candidate, target, record.timestamp, this.#help);
        this.#failures = 0;
        progress.trouble = "";
        if (isHere) progress.restored++;
        else progress.missing++;
        return;
      } catch (error) {
        lane.close();
        source.signal.throwIfAborted();
        if (!(error instanceof RemoteError)) throw error;
        progress.trouble = `${target.name}: ${error.message}`;
        if (error.answered && ++refusals >= REFUSALS_MAX) {
          progress.failed++;
          log.error(`Cannot recover ${target.name}, it is left out: ${error.message}`);
          return;
        }
        await this.#sourceFailed(candidate, error);
      }
    }
  }

  async #chosen(): Promise<Candidate> {
    if (this.#source !== null) return this.#source;
    this.#choosing ??= this.#help.choice.next(this.#failedSource).finally(() => {
      this.#choosing = null;
    });
    this.#source = await this.#choosing;
    this.#help.progress.source = nameOf(this.#source);
    return this.#source;
  }

  async #sourceFailed(candidate: Candidate, error: RemoteError): Promise<void> {
    const { log, source } = this.#help;
    if (this.#source === candidate) {
      this.#source = null;
      this.#failedSource = candidate;
      this.#failures++;
      log.warn(`Recovery tries another source than ${nameOf(candidate)}: ${error.message}`);
      this.#mark();
    }
    await pause(Math.min(FIRST_REST_MS * 2 ** Math.min(this.#failures, 10), LAST_REST_MS), source.signal);
  }
}
