// Replaces the trunk binlog by what is free now, or takes an unfinished replacement back. The files' locks and the map come
// from outside, so that the same code runs at start, while serving and in tests.

import { compaction, recovery } from "./compaction-plan.ts";
import { type CompactionHelp, foundFiles, runStep } from "./compaction-steps.ts";

export interface RunningCompaction extends CompactionHelp {
  /** Nobody writes the binlog meanwhile; all open it anew afterwards. */
  whileBinlogRests(run: () => void): void;
  /** Lets others run. */
  pause(): Promise<void>;
}

/** Rejects with the first step's error: `recoverCompaction` then brings the files in order. */
export async function compact(help: RunningCompaction): Promise<void> {
  for (const { locksBinlog, steps } of compaction) {
    const run = (): void => {
      for (const step of steps) runStep(step, help);
    };
    if (locksBinlog) help.whileBinlogRests(run);
    else run();
    await help.pause();
  }
}

/** Finishes or takes back what was begun; true when there was something. Throws the system's error. Nobody writes the binlog. */
export function recoverCompaction(stage: number, help: CompactionHelp): boolean {
  const steps = recovery(stage, foundFiles(help.paths));
  if (steps.length === 0) return false;
  for (const step of steps) runStep(step, help);
  return true;
}
