// When a log is rotated, what the old one is called, and which old ones are compressed or deleted: pure decisions from
// rules, clock and names. The files are log-rotator.ts's business.

import { formatSuffix } from "./timestamp.ts";

const DAY_MS = 86_400_000;
/** So soon after midnight a rotation closes the day before (C symbol log_rotate). */
const JUST_AFTER_MIDNIGHT_SECONDS = 120;

/** The log_file_* keys (http-config-tools.md §1.9). */
export interface RotationRules {
  readonly rotateEveryday: boolean;
  /** Seconds after local midnight. */
  readonly rotateAtSeconds: number;
  /** 0: not by size. */
  readonly rotateOnSizeBytes: number;
  readonly compressOld: boolean;
  readonly compressDaysBefore: number;
  /** 0: keep all. */
  readonly keepDays: number;
  readonly deleteAtSeconds: number;
}

/** The last moment, at or before `nowMs`, when the local clock showed `atSeconds` after midnight. */
export function lastTimeOfDay(nowMs: number, atSeconds: number): number {
  const date = new Date(nowMs);
  date.setHours(0, 0, atSeconds, 0);
  if (date.getTime() > nowMs) {
    date.setDate(date.getDate() - 1);
    // A day that lacks the hour (summer time) has moved it.
    date.setHours(0, 0, atSeconds, 0);
  }
  return date.getTime();
}

/** True when the local clock came by `atSeconds` between two looks at it. */
export function passedTimeOfDay(beforeMs: number, nowMs: number, atSeconds: number): boolean {
  return lastTimeOfDay(nowMs, atSeconds) > beforeMs;
}

/**
 * Name of the rotated file: `.YYYYMMDD_hhmmss` with `longName`, else `.YYYYMMDD` of the day whose lines it holds, which
 * for a rotation at 00:00 is the day before. (C decides that from an uninitialised value, so either day occurs there.)
 */
export function rotatedName(path: string, longName: boolean, momentMs: number): string {
  const closesDayBefore = !longName && momentMs - lastTimeOfDay(momentMs, 0) < JUST_AFTER_MIDNIGHT_SECONDS * 1000;
  const shiftMs = closesDayBefore ? JUST_AFTER_MIDNIGHT_SECONDS * 1000 : 0;
  return `${path}.${formatSuffix(momentMs - shiftMs, longName)}`;
}

export interface OldLogPlan {
  readonly compress: string[];
  readonly remove: string[];
}

/**
 * What happens to the old files among `names` of the log `baseName`. Their age is that of the day in the name, so
 * compressing a file does not make it younger. Files of other makers are left alone.
 */
export function planOldLogs(
  names: readonly string[],
  baseName: string,
  rules: RotationRules,
  nowMs: number,
): OldLogPlan {
  const plan: OldLogPlan = { compress: [], remove: [] };
  for (const name of names) {
    if (!name.startsWith(`${baseName}.`)) continue;
    const match = /^(\d{4})(\d\d)(\d\d)(?:_\d{6})?(\.gz)?$/.exec(name.slice(baseName.length + 1));
    if (match === null) continue;
    const ageDays = daysSince(Number(match[1]), Number(match[2]), Number(match[3]), nowMs);
    if (rules.keepDays > 0 && ageDays > rules.keepDays) plan.remove.push(name);
    else if (rules.compressOld && match[4] === undefined && ageDays >= rules.compressDaysBefore)
      plan.compress.push(name);
  }
  return plan;
}

/** Calendar days, whatever the hours and the summer time. */
function daysSince(year: number, month: number, day: number, nowMs: number): number {
  const now = new Date(nowMs);
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  return Math.round((today - Date.UTC(year, month - 1, day)) / DAY_MS);
}
