// Every kind of finding from trunk files made by hand, and what keeps the audit from false ones.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Intents, intentsPath } from "../../../../../../core/storage/binlog/intents.ts";
import { Op } from "../../../../../../core/storage/binlog/record.ts";
import { classOf, countsOf, GOLDEN_NAME, GOLDEN_SLOT, StorageFolder, TRUNK_FILE_SIZE } from "./storage-folder.ts";

let storage: StorageFolder;
/** Three files from 0 to 1280, free space behind them. */
let names: string[];

beforeEach(() => {
  storage = new StorageFolder();
  storage.write(GOLDEN_SLOT, 0);
  storage.record("C", GOLDEN_NAME);
  names = [GOLDEN_NAME, storage.store(256, 512, "second file"), storage.store(768, 512, "F".repeat(488))];
  storage.space("A", 0, TRUNK_FILE_SIZE);
  storage.space("D", 0, TRUNK_FILE_SIZE);
  storage.space("A", 1280, TRUNK_FILE_SIZE - 1280);
});
afterEach(() => storage.remove());

describe("nothing is found", () => {
  test("in files as C and we write them", async () => {
    const report = await storage.check();
    expect(report.classes).toEqual([]);
    expect(report.totals).toEqual({
      ...{ trunkFiles: 1, bytes: TRUNK_FILE_SIZE, slots: 3, usedBytes: 1280 },
      ...{ freeBlocks: 1, freeBytes: TRUNK_FILE_SIZE - 1280, liveNames: 3, strays: 0, pending: 0, sliverBytes: 0 },
    });
  });

  test("where there are no trunk files", async () => {
    storage.remove();
    const { classes, totals, hasBinlog } = await storage.check();
    expect({ classes, trunkFiles: totals.trunkFiles, hasBinlog }).toEqual({
      classes: [],
      trunkFiles: 0,
      hasBinlog: false,
    });
  });

  test("when a link, an empty file and one that ends with the trunk file are in it", async () => {
    const link = storage.put(1280, 256, GOLDEN_NAME, { isLink: true });
    storage.record("L", `${link} ${GOLDEN_NAME}`);
    storage.store(1536, 256, "");
    storage.store(TRUNK_FILE_SIZE - 512, 512, "x".repeat(488));
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1792, TRUNK_FILE_SIZE - 512 - 1792);
    expect(countsOf(await storage.check())).toEqual({});
  });

  test("when a replica's records and a deletion come in small letters", async () => {
    storage.record("d", names[1]!);
    storage.zero(256, 512);
    storage.space("A", 256, 512);
    storage.record("c", storage.put(1280, 256, "from elsewhere"));
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1536, TRUNK_FILE_SIZE - 1536);
    expect(countsOf(await storage.check())).toEqual({});
  });

  test("when records of other files stand between, and broken ones", async () => {
    appendFileSync(storage.dataBinlog, "1 C M00/00/00/short\n\nno record\n1795233048 L  M00/00/00/x\n");
    storage.record("C", `${names[0]!.slice(0, -4)}_big.txt`);
    storage.record("U", names[1]!);
    appendFileSync(storage.dataBinlog, `1795233048 D ${names[1]}`);
    expect(countsOf(await storage.check())).toEqual({});
  });

  test("in a trunk file that has no block on the disk and is free as a whole", async () => {
    storage.makeTrunkFile(2);
    storage.space("A", 0, TRUNK_FILE_SIZE, 2);
    expect(countsOf(await storage.check())).toEqual({});
  });
});

describe("every kind of finding", () => {
  test("a slot in free space", async () => {
    storage.store(4096, 256, "somewhere");
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ "used-free": 1 });
    expect(classOf(report, "used-free")).toMatchObject({ severity: "problem", bytes: 256 });
    expect(classOf(report, "used-free").examples[0]).toMatchObject({ offset: 4096, size: 256 });
  });

  test("the same is a notice where the map is a copy", async () => {
    storage.store(4096, 256, "somewhere");
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    const report = await storage.check({ owner: "elsewhere" });
    expect(report.classes.map(({ kind, severity }) => [kind, severity])).toEqual([["lost", "notice"]]);
    expect((await storage.check({ owner: "unknown" })).classes.map(({ severity }) => severity)).toEqual(["problem"]);
  });

  test("space that is neither free nor in use", async () => {
    storage.zero(256, 512);
    storage.record("D", names[1]!);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ lost: 1 });
    expect(classOf(report, "lost").examples[0]).toMatchObject({ offset: 256, size: 512 });
  });

  test("lost pieces smaller than a slot are only counted", async () => {
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1380, TRUNK_FILE_SIZE - 1380);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({});
    expect(report.totals.sliverBytes).toBe(100);
  });

  test("a live name without its slot", async () => {
    storage.zero(256, 512);
    const { examples } = classOf(await storage.check(), "missing");
    expect(examples[0]).toMatchObject({ name: names[1]!, detail: "its place is empty" });
    expect(countsOf(await storage.check())).toEqual({ missing: 1 });
  });

  test("a live name whose trunk file is gone", async () => {
    unlinkSync(storage.trunkPath());
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ missing: 3 });
    expect(classOf(report, "missing").examples[0]!.detail).toBe("there is no such trunk file");
  });

  test("a live name whose header is gone while its bytes are there", async () => {
    storage.zero(256, 24);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ missing: 1, junk: 1 });
    expect(classOf(report, "missing").examples[0]!.detail).toBe("its header is gone, bytes are still there");
  });

  test("a live name whose slot another file has", async () => {
    storage.record("D", names[2]!);
    const late = storage.put(768, 512, "another");
    storage.record("C", late);
    storage.record("C", names[2]!);
    const report = await storage.check();
    expect(classOf(report, "missing").examples[0]).toMatchObject({
      name: names[2]!,
      detail: "another file is in its place",
    });
  });

  test("a file whose slot was taken lies beside: no finding", async () => {
    const late = storage.put(256, 512, "another");
    storage.record("C", late);
    writeFileSync(join(storage.basePath, "data", names[1]!.slice(4)), "second file");
    const report = await storage.check();
    expect(countsOf(report)).toEqual({});
    expect(report.totals.strays).toBe(1);
  });

  test("a file that the binlog says was deleted", async () => {
    storage.record("D", names[1]!);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ deleted: 1 });
    expect(classOf(report, "deleted")).toMatchObject({ severity: "problem", bytes: 512 });
  });

  test("a file that the binlog does not name", async () => {
    storage.put(1280, 256, "nobody recorded me");
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1536, TRUNK_FILE_SIZE - 1536);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ unrecorded: 1 });
    expect(classOf(report, "unrecorded").severity).toBe("notice");
  });

  test("content that is not what its header says", async () => {
    storage.write("S", 256 + 24);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ damaged: 1 });
    expect(classOf(report, "damaged").examples[0]!.name).toBe(names[1]!);
  });

  test("a link that leads to no name", async () => {
    const link = storage.put(1280, 256, "not a name", { isLink: true });
    storage.record("L", `${link} ${GOLDEN_NAME}`);
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1536, TRUNK_FILE_SIZE - 1536);
    expect(countsOf(await storage.check())).toEqual({ damaged: 1 });
  });

  test("bytes that are no file, in stretches", async () => {
    storage.write("leftover", 5000);
    storage.write("more of it", 5100);
    storage.write("far away", 9000);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ junk: 2 });
    expect(classOf(report, "junk").examples.map(({ offset, size }) => [offset, size])).toEqual([
      [5000, 110],
      [9000, 8],
    ]);
  });

  test("what lies behind junk is found again", async () => {
    storage.write("leftover", 1300);
    storage.store(1400, 256, "behind the junk");
    const damaged = storage.put(1700, 256, "damaged, but a live name says where it is");
    storage.record("C", damaged);
    storage.write("D", 1700 + 24);
    storage.write("more junk", 1690);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ "used-free": 2, damaged: 1, junk: 2 });
  });

  test("two files over each other, by their names", async () => {
    const over = storage.put(400, 512, "written by another trunk server");
    storage.record("C", over);
    const report = await storage.check();
    const { overlap, damaged } = countsOf(report);
    expect(overlap).toBe(2);
    expect(damaged).toBeUndefined();
    expect(classOf(report, "overlap").examples[0]).toMatchObject({ name: over, detail: `with ${names[1]}`, size: 368 });
  });

  test("two files over each other, without a name for one", async () => {
    storage.put(800, 256, "written by another trunk server");
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ overlap: 1, damaged: 1, unrecorded: 1 });
  });

  test("a trunk file that cannot be read; the others are", async () => {
    mkdirSync(storage.trunkPath(2));
    storage.store(4096, 256, "in free space");
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ unreadable: 1, "used-free": 1 });
    expect(classOf(report, "unreadable").examples[0]!.detail).toContain("EISDIR");
  });

  test("a trunk file that ends early", async () => {
    truncateSync(storage.trunkPath(), 1000);
    const report = await storage.check();
    expect(countsOf(report)).toMatchObject({ missing: 1 });
    expect(classOf(report, "missing").examples[0]!.detail).toBe("the trunk file ends before it");
  });
});

describe("the data binlog", () => {
  test("packed files are read, and not changed", async () => {
    const packed = `${storage.dataBinlog}.gz`;
    writeFileSync(packed, gzipSync(readFileSync(storage.dataBinlog)));
    unlinkSync(storage.dataBinlog);
    writeFileSync(join(storage.basePath, "data/sync/binlog_index.dat"), "current_write=1\ncurrent_compress=1\n");
    writeFileSync(join(storage.basePath, "data/sync/binlog.001"), `1795233048 D ${names[1]}\n`);
    const before = readFileSync(packed);
    expect(countsOf(await storage.check())).toEqual({ deleted: 1 });
    expect(readFileSync(packed).equals(before)).toBe(true);
  });

  test("of files that are gone nothing is concluded", async () => {
    unlinkSync(storage.dataBinlog);
    writeFileSync(join(storage.basePath, "data/sync/binlog_index.dat"), "current_write=1\ncurrent_compress=0\n");
    writeFileSync(join(storage.basePath, "data/sync/binlog.001"), `1795233048 D ${names[1]}\n`);
    const report = await storage.check();
    expect(countsOf(report)).toEqual({ deleted: 1 });
    expect(report.missingBinlogs).toEqual([0]);
  });

  test("a packed file that is broken ends the audit", async () => {
    writeFileSync(`${storage.dataBinlog}.gz`, "not packed at all");
    unlinkSync(storage.dataBinlog);
    expect(storage.check()).rejects.toThrow(`Cannot read the data binlog ${storage.dataBinlog}.gz: `);
  });

  test("is read in parts when it has many names", async () => {
    for (const trunkFileId of [2, 3, 4]) {
      storage.makeTrunkFile(trunkFileId);
      for (let index = 0; index < 20; index++) {
        storage.record("C", storage.put(index * 256, 256, `file ${index}`, { trunkFileId }));
      }
      storage.space("A", 20 * 256, TRUNK_FILE_SIZE - 20 * 256, trunkFileId);
    }
    storage.zero(512, 256, 3);
    for (const namesMax of [1, 25, 1000]) {
      const report = await storage.check({ namesMax });
      expect([countsOf(report), report.totals.liveNames]).toEqual([{ missing: 1 }, 63]);
    }
  });

  test("changes under way when the storage was killed are its next start's business", async () => {
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1536, TRUNK_FILE_SIZE - 1536);
    const name = storage.put(1280, 256, "not recorded yet");
    const intents = new Intents(join(storage.basePath, "data/sync"), 0);
    intents.note(Op.CREATE, name);
    intents.note(Op.DELETE, names[1]!);
    storage.zero(256, 24);
    storage.zero(256, 512);
    const report = await storage.check();
    intents.close();
    expect(countsOf(report)).toEqual({});
    expect(report.totals.pending).toBe(2);
    rmSync(intentsPath(join(storage.basePath, "data/sync"), 0));
    expect(countsOf(await storage.check())).toEqual({ missing: 1, unrecorded: 1 });
  });
});

describe("the map", () => {
  test("is the snapshot and what the trunk binlog has behind it", async () => {
    const { length } = readFileSync(storage.trunkBinlog);
    writeFileSync(storage.snapshot, `${length}\n1795233444 A 0 0 0 1 1280 ${TRUNK_FILE_SIZE - 1280}\n`);
    storage.store(1280, 256, "behind the snapshot");
    storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
    storage.space("A", 1536, TRUNK_FILE_SIZE - 1536);
    const report = await storage.check();
    expect([countsOf(report), report.map.hasSnapshot, report.map.counts.lines]).toEqual([{}, true, 2]);
  });

  test("a line without end is left out and told", async () => {
    appendFileSync(storage.trunkBinlog, "1795233048 D 0 0 0 1 12");
    const report = await storage.check();
    expect([countsOf(report), report.map.tornBytes]).toEqual([{}, 23]);
  });

  test("is not judged in the midst of a compaction", async () => {
    writeFileSync(join(storage.basePath, "data/.data_init_flag"), "trunk_binlog_compress_stage=2\n");
    writeFileSync(storage.trunkBinlog, "");
    const report = await storage.check();
    expect([countsOf(report), report.map.isInCompaction]).toEqual([{}, true]);
  });

  test("a line of a store path that is not here ends the audit", async () => {
    appendFileSync(storage.trunkBinlog, "1795233048 A 3 0 0 1 0 256\n");
    expect(storage.check()).rejects.toThrow("speaks of store path 3");
  });
});

describe("a storage that runs", () => {
  test("is looked at again: what passes by is not told", async () => {
    storage.put(1280, 256, "its records are on their way");
    const late = storage.put(1280, 256, "its records are on their way");
    storage.zero(256, 512);
    const report = await storage.check({
      isStopped: false,
      async settle() {
        storage.record("C", late);
        storage.space("D", 1280, TRUNK_FILE_SIZE - 1280);
        storage.space("A", 1536, TRUNK_FILE_SIZE - 1536);
      },
    });
    expect(countsOf(report)).toEqual({ missing: 1 });
    expect(report.passedBy).toBe(2);
  });

  test("another file in the same suspicious place is not the same finding", async () => {
    storage.store(4096, 256, "first");
    const report = await storage.check({
      isStopped: false,
      async settle() {
        storage.put(4096, 256, "second");
      },
    });
    expect(countsOf(report)["used-free"]).toBeUndefined();
  });
});
