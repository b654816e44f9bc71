// The order in which the trunk binlog is replaced by a short one, and what a start finds of it after a crash at any moment
// (trunk-dedup-recovery.md §1.12). Stages are C's, kept in .data_init_flag: each implementation finishes or takes back what
// the other has begun. Pure: lists of steps; what a step does is compaction-steps.ts's business.

/** `trunk_binlog_compress_stage`. */
export const Stage = {
  NONE: 0,
  BEGIN: 1,
  APPLY_DONE: 2,
  SAVE_DONE: 3,
  COMMIT_MERGING: 4,
  COMMIT_MERGE_DONE: 5,
  SUCCESS: 6,
  ROLLBACK_MERGING: 7,
  ROLLBACK_MERGE_DONE: 8,
  FINISHED: 9,
} as const;

/** A number is a stage to be saved. What `recovery` lists may have been done before. */
export type Step =
  | number
  | "delete-rollback-files"
  | "set-snapshot-aside"
  | "set-binlog-aside"
  | "save-snapshot"
  | "merge-snapshot"
  | "merge-tail"
  | "merge-back"
  | "publish-merged"
  | "delete-snapshot"
  | "delete-binlog-rollback"
  | "restore-binlog"
  | "restore-snapshot"
  | "delete-marks";

/** Parts of a compaction: between two of them others may write the binlog, within one that locks nobody does. */
export interface Part {
  readonly locksBinlog: boolean;
  readonly steps: readonly Step[];
}

export const compaction: readonly Part[] = [
  { locksBinlog: false, steps: ["delete-rollback-files", Stage.BEGIN] },
  { locksBinlog: true, steps: ["set-snapshot-aside", "set-binlog-aside", Stage.APPLY_DONE] },
  { locksBinlog: false, steps: ["save-snapshot", Stage.SAVE_DONE, "merge-snapshot"] },
  {
    locksBinlog: true,
    steps: ["merge-tail", Stage.COMMIT_MERGING, "publish-merged", Stage.COMMIT_MERGE_DONE],
  },
  {
    locksBinlog: false,
    steps: ["delete-snapshot", "delete-rollback-files", Stage.SUCCESS, "delete-marks", Stage.FINISHED],
  },
];

/** What the disk tells beside the stage. */
export interface FoundFiles {
  readonly hasTemporary: boolean;
  readonly hasBinlog: boolean;
  /** Bytes of `binlog.rollback`; null = it is not there. */
  readonly rollbackSize: number | null;
}

/** Takes an unfinished compaction back: the old binlog and what was written since. */
function rollback({ hasBinlog, rollbackSize }: FoundFiles): readonly Step[] {
  const end: readonly Step[] = ["restore-snapshot", Stage.FINISHED];
  // Unlike C: a peer may have been given the short binlog of the time between.
  if (rollbackSize === null) return ["delete-marks", ...end];
  if (rollbackSize === 0) return ["delete-marks", "delete-binlog-rollback", ...end];
  if (!hasBinlog) return ["delete-marks", "restore-binlog", ...end];
  return [
    "delete-marks",
    "merge-back",
    Stage.ROLLBACK_MERGING,
    "publish-merged",
    Stage.ROLLBACK_MERGE_DONE,
    "delete-binlog-rollback",
    ...end,
  ];
}

/** What a start has to do; nothing when the last compaction came to its end. */
export function recovery(stage: number, found: FoundFiles): readonly Step[] {
  switch (stageOnDisk(stage, found.hasTemporary)) {
    case Stage.BEGIN:
    case Stage.APPLY_DONE:
    case Stage.SAVE_DONE:
    case Stage.COMMIT_MERGING:
    case Stage.ROLLBACK_MERGING:
      return rollback(found);
    case Stage.COMMIT_MERGE_DONE:
      return ["delete-snapshot", "delete-rollback-files", "delete-marks", Stage.FINISHED];
    case Stage.SUCCESS:
      return ["delete-marks", Stage.FINISHED];
    case Stage.ROLLBACK_MERGE_DONE:
      return ["delete-marks", "delete-binlog-rollback", "restore-snapshot", Stage.FINISHED];
    default:
      return [];
  }
}

/** A merge whose temporary file is gone has been published. */
function stageOnDisk(stage: number, hasTemporary: boolean): number {
  if (hasTemporary) return stage;
  if (stage === Stage.COMMIT_MERGING) return Stage.COMMIT_MERGE_DONE;
  return stage === Stage.ROLLBACK_MERGING ? Stage.ROLLBACK_MERGE_DONE : stage;
}
