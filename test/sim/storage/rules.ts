// The rules that decide what replicas take of each other: the real ones, unless a test breaks one to see the simulation fail.

import {
  judgeCopy,
  judgeDeletion,
  judgeLink,
  judgeRename,
  nextTimestamp,
} from "../../../core/storage/replication/judge.ts";

/** A message on a connection that the other storage has given up since. */
function isOutdated(epoch: number, newestEpoch: number): boolean {
  return epoch < newestEpoch;
}

export const REAL_RULES = { judgeCopy, judgeDeletion, judgeLink, judgeRename, nextTimestamp, isOutdated };

export type Rules = typeof REAL_RULES;
