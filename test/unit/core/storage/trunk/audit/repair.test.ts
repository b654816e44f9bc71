// The repair of free space: the lines it writes make every replay tell the space that nobody uses, and files stay untouched.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { correctionsOf } from "../../../../../../core/storage/trunk/audit/corrections.ts";
import { byOffset, endOf, type Range, without } from "../../../../../../core/storage/trunk/audit/ranges.ts";
import { carryOut, planRepair } from "../../../../../../core/storage/trunk/audit/repair.ts";
import { KeyedBlocks } from "../../../../../../core/storage/trunk/keyed-blocks.ts";
import { countsOf, StorageFolder, TRUNK_FILE_SIZE } from "./storage-folder.ts";

const NOW = new Date(2026, 10, 21, 18, 5, 9);
let storage: StorageFolder;
let names: string[];

beforeEach(() => {
  storage = new StorageFolder();
  names = [storage.store(0, 256, "first"), storage.store(256, 512, "second"), storage.store(768, 512, "third")];
  storage.space("A", 0, TRUNK_FILE_SIZE);
  storage.space("D", 0, TRUNK_FILE_SIZE);
  storage.space("A", 1280, TRUNK_FILE_SIZE - 1280);
});
afterEach(() => storage.remove());

async function repair(): Promise<string | null> {
  return carryOut(await planRepair(storage.options()), storage.basePath, NOW, undefined);
}

const readsAsBefore = (trunkFile: Buffer): boolean => readFileSync(storage.trunkPath()).equals(trunkFile);

test("nothing is planned for what is in order", async () => {
  expect(await planRepair(storage.options())).toEqual({
    ...{ corrections: [], junk: [], keptJunkBytes: 0, tornBytes: 0 },
    binlogSize: readFileSync(storage.trunkBinlog).length,
  });
});

test("used space stops being free, lost space becomes free, the binlog as it was is kept", async () => {
  storage.store(4096, 256, "in free space");
  storage.store(5000, 300, "another in the same block");
  storage.zero(256, 512);
  storage.record("D", names[1]!);
  const before = readFileSync(storage.trunkBinlog, "latin1");
  const trunkFile = readFileSync(storage.trunkPath());
  expect(countsOf(await storage.check())).toEqual({ "used-free": 2, lost: 1 });
  const kept = await repair();
  expect(basename(kept!)).toBe("binlog.20261121180509.before-repair");
  expect(readFileSync(kept!, "latin1")).toBe(before);
  const seconds = NOW.getTime() / 1000;
  expect(readFileSync(storage.trunkBinlog, "latin1").slice(before.length)).toBe(
    [
      `${seconds} D 0 0 0 1 1280 ${TRUNK_FILE_SIZE - 1280}`,
      `${seconds} A 0 0 0 1 256 512`,
      `${seconds} A 0 0 0 1 1280 ${4096 - 1280}`,
      `${seconds} A 0 0 0 1 4352 648`,
      `${seconds} A 0 0 0 1 5300 ${TRUNK_FILE_SIZE - 5300}`,
      "",
    ].join("\n"),
  );
  expect(countsOf(await storage.check())).toEqual({});
  expect(readsAsBefore(trunkFile)).toBe(true);
});

test("a snapshot goes, and what the lines alone say is what is mended", async () => {
  // An unlogged merge: the snapshot knows one block, the lines know two, and a later deletion by offset hits one of them.
  storage.zero(256, 1024);
  storage.record("D", names[1]!);
  storage.record("D", names[2]!);
  storage.space("A", 256, 512);
  storage.space("A", 768, 512);
  writeFileSync(
    storage.snapshot,
    `${readFileSync(storage.trunkBinlog).length}\n1795233444 A 0 0 0 1 256 ${TRUNK_FILE_SIZE - 256}\n`,
  );
  storage.store(256, 1024, "in the merged block");
  storage.space("D", 256, TRUNK_FILE_SIZE - 256);
  storage.space("A", 1280, TRUNK_FILE_SIZE - 1280);
  expect(countsOf(await storage.check())).toEqual({});
  await repair();
  expect(existsSync(storage.snapshot)).toBe(false);
  expect(countsOf(await storage.check())).toEqual({});
});

test("blocks that are free twice become one", async () => {
  storage.space("A", 2000, 5000);
  expect((await storage.check()).map.counts.overlapping).toBe(1);
  await repair();
  const report = await storage.check();
  expect([countsOf(report), report.map.counts.overlapping]).toEqual([{}, 0]);
});

test("the place of a file that is missing does not become free", async () => {
  storage.zero(256, 512);
  expect((await planRepair(storage.options())).corrections).toEqual([]);
  storage.space("A", 256, 512);
  await repair();
  expect(countsOf(await storage.check())).toEqual({ missing: 1 });
});

test("junk is filled with zeros, but not in the place of a file", async () => {
  storage.write("leftover", 5000);
  storage.zero(256, 24);
  await repair();
  expect(countsOf(await storage.check())).toEqual({ missing: 1, junk: 1 });
  expect(readFileSync(storage.trunkPath()).toString("latin1", 280, 286)).toBe("second");
});

test("junk stays where the data binlog does not tell of all files, and its space is not free", async () => {
  storage.write("may be a file", 5000);
  unlinkSync(storage.dataBinlog);
  const plan = await planRepair(storage.options());
  expect([plan.junk, plan.keptJunkBytes]).toEqual([[], 13]);
  carryOut(plan, storage.basePath, NOW, undefined);
  expect(readFileSync(storage.trunkPath()).toString("latin1", 5000, 5013)).toBe("may be a file");
  expect(readFileSync(storage.trunkBinlog, "latin1")).toContain(`A 0 0 0 1 5013 ${TRUNK_FILE_SIZE - 5013}\n`);
});

test("a line without end is cut off", async () => {
  appendFileSync(storage.trunkBinlog, "1795233048 D 0 0");
  storage.store(4096, 256, "in free space");
  await repair();
  const report = await storage.check();
  expect([countsOf(report), report.map.tornBytes, report.map.counts.skipped]).toEqual([{}, 0, 0]);
});

test("a storage without a trunk binlog gets one", async () => {
  unlinkSync(storage.trunkBinlog);
  expect(await repair()).toBeNull();
  expect(countsOf(await storage.check())).toEqual({});
  expect(readdirSync(join(storage.basePath, "data/trunk"))).toEqual(["binlog"]);
});

test("nothing is planned in the midst of a compaction", async () => {
  writeFileSync(join(storage.basePath, "data/.data_init_flag"), "trunk_binlog_compress_stage=4\n");
  expect(planRepair(storage.options())).rejects.toThrow("a compaction of the trunk binlog was cut off");
});

test("property: the lines of any binlog with the corrections tell exactly what nobody uses", () => {
  const SIZE = 10_000;
  const range = fc.record({ offset: fc.integer({ min: 0, max: SIZE - 1 }), size: fc.integer({ min: 1, max: 900 }) });
  const inside = range.map(({ offset, size }): Range => ({ offset, size: Math.min(size, SIZE - offset) }));
  const place = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 7 };
  fc.assert(
    fc.property(fc.array(inside), fc.array(inside), (lines, taken) => {
      const keyed = new KeyedBlocks();
      for (const one of lines) keyed.add({ ...place, ...one });
      const logged = [...keyed.blocks()];
      for (const { op, block } of correctionsOf({ place, size: SIZE, logged, taken, slotMinSize: 1 })) {
        expect(op === "A" ? keyed.add(block) : keyed.delete(block)).toBe(true);
      }
      const free = [...keyed.blocks()].sort(byOffset);
      const joined: { offset: number; size: number }[] = [];
      for (const { offset, size } of free) {
        const last = joined.at(-1);
        expect(last === undefined || endOf(last) <= offset).toBe(true);
        if (last !== undefined && endOf(last) === offset) last.size += size;
        else joined.push({ offset, size });
      }
      expect(joined).toEqual(without({ offset: 0, size: SIZE }, taken));
    }),
  );
});
