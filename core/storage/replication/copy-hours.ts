// The hours of the day in which files are copied to others (sync_start_time, sync_end_time). Pure.

const DAY_SECONDS = 86_400;
const MINUTE_SECONDS = 60;

/** True when copying is allowed at this second of the day; the end's minute still counts, and it may lie past midnight. */
export function isCopyTime(secondOfDay: number, startSeconds: number, endSeconds: number): boolean {
  const end = endSeconds + MINUTE_SECONDS;
  if (endSeconds >= startSeconds) return secondOfDay >= startSeconds && secondOfDay < end;
  return secondOfDay >= startSeconds || secondOfDay < end % DAY_SECONDS;
}

/** Seconds since local midnight. */
export function secondOfDay(now: Date): number {
  return now.getHours() * 3600 + now.getMinutes() * MINUTE_SECONDS + now.getSeconds();
}
