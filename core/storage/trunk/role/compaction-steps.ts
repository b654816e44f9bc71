// What each step of a compaction does to the files. Every one can be repeated after a crash; the order and the stages are
// compaction-plan.ts's business.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { FoundFiles, Step } from "./compaction-plan.ts";
import type { TrunkPaths } from "./paths.ts";

const PIECE_BYTES = 256 * 1024;
const LF = 10;

export interface CompactionHelp {
  readonly paths: TrunkPaths;
  saveStage(stage: number): void;
  /** Writes the snapshot of what was free when the binlog was set aside. */
  saveSnapshot(): void;
}

export function foundFiles({ binlog, binlogTemporary, binlogRollback }: TrunkPaths): FoundFiles {
  const rollback = statSync(binlogRollback, { throwIfNoEntry: false });
  return {
    hasTemporary: existsSync(binlogTemporary),
    hasBinlog: existsSync(binlog),
    rollbackSize: rollback?.size ?? null,
  };
}

/** Throws the system's error. */
export function runStep(step: Step, help: CompactionHelp): void {
  if (typeof step === "number") help.saveStage(step);
  else actions[step](help);
}

type Action = (help: CompactionHelp) => void;

const actions: Record<Exclude<Step, number>, Action> = {
  "delete-rollback-files": ({ paths }) => {
    rmSync(paths.binlogRollback, { force: true });
    rmSync(paths.snapshotRollback, { force: true });
  },
  "set-snapshot-aside": ({ paths }) => {
    if (existsSync(paths.snapshot)) renameSync(paths.snapshot, paths.snapshotRollback);
    else writeFileSync(paths.snapshotRollback, "", { mode: 0o644 });
  },
  "set-binlog-aside": ({ paths }) => {
    renameSync(paths.binlog, paths.binlogRollback);
    writeFileSync(paths.binlog, "", { mode: 0o644 });
  },
  "save-snapshot": (help) => help.saveSnapshot(),
  "merge-snapshot": ({ paths }) => {
    writing(paths.binlogTemporary, "w", (fd) => copyInto(fd, paths.snapshot, firstLineLength(paths.snapshot)));
  },
  "merge-tail": ({ paths }) => {
    writing(paths.binlogTemporary, "a", (fd) => copyInto(fd, paths.binlog, 0));
  },
  "merge-back": ({ paths }) => {
    writing(paths.binlogTemporary, "w", (fd) => {
      copyInto(fd, paths.binlogRollback, 0);
      copyInto(fd, paths.binlog, 0);
    });
  },
  "publish-merged": ({ paths }) => renameSync(paths.binlogTemporary, paths.binlog),
  "delete-snapshot": ({ paths }) => rmSync(paths.snapshot, { force: true }),
  "delete-binlog-rollback": ({ paths }) => rmSync(paths.binlogRollback, { force: true }),
  "restore-binlog": ({ paths }) => renameSync(paths.binlogRollback, paths.binlog),
  "restore-snapshot": ({ paths }) => {
    const old = statSync(paths.snapshotRollback, { throwIfNoEntry: false });
    if (old === undefined) return;
    rmSync(paths.snapshot, { force: true });
    if (old.size === 0) rmSync(paths.snapshotRollback, { force: true });
    else renameSync(paths.snapshotRollback, paths.snapshot);
  },
  "delete-marks": ({ paths }) => deleteMarks(paths),
};

/** Forgets how far each peer has a copy: it gets a whole one. */
export function deleteMarks({ folder }: Pick<TrunkPaths, "folder">): void {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names) if (name.endsWith(".mark")) rmSync(join(folder, name), { force: true });
}

/** On the disk when it returns. */
function writing(path: string, flags: "w" | "a", write: (fd: number) => void): void {
  const fd = openSync(path, flags, 0o644);
  try {
    write(fd);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Appends the file from byte `start` on; one that is missing has nothing. */
function copyInto(target: number, path: string, start: number): void {
  if (!existsSync(path)) return;
  const fd = openSync(path, "r");
  try {
    const piece = new Uint8Array(PIECE_BYTES);
    for (let at = start; ; ) {
      const count = readSync(fd, piece, 0, piece.length, at);
      if (count === 0) return;
      for (let done = 0; done < count; ) done += writeSync(target, piece, done, count - done);
      at += count;
    }
  } finally {
    closeSync(fd);
  }
}

/** Bytes of the first line, which in a snapshot is an offset. */
function firstLineLength(path: string): number {
  const fd = openSync(path, "r");
  try {
    const head = new Uint8Array(64);
    const count = readSync(fd, head, 0, head.length, 0);
    const end = head.subarray(0, count).indexOf(LF);
    if (end < 0) throw new Error(`Cannot use ${path}: its first line is no offset`);
    return end + 1;
  } finally {
    closeSync(fd);
  }
}
