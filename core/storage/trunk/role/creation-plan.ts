// When new trunk files are made ahead of need, and how many (trunk-dedup-recovery.md §1.7, advance creator). Pure.

const DAY_SECONDS = 86_400;
const MB = 1_048_576;

export interface Schedule {
  /** Second of the day (local time) of one of its times. */
  readonly timeBase: number;
  /** Seconds between two times; 0 = never. */
  readonly interval: number;
}

/** The first time after `nowSeconds`, Unix seconds; null = never. `midnightSeconds`: the beginning of the local day. */
export function nextTime({ timeBase, interval }: Schedule, nowSeconds: number, midnightSeconds: number): number | null {
  if (interval <= 0) return null;
  const base = midnightSeconds + timeBase - DAY_SECONDS;
  return base + (Math.floor((nowSeconds - base) / interval) + 1) * interval;
}

/** The local midnight before `nowSeconds`. */
export function midnightBefore(nowSeconds: number): number {
  const day = new Date(nowSeconds * 1000);
  return Math.floor(new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime() / 1000);
}

export interface SpaceFacts {
  /** Free inside trunk files, bytes. */
  readonly trunkFreeBytes: number;
  /** Of all store paths. */
  readonly diskFreeMb: number;
  readonly diskReservedMb: number;
  readonly thresholdBytes: number;
  readonly trunkFileSize: number;
}

/** Files to make; "no-space": the space that stays reserved would be touched. */
export function filesAhead(facts: SpaceFacts): number | "no-space" {
  const need = facts.thresholdBytes - facts.trunkFreeBytes;
  if (need <= 0) return 0;
  if (facts.diskFreeMb - Math.floor(need / MB) < facts.diskReservedMb) return "no-space";
  return Math.ceil(need / facts.trunkFileSize);
}
