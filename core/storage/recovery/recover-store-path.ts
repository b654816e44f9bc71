// The recovery of one store path from the first question to the last report (trunk-dedup-recovery.md §3.3, §3.4), and what is
// ours: when no binlog is to be had the list of another storage's files does, and at the end that list tells what a binlog
// did not.

import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { listStoredFiles } from "../../wire/own-commands.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import { fetchOnePathBinlog } from "../../wire/storage-sync.ts";
import { messageOf } from "../control/discovery.ts";
import { pause } from "../control/pause.ts";
import { clearDeletedSlots } from "./deleted-slots.ts";
import { Fetcher, type FetcherHelp } from "./fetcher.ts";
import { type Candidate, type GroupQuestions, nameOf } from "./group-questions.ts";
import { countLines, LineWriter, linesOf } from "./line-file.ts";
import { recordOfMissing } from "./missing-files.ts";
import type { RecoveryFiles, RecoveryFlag } from "./recovery-files.ts";
import { resumptionOf } from "./resume-plan.ts";
import { fetchList } from "./source-link.ts";
import { dispatchRecords, splitFetched } from "./thread-files.ts";

const RETRY_MS = 5000;
const LINES_A_TURN = 2000;

export interface PathRecoveryHelp extends FetcherHelp {
  readonly files: RecoveryFiles;
  readonly storePathIndex: number;
  readonly storePath: string;
  readonly wantedThreads: number;
  /** The store path has lost its directories since the last start. */
  readonly isEmptied: boolean;
  readonly questions: Pick<GroupQuestions, "need" | "candidates">;
  /** Tells the trackers the own status; resolves when one has taken it. */
  readonly report: (status: number) => Promise<void>;
}

export class PathRecovery {
  readonly #help: PathRecoveryHelp;
  readonly #log: Logger;

  constructor(help: PathRecoveryHelp) {
    this.#help = help;
    this.#log = help.log;
  }

  /** Resolves when the path has its files, or needs none. Rejects with the disk's errors, and the signal's reason. */
  async run(): Promise<void> {
    const { files, questions, storePath, wantedThreads, isEmptied, progress } = this.#help;
    const need = await questions.need();
    if (!need.isNeeded) {
      this.#log.warn(`${storePath} is not recovered, because ${need.reason}`);
      files.removeAll();
      return;
    }
    let flag = files.readFlag();
    const isFresh = flag === null || flag.savedStatus === StorageStatus.NONE;
    const savedStatus = isFresh ? need.savedStatus : flag!.savedStatus;
    const hasBinlog = (thread: number): boolean => files.hasBinlog(thread);
    let plan = resumptionOf({ flag, isEmptied, hadFiles: true, wantedThreads, hasBinlog });
    this.#log.notice(`Recovery of ${storePath} ${isFresh ? "begins" : "goes on"}`);
    await this.#help.report(StorageStatus.RECOVERY);
    if (plan === "begin" || plan === "fetch") {
      files.writeFlag({ savedStatus, isFetched: false, threads: -1 });
      files.writeEmptyBinlog();
      await this.#prepare(savedStatus);
      plan = wantedThreads === 1 ? "restore" : "dispatch";
    }
    flag = files.readFlag() ?? { savedStatus, isFetched: true, threads: 1 };
    if (plan === "dispatch") flag = await dispatchRecords(files, flag, wantedThreads);
    await this.#restore(flag);
    await this.#compare();
    const cleared = clearDeletedSlots(this.#help.deleted.names(), this.#help.storePathIndex, storePath);
    if (cleared > 0) this.#log.notice(`Removed ${cleared} deleted files from the trunk files of ${storePath}`);
    await this.#help.report(savedStatus).catch((error: unknown) => {
      this.#log.warn(`No tracker has taken the status after the recovery, joining tells it: ${messageOf(error)}`);
    });
    files.removeAll();
    const { restored, present, missing, failed, bytes, seconds } = progress;
    const facts = { restored, present, missing, failed, bytes, seconds: Math.round(seconds * 10) / 10 };
    this.#log.notice(`Recovery of ${storePath} is done`, facts);
  }

  /** Brings the records: a binlog, or where nobody gives one, a list of files. */
  async #prepare(savedStatus: number): Promise<void> {
    const { choice, source, progress, storePath } = this.#help;
    progress.enter("fetching");
    for (;;) {
      const candidates = await choice.all();
      if (await this.#firstOf(candidates, (candidate) => this.#fetchBinlog(candidate, savedStatus))) return;
      this.#log.warn(`No storage gives a binlog for ${storePath}: trying lists of files`);
      if (await this.#firstOf(candidates, (candidate) => this.#fetchTree(candidate, savedStatus))) return;
      this.#log.error(`Recovery of ${storePath} waits: no storage of the group tells which files there were`);
      await pause(RETRY_MS, source.signal);
      source.signal.throwIfAborted();
    }
  }

  /** Tries the candidates in turn; false when all refuse or fail. */
  async #firstOf(candidates: readonly Candidate[], attempt: (candidate: Candidate) => Promise<void>): Promise<boolean> {
    const { progress, source } = this.#help;
    for (const candidate of candidates) {
      progress.source = nameOf(candidate);
      try {
        await attempt(candidate);
        progress.trouble = "";
        return true;
      } catch (error) {
        source.signal.throwIfAborted();
        if (!(error instanceof RemoteError)) throw error;
        progress.trouble = error.message;
        this.#log.warn(`${nameOf(candidate)} does not tell which files there were: ${error.message}`);
      }
    }
    return false;
  }

  async #fetchBinlog(candidate: Candidate, savedStatus: number): Promise<void> {
    const { files, source, storePathIndex, storePaths, storePath } = this.#help;
    const bytes = await fetchList(candidate, fetchOnePathBinlog, storePathIndex, files.fetchedPath, source);
    this.#log.info(`Fetched the binlog of ${storePath} from ${nameOf(candidate)}`, { bytes });
    const unusable = await splitFetched(files, savedStatus, storePaths.length);
    if (unusable > 0) this.#log.warn(`${unusable} records of ${nameOf(candidate)} cannot be used`);
  }

  async #fetchTree(candidate: Candidate, savedStatus: number): Promise<void> {
    const { files, source, storePathIndex, storePaths, storePath, deleted } = this.#help;
    const bytes = await fetchList(candidate, listStoredFiles, storePathIndex, files.fetchedPath, source);
    this.#log.info(`Fetched the list of files of ${storePath} from ${nameOf(candidate)}`, { bytes });
    await splitFetched(files, savedStatus, storePaths.length, (line) => recordOfMissing(line, storePaths, deleted));
  }

  async #restore({ threads }: RecoveryFlag): Promise<void> {
    const { files, progress } = this.#help;
    const marks = Array.from({ length: threads }, (_, thread) => files.readMark(thread));
    const all = marks.reduce((sum, _, thread) => sum + countLines(files.binlogPath(thread)), 0);
    const left = marks.reduce((sum, offset, thread) => sum + countLines(files.binlogPath(thread), offset), 0);
    progress.enter("restoring", all, all - left);
    this.#log.info(`Restoring ${left} of ${all} records of ${this.#help.storePath}`, { fetchers: threads });
    const fetchers = marks.map(
      (offset, thread) =>
        new Fetcher(this.#help, files.binlogPath(thread), offset, (done) => files.writeMark(thread, done)),
    );
    // All come to their end, so that all marks are written.
    const ends = await Promise.allSettled(fetchers.map((fetcher) => fetcher.run()));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * Asks the other storages of ours for their lists: each may know of files that the one source lacked or had no record of.
   * Who is away now is not waited for.
   */
  async #compare(): Promise<void> {
    const { questions, progress, source } = this.#help;
    progress.enter("checking");
    for (const candidate of (await questions.candidates()) ?? []) {
      progress.source = nameOf(candidate);
      try {
        await this.#compareWith(candidate);
      } catch (error) {
        source.signal.throwIfAborted();
        if (!(error instanceof RemoteError)) throw error;
        // C storages do not know the question.
        this.#log.info(`${nameOf(candidate)} gives no list of files to compare with: ${error.message}`);
      }
    }
  }

  async #compareWith(candidate: Candidate): Promise<void> {
    const { files, source, storePathIndex, storePaths, storePath, deleted, progress } = this.#help;
    await fetchList(candidate, listStoredFiles, storePathIndex, files.fetchedPath, source);
    const writer = new LineWriter(files.missingPath);
    let count = 0;
    try {
      let lines = 0;
      for (const { text } of linesOf(files.fetchedPath)) {
        const record = recordOfMissing(text, storePaths, deleted);
        if (record !== null) {
          writer.write(record);
          count++;
        }
        if (++lines % LINES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        source.signal.throwIfAborted();
      }
      writer.finish();
    } finally {
      writer.discard();
    }
    if (count === 0) {
      this.#log.info(`${storePath} has all files of ${nameOf(candidate)}`);
      return;
    }
    this.#log.notice(`${nameOf(candidate)} has ${count} files that ${storePath} lacks: fetching them`);
    progress.enter("checking", count);
    await new Fetcher(this.#help, files.missingPath, 0, () => {}, candidate).run();
  }
}
