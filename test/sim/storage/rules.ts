// The rules that decide what replicas take of each other: the real ones, unless a test breaks one to see the simulation fail.

import {
  judgeCopy,
  judgeDeletion,
  judgeLink,
  judgeRename,
  nextTimestamp,
} from "../../../core/storage/replication/judge.ts";

export const REAL_RULES = { judgeCopy, judgeDeletion, judgeLink, judgeRename, nextTimestamp };

export type Rules = typeof REAL_RULES;
