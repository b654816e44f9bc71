// Rotation of one log: the decision is pure (settings, clock and size in, plan out), the shell renames, compresses and
// deletes. A line is never lost: the file is renamed, never truncated, and writers reopen by the generation number.

import { createReadStream, createWriteStream, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { formatSuffix } from "./timestamp.ts";

const DAY_MS = 86_400_000;

/** The log_file_* keys (http-config-tools.md §1.9). */
export interface RotationRules {
  readonly everyDay: boolean;
  /** Seconds after local midnight. */
  readonly rotateAtSeconds: number;
  /** 0: not by size. */
  readonly onSizeBytes: number;
  readonly compressOld: boolean;
  readonly compressDaysBefore: number;
  /** 0: keep all. */
  readonly keepDays: number;
  readonly deleteAtSeconds: number;
  /** The access log's rotated names always carry the time of day. */
  readonly longNames: boolean;
}

function secondsOfDay(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds();
}

function dayOf(timeMs: number): string {
  return formatSuffix(timeMs, false);
}

/** True when a time of day was passed between two looks at the clock. */
export function passedTimeOfDay(beforeMs: number, nowMs: number, atSeconds: number): boolean {
  if (nowMs <= beforeMs) return false;
  const before = secondsOfDay(beforeMs);
  const now = secondsOfDay(nowMs);
  if (dayOf(beforeMs) === dayOf(nowMs)) return before < atSeconds && atSeconds <= now;
  return before < atSeconds || atSeconds <= now;
}

/** Name of the rotated file. A rotation in the first minutes of a day holds the lines of the day before. */
export function rotatedName(path: string, rules: RotationRules, nowMs: number): string {
  const withTime = rules.longNames || rules.onSizeBytes > 0;
  const holdsYesterday = !withTime && secondsOfDay(nowMs) < 120;
  return `${path}.${formatSuffix(holdsYesterday ? nowMs - DAY_MS / 2 : nowMs, withTime)}`;
}

export class LogRotator {
  readonly #path: string;
  readonly #rules: RotationRules;
  readonly #rotated: () => void;
  readonly #report: (text: string) => void;
  #lastLook: number;
  #compressing: Promise<void> = Promise.resolve();

  /** `rotated` is called after the rename: it bumps the generation number and writes the first line of the new file. */
  constructor(
    path: string,
    rules: RotationRules,
    rotated: () => void,
    report: (text: string) => void,
    nowMs = Date.now(),
  ) {
    this.#path = path;
    this.#rules = rules;
    this.#rotated = rotated;
    this.#report = report;
    this.#lastLook = nowMs;
  }

  /** Called about once a second. */
  tick(nowMs: number): void {
    const before = this.#lastLook;
    this.#lastLook = nowMs;
    const { everyDay, rotateAtSeconds, onSizeBytes, keepDays, deleteAtSeconds } = this.#rules;
    if (everyDay && passedTimeOfDay(before, nowMs, rotateAtSeconds)) this.rotate(nowMs);
    else if (onSizeBytes > 0 && this.#size() > onSizeBytes) this.rotate(nowMs);
    if (keepDays > 0 && passedTimeOfDay(before, nowMs, deleteAtSeconds)) this.#deleteOld(nowMs);
  }

  /** Rotates now (SIGHUP). An existing target name means no rotation: nothing is overwritten. */
  rotate(nowMs: number): void {
    const target = rotatedName(this.#path, this.#rules, nowMs);
    if (existsSync(target) || existsSync(`${target}.gz`) || this.#size() === 0) return;
    try {
      renameSync(this.#path, target);
    } catch (error) {
      this.#report(`Cannot rotate ${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    this.#rotated();
    if (this.#rules.compressOld) this.#compressing = this.#compressing.then(() => this.#compressOld(nowMs));
  }

  /** Resolves when a running compression is done. */
  settled(): Promise<void> {
    return this.#compressing;
  }

  #size(): number {
    try {
      return statSync(this.#path).size;
    } catch {
      return 0;
    }
  }

  #rotatedFiles(): { path: string; ageDays: number }[] {
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.`;
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && /^\d{8}(_\d{6})?(\.gz)?$/.test(name.slice(prefix.length)))
      .map((name) => {
        const path = join(folder, name);
        return { path, ageDays: (this.#lastLook - statSync(path).mtimeMs) / DAY_MS };
      });
  }

  async #compressOld(nowMs: number): Promise<void> {
    this.#lastLook = nowMs;
    for (const { path, ageDays } of this.#rotatedFiles()) {
      if (path.endsWith(".gz") || ageDays < this.#rules.compressDaysBefore) continue;
      try {
        await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.tmp`, { mode: 0o644 }));
        renameSync(`${path}.gz.tmp`, `${path}.gz`);
        rmSync(path);
      } catch (error) {
        rmSync(`${path}.gz.tmp`, { force: true });
        this.#report(`Cannot compress ${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  #deleteOld(nowMs: number): void {
    this.#lastLook = nowMs;
    for (const { path, ageDays } of this.#rotatedFiles())
      if (ageDays >= this.#rules.keepDays) rmSync(path, { force: true });
  }
}
