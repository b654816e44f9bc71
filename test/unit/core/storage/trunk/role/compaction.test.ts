// A compaction of the trunk binlog, cut off after each of its steps and after each step of its repair: what was free before is
// free afterwards, whatever C or we find on the disk.

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compact, recoverCompaction } from "../../../../../../core/storage/trunk/role/compaction.ts";
import { compaction, recovery, Stage } from "../../../../../../core/storage/trunk/role/compaction-plan.ts";
import {
  type CompactionHelp,
  foundFiles,
  runStep,
} from "../../../../../../core/storage/trunk/role/compaction-steps.ts";
import { type TrunkPaths, trunkPaths } from "../../../../../../core/storage/trunk/role/paths.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const OLD_BINLOG = "1 A 0 0 0 1 0 1000\n2 D 0 0 0 1 0 1000\n3 A 0 0 0 1 256 744\n";
const OLD_SNAPSHOT = "39\n2 A 0 0 0 1 256 744\n";
/** What is free when the binlog is set aside. */
const FREE_NOW = "4 A 0 0 0 1 256 744\n";
/** Logged while the compaction runs. */
const LATER = "5 D 0 0 0 1 256 744\n6 A 0 0 0 1 512 488\n";

interface Disk extends CompactionHelp {
  stage: number;
}

function newDisk(hasSnapshot: boolean): Disk {
  const base = mkdtempSync(join(tmpdir(), "fdfs-compaction-"));
  folders.push(base);
  mkdirSync(join(base, "data", "trunk"), { recursive: true });
  const paths = trunkPaths(base);
  writeFileSync(paths.binlog, OLD_BINLOG);
  writeFileSync(join(paths.folder, "10.0.0.2_23000.mark"), "binlog_offset=20\n");
  if (hasSnapshot) writeFileSync(paths.snapshot, OLD_SNAPSHOT);
  const disk: Disk = {
    paths,
    stage: Stage.NONE,
    saveStage: (stage) => {
      disk.stage = stage;
    },
    saveSnapshot: () => writeFileSync(paths.snapshot, `0\n${FREE_NOW}`),
  };
  return disk;
}

const textOf = (path: string): string | null => (existsSync(path) ? readFileSync(path, "utf8") : null);
const marksOf = ({ folder }: TrunkPaths): string[] => readdirSync(folder).filter((name) => name.endsWith(".mark"));

/** The compaction's steps one after the other; `LATER` is logged when the new binlog is there. */
function runUpTo(disk: Disk, count: number): void {
  for (const step of compaction.flatMap(({ steps }) => steps).slice(0, count)) {
    runStep(step, disk);
    if (step === Stage.APPLY_DONE) writeFileSync(disk.paths.binlog, LATER, { flag: "a" });
  }
}

/** Nothing of a compaction is left, and the binlog says what is free: either of two ways. */
function expectInOrder(disk: Disk, hasSnapshot: boolean, hasBegun: boolean, wasLogged: boolean): void {
  const { paths } = disk;
  expect([Stage.NONE, Stage.FINISHED] as number[]).toContain(disk.stage);
  for (const path of [paths.binlogTemporary, paths.binlogRollback, paths.snapshotRollback]) {
    if (path === paths.binlogTemporary && existsSync(path)) continue;
    expect(textOf(path)).toBeNull();
  }
  const later = wasLogged ? LATER : "";
  const isBack = textOf(paths.binlog) === OLD_BINLOG + later;
  if (isBack) expect(textOf(paths.snapshot)).toBe(hasSnapshot ? OLD_SNAPSHOT : null);
  else {
    expect(textOf(paths.binlog)).toBe(FREE_NOW + later);
    expect(textOf(paths.snapshot)).toBeNull();
  }
  if (hasBegun) expect(marksOf(paths)).toEqual([]);
}

const allSteps = compaction.flatMap(({ steps }) => steps);
const appliedAt = allSteps.indexOf(Stage.APPLY_DONE);

describe("compaction", () => {
  test("leaves what is free and what was logged meanwhile", async () => {
    const disk = newDisk(true);
    let rests = 0;
    await compact({
      ...disk,
      saveStage: (stage) => {
        disk.saveStage(stage);
        if (stage === Stage.APPLY_DONE) writeFileSync(disk.paths.binlog, LATER, { flag: "a" });
      },
      whileBinlogRests: (run) => {
        rests++;
        run();
      },
      pause: async () => {},
    });
    expect(rests).toBe(2);
    expect(textOf(disk.paths.binlog)).toBe(FREE_NOW + LATER);
    expectInOrder(disk, true, true, true);
    expect(textOf(disk.paths.binlogTemporary)).toBeNull();
  });

  for (const hasSnapshot of [true, false]) {
    for (let count = 0; count <= allSteps.length; count++) {
      test(`a crash after ${count} steps ${hasSnapshot ? "with" : "without"} an old snapshot`, () => {
        const disk = newDisk(hasSnapshot);
        runUpTo(disk, count);
        const hasBegun = count > 1;
        const wasLogged = count > appliedAt;
        // The repair may be cut off, too, after each of its steps, and the next one as well.
        const repairs = recovery(disk.stage, foundFiles(disk.paths)).length;
        for (let first = 0; first <= repairs; first++) {
          const again = newDisk(hasSnapshot);
          runUpTo(again, count);
          for (const step of recovery(again.stage, foundFiles(again.paths)).slice(0, first)) runStep(step, again);
          recoverCompaction(again.stage, again);
          recoverCompaction(again.stage, again);
          expectInOrder(again, hasSnapshot, hasBegun, wasLogged);
        }
      });
    }
  }

  test("what cannot be read ends it, and all is as before", async () => {
    const disk = newDisk(true);
    const failing = {
      ...disk,
      saveSnapshot: () => {
        throw new Error("the disk is full");
      },
      whileBinlogRests: (run: () => void) => run(),
      pause: async () => {},
    };
    await expect(compact(failing)).rejects.toThrow("the disk is full");
    expect(disk.stage).toBe(Stage.APPLY_DONE);
    recoverCompaction(disk.stage, disk);
    expect(textOf(disk.paths.binlog)).toBe(OLD_BINLOG);
    expect(textOf(disk.paths.snapshot)).toBe(OLD_SNAPSHOT);
  });
});

describe("what a start finds", () => {
  const none = { hasTemporary: false, hasBinlog: true, rollbackSize: null };

  test("nothing is done when no compaction is under way", () => {
    for (const stage of [Stage.NONE, Stage.FINISHED]) expect(recovery(stage, none)).toEqual([]);
  });

  test("a merge whose temporary file is gone has been published", () => {
    expect(recovery(Stage.COMMIT_MERGING, none)).toEqual(recovery(Stage.COMMIT_MERGE_DONE, none));
    expect(recovery(Stage.ROLLBACK_MERGING, none)).toEqual(recovery(Stage.ROLLBACK_MERGE_DONE, none));
  });

  test("C's stage 5, the old files still there: the short binlog counts", () => {
    const disk = newDisk(false);
    writeFileSync(disk.paths.binlog, FREE_NOW);
    writeFileSync(disk.paths.binlogRollback, OLD_BINLOG);
    writeFileSync(disk.paths.snapshotRollback, OLD_SNAPSHOT);
    writeFileSync(disk.paths.snapshot, `0\n${FREE_NOW}`);
    disk.stage = Stage.COMMIT_MERGE_DONE;
    expect(recoverCompaction(disk.stage, disk)).toBe(true);
    expectInOrder(disk, false, true, false);
    expect(textOf(disk.paths.binlog)).toBe(FREE_NOW);
  });

  test("C's stage 8: the old snapshot comes back, the merged binlog stays", () => {
    const disk = newDisk(false);
    writeFileSync(disk.paths.binlog, OLD_BINLOG + LATER);
    writeFileSync(disk.paths.binlogRollback, OLD_BINLOG);
    writeFileSync(disk.paths.snapshotRollback, OLD_SNAPSHOT);
    writeFileSync(disk.paths.snapshot, `0\n${FREE_NOW}`);
    disk.stage = Stage.ROLLBACK_MERGE_DONE;
    recoverCompaction(disk.stage, disk);
    expect(textOf(disk.paths.binlog)).toBe(OLD_BINLOG + LATER);
    expect(textOf(disk.paths.snapshot)).toBe(OLD_SNAPSHOT);
    expect(disk.stage).toBe(Stage.FINISHED);
  });
});
