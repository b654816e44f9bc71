// Rotates one log: renames, compresses and deletes what rotation.ts decides. A line is never lost: the file is renamed,
// never truncated; the threads that write it reopen by the generation number; and nothing is compressed before they have.

import { createReadStream, createWriteStream, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { LogFile } from "./log-file.ts";
import { lastTimeOfDay, passedTimeOfDay, planOldLogs, type RotationRules, rotatedName } from "./rotation.ts";

/** Longer than any thread keeps lines before it looks at the generation number. */
const WRITERS_REOPEN_WITHIN_MS = 60_000;

export interface LogRotatorOptions {
  /** The rotating thread's own handle; its header opens each new file. */
  readonly file: LogFile;
  readonly rules: RotationRules;
  /** The access log's old files always carry the time of day; others only where a size is set. */
  readonly alwaysLongNames?: boolean;
  /** Tells the other threads that the file was renamed: adds one to the number their LogFiles look at. */
  readonly bumpGeneration?: () => void;
  /** Hears of trouble. The same trouble is told once until a rotation succeeds. */
  readonly report: (text: string) => void;
  readonly nowMs?: number;
}

export class LogRotator {
  readonly #options: LogRotatorOptions;
  readonly #path: string;
  readonly #isLongName: boolean;
  readonly #abort = new AbortController();
  #lastLookMs: number;
  #compressAtMs: number;
  #compressing: Promise<void> = Promise.resolve();
  #lastReport = "";

  constructor(options: LogRotatorOptions) {
    this.#options = options;
    this.#path = options.file.path;
    this.#isLongName = options.alwaysLongNames === true || options.rules.rotateOnSizeBytes > 0;
    this.#lastLookMs = options.nowMs ?? Date.now();
    // What an earlier process left uncompressed.
    this.#compressAtMs = this.#lastLookMs + WRITERS_REOPEN_WITHIN_MS;
  }

  /** Called about once a second; does what has become due. */
  tick(nowMs: number): void {
    const beforeMs = this.#lastLookMs;
    this.#lastLookMs = nowMs;
    const { rotateEveryday, rotateAtSeconds, rotateOnSizeBytes, keepDays, deleteAtSeconds } = this.#options.rules;
    if (rotateEveryday && passedTimeOfDay(beforeMs, nowMs, rotateAtSeconds)) {
      // The name is that of the moment it was due: a late tick changes nothing.
      this.#rotate(this.#isLongName ? nowMs : lastTimeOfDay(nowMs, rotateAtSeconds), nowMs);
    } else if (rotateOnSizeBytes > 0 && this.#size() > rotateOnSizeBytes) {
      this.#rotate(nowMs, nowMs);
    }
    if (keepDays > 0 && passedTimeOfDay(beforeMs, nowMs, deleteAtSeconds)) this.#deleteOld(nowMs);
    if (this.#options.rules.compressOld && nowMs >= this.#compressAtMs) {
      this.#compressAtMs = Number.POSITIVE_INFINITY;
      this.#compressing = this.#compressing.then(() => this.#compressOld(nowMs));
    }
  }

  /** Rotates at once (SIGHUP). An existing target name means no rotation: nothing is overwritten. */
  rotateNow(nowMs: number): void {
    this.#rotate(nowMs, nowMs);
  }

  /** Gives up a running compression; its file stays as it was. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#compressing;
  }

  /** Resolves when a running compression is done. */
  settled(): Promise<void> {
    return this.#compressing;
  }

  #rotate(momentMs: number, nowMs: number): void {
    const { file, bumpGeneration, rules } = this.#options;
    file.flush();
    if (this.#size() === 0) return;
    const target = rotatedName(this.#path, this.#isLongName, momentMs);
    if (existsSync(target) || existsSync(`${target}.gz`)) {
      this.#report(`Cannot rotate ${this.#path}: ${target} exists already; the log goes on in the same file`);
      return;
    }
    try {
      renameSync(this.#path, target);
    } catch (error) {
      this.#report(`Cannot rotate ${this.#path}: ${messageOf(error)}`);
      return;
    }
    this.#lastReport = "";
    // The new file and its first line exist before another thread looks for them.
    file.reopen();
    bumpGeneration?.();
    if (rules.compressOld) this.#compressAtMs = nowMs + WRITERS_REOPEN_WITHIN_MS;
  }

  #size(): number {
    try {
      return statSync(this.#path).size;
    } catch {
      return 0;
    }
  }

  #plan(nowMs: number): { compress: string[]; remove: string[] } {
    const folder = dirname(this.#path);
    try {
      const plan = planOldLogs(readdirSync(folder), basename(this.#path), this.#options.rules, nowMs);
      const inFolder = (name: string): string => join(folder, name);
      return { compress: plan.compress.map(inFolder), remove: plan.remove.map(inFolder) };
    } catch (error) {
      this.#report(`Cannot look for old logs in ${folder}: ${messageOf(error)}`);
      return { compress: [], remove: [] };
    }
  }

  async #compressOld(nowMs: number): Promise<void> {
    for (const path of this.#plan(nowMs).compress) {
      if (this.#abort.signal.aborted) return;
      const temporary = `${path}.gz.tmp`;
      try {
        const output = createWriteStream(temporary, { mode: 0o644 });
        await pipeline(createReadStream(path), createGzip(), output, { signal: this.#abort.signal });
        renameSync(temporary, `${path}.gz`);
        rmSync(path);
      } catch (error) {
        rmSync(temporary, { force: true });
        if (!this.#abort.signal.aborted) this.#report(`Cannot compress ${path}: ${messageOf(error)}`);
      }
    }
  }

  #deleteOld(nowMs: number): void {
    for (const path of this.#plan(nowMs).remove) {
      try {
        rmSync(path, { force: true });
      } catch (error) {
        this.#report(`Cannot delete ${path}: ${messageOf(error)}`);
      }
    }
  }

  #report(text: string): void {
    if (text === this.#lastReport) return;
    this.#lastReport = text;
    this.#options.report(text);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
