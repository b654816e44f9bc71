// Snapshots, compaction while slots are handed out, and the end of trunk files that hold nothing.

import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "../../../../../../core/observe/logger.ts";
import { firstInitFlag, InitFlagFile } from "../../../../../../core/storage/control/init-flag.ts";
import { parseTrunkParameters } from "../../../../../../core/storage/control/trunk-parameters.ts";
import { Scoreboard } from "../../../../../../core/storage/scoreboard/scoreboard.ts";
import { TrunkJournalFile } from "../../../../../../core/storage/trunk/journal-file.ts";
import { Stage } from "../../../../../../core/storage/trunk/role/compaction-plan.ts";
import { loadMap } from "../../../../../../core/storage/trunk/role/load-map.ts";
import { trunkPaths } from "../../../../../../core/storage/trunk/role/paths.ts";
import { Upkeep } from "../../../../../../core/storage/trunk/role/upkeep.ts";
import { SharedTrunkSpace } from "../../../../../../core/storage/trunk/shared-space.ts";
import { createTrunkFile, trunkFilePath } from "../../../../../../core/storage/trunk/trunk-file.ts";
import type { TrunkInfo } from "../../../../../../core/wire/storage-sync.ts";

const FILE_SIZE = 4 * 1_048_576;
const NOW = 1_800_000_000;
const place = { storePathIndex: 0, subPathHigh: 1, subPathLow: 2, trunkFileId: 1 };
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function setUp(settings: Readonly<Record<string, string>> = {}, pause: () => Promise<void> = async () => {}) {
  const base = mkdtempSync(join(tmpdir(), "fdfs-upkeep-"));
  folders.push(base);
  const paths = trunkPaths(base);
  mkdirSync(paths.folder, { recursive: true });
  writeFileSync(paths.binlog, "");
  const parameters = parseTrunkParameters((key) => ({ trunk_file_size: String(FILE_SIZE), ...settings })[key]);
  const rules = {
    slotMinSize: parameters.slotMinSize,
    slotMaxSize: parameters.slotMaxSize,
    alignmentSize: 0,
    trunkFileSize: FILE_SIZE,
    mergesFree: parameters.freeSpaceMerge,
  };
  const setup = SharedTrunkSpace.create(rules, 10_000);
  const space = new SharedTrunkSpace(setup, 1);
  const journal = new TrunkJournalFile(space, paths.folder);
  const worker = new SharedTrunkSpace(setup, 2);
  const workerJournal = new TrunkJournalFile(worker, paths.folder);
  space.begin();
  space.ready(1);
  createTrunkFile(trunkFilePath(base, place), FILE_SIZE);
  space.exclusively((map) => map.addFile(place, FILE_SIZE));
  const flag = new InitFlagFile(base, firstInitFlag(1, 23000, 1), undefined);
  const events: string[] = [];
  const log = new Proxy({} as Logger, {
    get: (_, level) => (text: string) => void events.push(`${String(level)}: ${text}`),
  });
  const scoreboard = new Scoreboard();
  const upkeep = new Upkeep(
    {
      ...{ space, journal, paths, parameters, flag, scoreboard, log, pause },
      storePaths: [base],
      upSince: 0,
      replaced: () => void events.push("replaced"),
      failed: (reason) => void events.push(`failed: ${reason}`),
    },
    NOW,
  );
  const take = (size = 1000): TrunkInfo => {
    const found = worker.allocate(0, size);
    if (typeof found === "string") throw new Error(found);
    return found.block;
  };
  const flush = (): void => workerJournal.flush();
  /** What a storage that starts now would take for free. */
  const reloaded = async (): Promise<TrunkInfo[]> => {
    const other = new SharedTrunkSpace(SharedTrunkSpace.create(rules, 10_000), 1);
    other.begin();
    const isQuarantined = false;
    await loadMap({ space: other, paths, storePaths: [base], parameters, isQuarantined, log, pause: async () => {} });
    return other.exclusively((map) => map.blocks());
  };
  const free = (): TrunkInfo[] => space.exclusively((map) => map.blocks());
  return { base, paths, space, worker, upkeep, flag, events, take, flush, reloaded, free };
}

test("a snapshot and what is logged after it say what is free", async () => {
  const { upkeep, paths, take, worker, flush, reloaded, free } = setUp();
  const blocks = [take(), take(), take()];
  upkeep.snapshot(NOW);
  const written = readFileSync(paths.snapshot, "utf8");
  expect(written.split("\n")[0]).toBe(String(readFileSync(paths.binlog).length));
  worker.release(blocks[1]!);
  take(500);
  flush();
  expect(await reloaded()).toEqual(free());
  // Nothing new: the file stays as it is.
  upkeep.snapshot(NOW + 1);
  expect(readFileSync(paths.snapshot, "utf8")).not.toBe(written);
  const second = readFileSync(paths.snapshot, "utf8");
  upkeep.snapshot(NOW + 2);
  expect(readFileSync(paths.snapshot, "utf8")).toBe(second);
});

test("a snapshot of a longer binlog than there is counts, and is replaced before lines can hide behind it", async () => {
  const { upkeep, paths, take, worker, flush, reloaded, free } = setUp();
  const block = take();
  take();
  upkeep.snapshot(NOW);
  const whole = readFileSync(paths.binlog);
  writeFileSync(paths.binlog, whole.subarray(0, whole.indexOf(10) + 1));
  expect(await reloaded()).toEqual(free());
  upkeep.snapshot(NOW + 1);
  worker.release(block);
  flush();
  expect(await reloaded()).toEqual(free());
});

test("a compaction while slots are handed out loses nothing", async () => {
  let meanwhile = (): void => {};
  const { upkeep, paths, take, worker, flush, reloaded, free, flag, events } = setUp({}, async () => meanwhile());
  for (let round = 0; round < 200; round++) {
    const block = take();
    if (round % 3 !== 0) worker.release(block);
  }
  flush();
  const before = readFileSync(paths.binlog).length;
  const held: TrunkInfo[] = [];
  meanwhile = () => {
    held.push(take(700), take(300));
    worker.release(held.shift()!);
    flush();
  };
  expect(await upkeep.compact(NOW)).toBe(true);
  meanwhile();
  expect(readFileSync(paths.binlog).length).toBeLessThan(before);
  expect(await reloaded()).toEqual(free());
  expect(flag.value).toMatchObject({ trunkBinlogCompressStage: Stage.FINISHED, trunkLastCompressTime: NOW });
  expect(events[0]).toBe("replaced");
  for (const path of [paths.snapshot, paths.snapshotRollback, paths.binlogRollback, paths.binlogTemporary]) {
    expect(existsSync(path)).toBe(false);
  }
  // All threads write the new file.
  take();
  flush();
  expect(await reloaded()).toEqual(free());
});

test("nothing was logged since: there is nothing to compact", async () => {
  const { upkeep } = setUp();
  expect(await upkeep.compact(NOW)).toBe(true);
  expect(await upkeep.compact(NOW + 1)).toBe(false);
});

test("who has just started does not compact", async () => {
  const { upkeep } = setUp();
  expect(await upkeep.compact(500)).toBe(false);
});

test("a compaction that fails is taken back", async () => {
  const { upkeep, paths, take, flush, reloaded, free, flag, events } = setUp();
  take();
  flush();
  // The snapshot cannot be written where a folder is.
  mkdirSync(`${paths.snapshot}.tmp`);
  const before = readFileSync(paths.binlog, "utf8");
  expect(await upkeep.compact(NOW)).toBe(false);
  expect(readFileSync(paths.binlog, "utf8")).toBe(before);
  expect(flag.value.trunkBinlogCompressStage).toBe(Stage.FINISHED);
  expect(events.some((text) => text.startsWith("error: Cannot compact"))).toBe(true);
  expect(events.at(-1)).toBe("replaced");
  take();
  flush();
  expect(await reloaded()).toEqual(free());
});

test("a compaction takes a snapshot's place when so long has passed", async () => {
  const { upkeep, paths, flag } = setUp({ trunk_compress_binlog_min_interval: "100" });
  await upkeep.save(NOW);
  expect(flag.value.trunkLastCompressTime).toBe(NOW);
  expect(existsSync(paths.snapshot)).toBe(false);
  await upkeep.save(NOW + 50);
  expect(existsSync(paths.snapshot)).toBe(true);
});

test("a trunk file that holds nothing goes, a young one and one in use stay", () => {
  const { upkeep, take, worker, base, free } = setUp({
    trunk_free_space_merge: "1",
    delete_unused_trunk_files: "1",
  });
  const path = trunkFilePath(base, place);
  const block = take();
  utimesSync(path, NOW - 1000, NOW - 1000);
  upkeep.snapshot(NOW);
  expect(existsSync(path)).toBe(true);
  worker.release(block);
  utimesSync(path, NOW - 10, NOW - 10);
  upkeep.snapshot(NOW);
  expect(existsSync(path)).toBe(true);
  utimesSync(path, NOW - 100, NOW - 100);
  worker.release(take(500));
  upkeep.snapshot(NOW);
  expect(existsSync(path)).toBe(false);
  expect(free()).toEqual([]);
  expect(worker.allocate(0, 500)).toBe("no-space");
});
