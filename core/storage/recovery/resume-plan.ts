// What start-up does about the recovery of a store path, from what it finds on the disk (trunk-dedup-recovery.md §3.1, §3.6).
// Pure.

import type { RecoveryFlag } from "./recovery-files.ts";

export interface Findings {
  /** Null: no `.recovery.flag`, also none made of old files. */
  readonly flag: RecoveryFlag | null;
  /** The store path had no data directories. */
  readonly isEmptied: boolean;
  /** The storage has been filled once (sync_old_done): an empty path has lost something. */
  readonly hadFiles: boolean;
  /** disk_recovery_threads */
  readonly wantedThreads: number;
  readonly hasBinlog: (thread: number) => boolean;
}

/**
 * `begin`: a fresh recovery; `fetch`: the flag stands, the records are to be fetched (again); `dispatch`: the records are
 * there, for another number of fetchers; `restore`: go on at the marks.
 */
export type Resumption = "nothing" | "begin" | "fetch" | "dispatch" | "restore";

export function resumptionOf({ flag, isEmptied, hadFiles, wantedThreads, hasBinlog }: Findings): Resumption {
  // A path that was emptied once more has lost what was restored, and the flag with it: both are in the same folder.
  if (flag === null) return isEmptied && hadFiles ? "begin" : "nothing";
  if (!flag.isFetched || flag.threads <= 0) return "fetch";
  for (let thread = 0; thread < flag.threads; thread++) if (!hasBinlog(thread)) return "fetch";
  return flag.threads === wantedThreads ? "restore" : "dispatch";
}
