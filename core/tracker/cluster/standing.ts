// How trackers are ranked when they elect their leader (tracker.md §7.3, C: relationship_cmp_tracker_status): what each
// tells of itself, and the order. Who asks whom, and when, is election.ts.

/** What a tracker answers to GET_STATUS; both times are whole multiples of 300 seconds. */
export interface Standing {
  readonly isLeader: boolean;
  readonly runningTimeSeconds: number;
  /** From the last sign of life before its start to that start; 0 when it never ran before. */
  readonly restartIntervalSeconds: number;
}

/** A tracker of the list. */
export interface Contender {
  /** Unique: its first address and port as one text, the one that NOTIFY and COMMIT carry. */
  readonly name: string;
  readonly ip: string;
  readonly port: number;
}

export interface Ranked {
  readonly contender: Contender;
  readonly standing: Standing;
}

const SECONDS_STEP = 300;
const down = (seconds: number): number => Math.floor(seconds / SECONDS_STEP) * SECONDS_STEP;

/** The standing of a tracker that started at `upTime` and was last known to run at `lastCheckTime` (0: never). */
export function standingOf(upTime: number, lastCheckTime: number, now: number, isLeader: boolean): Standing {
  return {
    isLeader,
    runningTimeSeconds: down(now - upTime),
    restartIntervalSeconds: lastCheckTime === 0 ? 0 : down(upTime - lastCheckTime),
  };
}

/** Negative when `a` is worse than `b`. 0 only says that the times do not decide. */
export function compareStandings(a: Standing, b: Standing): number {
  return (
    Number(a.isLeader) - Number(b.isLeader) ||
    a.runningTimeSeconds - b.runningTimeSeconds ||
    b.restartIntervalSeconds - a.restartIntervalSeconds
  );
}

/** Negative when `a` is worse than `b`; 0 only for one and the same tracker. */
export function compareRanked(a: Ranked, b: Ranked): number {
  const byText = a.contender.ip < b.contender.ip ? -1 : a.contender.ip > b.contender.ip ? 1 : 0;
  return compareStandings(a.standing, b.standing) || byText || a.contender.port - b.contender.port;
}

/** The one that shall lead; undefined only for an empty list. */
export function bestOf(ranked: readonly Ranked[]): Ranked | undefined {
  return [...ranked].sort(compareRanked).at(-1);
}
