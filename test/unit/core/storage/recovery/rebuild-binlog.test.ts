// A binlog written anew from the disk: what others have, what they may lack, and what they wait for.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { type StorageSettings, storageDefaults } from "../../../../../conf/index.ts";
import { trunkSlotOf } from "../../../../../core/fileid/trunk-slot.ts";
import { freePort } from "../../../../../core/net/free-port.ts";
import { rebuildBinlog } from "../../../../../core/storage/recovery/rebuild-binlog.ts";
import { RecoveryFiles } from "../../../../../core/storage/recovery/recovery-files.ts";
import { slotsOf } from "../../../../../core/storage/recovery/trunk-walk.ts";
import { formatMark, parseMark } from "../../../../../core/storage/replication/mark.ts";
import { namedSlotOf, putSlotHeader, SlotType } from "../../../../../core/storage/trunk/slot-header.ts";
import { writeFiles } from "../binlog/folder.ts";
import { Disk } from "./folder.ts";
import { nameOf, TIME, TRUNK_1_AT_0, TRUNK_1_AT_256, trunkNameOf } from "./names.ts";

const HOST = "127.0.92.61";
const NOW = new Date("2026-11-21T18:30:00Z");
let disk: Disk;
let settings: StorageSettings;
const sync = (): string => join(disk.folder, "data", "sync");
const binlog = (): string => readFileSync(join(sync(), "binlog.000"), "latin1");
const PEER = "127.0.0.9_23000.mark";
const mark = (position: { index: number; offset: number }, needsOld = false): void =>
  writeFileSync(
    join(sync(), PEER),
    formatMark({ position, needsOld, isOldDone: false, untilTimestamp: 7, scannedRows: 8, copiedRows: 9 }),
  );
const markNow = () => parseMark(readFileSync(join(sync(), PEER), "latin1"), PEER);

beforeEach(async () => {
  disk = new Disk();
  settings = storageDefaults({
    basePath: disk.folder,
    bindAddr: HOST,
    port: await freePort(HOST),
    storePaths: disk.storePaths.map((path) => ({ path, isReadOnly: false })),
  });
});
afterEach(() => disk.remove());

const text = (...lines: string[]): string => lines.map((line) => `${line}\n`).join("");

test("without an old binlog everything on the disk is told to the others, by time", async () => {
  disk.put(nameOf(2), "x", 200);
  disk.put(`${nameOf(2)}-m`, "a\x02b", 300);
  disk.put(nameOf(1), "x", 100);
  disk.link(nameOf(3, { path: 1 }), nameOf(1));
  disk.put(`${nameOf(4)}.recovery.tmp`, "half");
  disk.put("M00/00/00/with a blank", "x");
  mark({ index: 4, offset: 5 });
  const done = await rebuildBinlog(settings, undefined, NOW);
  expect(done).toMatchObject({ confirmed: 0, unknown: 4, waiting: 0, leftOut: 1, kept: [] });
  const lines = binlog().split("\n");
  expect(lines.slice(0, 3)).toEqual([`100 C ${nameOf(1)}`, `200 C ${nameOf(2)}`, `300 C ${nameOf(2)}-m`]);
  expect(lines[3]).toMatch(new RegExp(`^\\d+ L ${nameOf(3, { path: 1 })} ${nameOf(1)}$`));
  expect(markNow()).toEqual({
    position: { index: 0, offset: 0 },
    needsOld: false,
    isOldDone: false,
    untilTimestamp: 7,
    scannedRows: 8,
    copiedRows: 9,
  });
});

test("what others have is not offered again, what they wait for stays as it was", async () => {
  const before = [
    `${TIME} C ${nameOf(1)}`,
    `${TIME} c ${nameOf(2, { host: 7 })}`,
    `${TIME} C ${nameOf(3)}`,
    `${TIME} D ${nameOf(3)}`,
    `${TIME} C ${nameOf(4)}`,
  ];
  const tail = [`${TIME + 1} D ${nameOf(4)}`, `${TIME + 2} C ${nameOf(5)}`, `${TIME + 3} A ${nameOf(1)} 0 5`];
  writeFiles(sync(), ["rubbish", ...before, ...tail]);
  mark({ index: 0, offset: text("rubbish", ...before).length });
  for (const serial of [1, 5, 6]) disk.put(nameOf(serial), "x", TIME);
  for (const serial of [2, 7]) disk.put(nameOf(serial, { host: 7 }), "x", TIME);
  const done = await rebuildBinlog(settings, undefined, NOW);
  expect(done).toMatchObject({ confirmed: 2, unknown: 2, waiting: 3, unusable: 1 });
  const confirmed = text(before[0]!, before[1]!);
  // Stored by us and by another storage, as the names say.
  const unknown = text(`${TIME} C ${nameOf(6)}`, `${TIME} c ${nameOf(7, { host: 7 })}`);
  const written = binlog();
  expect([...written.slice(0, confirmed.length).split("\n")].sort()).toEqual([...confirmed.split("\n")].sort());
  expect([...written.slice(confirmed.length, -text(...tail).length).split("\n")].sort()).toEqual(
    [...unknown.split("\n")].sort(),
  );
  expect(written.slice(-text(...tail).length)).toBe(text(...tail));
  expect(markNow().position).toEqual({ index: 0, offset: confirmed.length });
  expect(done.kept).toEqual(["binlog.000.20261121183000.old"]);
  expect(readFileSync(join(sync(), done.kept[0]!), "latin1")).toBe(text("rubbish", ...before, ...tail));
  expect(readdirSync(sync()).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a new member that is being filled gets everything again", async () => {
  writeFiles(sync(), [`${TIME} C ${nameOf(1)}`], [`${TIME} C ${nameOf(2)}`]);
  for (const serial of [1, 2]) disk.put(nameOf(serial), "x", TIME);
  mark({ index: 1, offset: 5 }, true);
  expect(await rebuildBinlog(settings, undefined, NOW)).toMatchObject({ confirmed: 2, unknown: 0, waiting: 0 });
  expect(markNow().position).toEqual({ index: 0, offset: 0 });
  expect(readFileSync(join(sync(), "binlog_index.dat"), "latin1")).toBe("current_write=0\ncurrent_compress=0\n");
  expect(existsSync(join(sync(), "binlog.001"))).toBeFalse();
});

describe("trunk files", () => {
  const stranger = trunkNameOf(4, 1, 1024);
  function trunkFile(...names: readonly string[]): Buffer {
    const bytes = Buffer.alloc(8192);
    for (const name of names) {
      const slot = namedSlotOf(name.slice(4))!;
      const { size, fileSize, crc32, modifiedAt, tail } = slot;
      putSlotHeader(bytes, slot.offset, {
        type: SlotType.FILE,
        allocatedSize: size,
        fileSize,
        crc32,
        modifiedAt,
        tail,
      });
    }
    return bytes;
  }
  test("are walked by their headers", () => {
    disk.put("M00/00/00/000001", trunkFile(TRUNK_1_AT_0, TRUNK_1_AT_256, stranger));
    const found = [...slotsOf(disk.pathOf("M00/00/00/000001"))];
    expect(found.map(({ offset, header }) => [offset, header.fileSize, header.tail])).toEqual([
      [0, 12, "962.txt"],
      [256, 1, "443.bin"],
      [1024, 12, "004.bin"],
    ]);
    expect(trunkSlotOf(stranger.slice(4))?.offset).toBe(1024);
  });
  test("names come from the old binlog where the headers agree, the others are counted", async () => {
    disk.put("M00/00/00/000001", trunkFile(TRUNK_1_AT_0, stranger));
    writeFiles(sync(), [`${TIME} C ${TRUNK_1_AT_0}`, `${TIME} C ${TRUNK_1_AT_256}`]);
    const done = await rebuildBinlog(settings, undefined, NOW);
    expect(done).toMatchObject({ confirmed: 1, unknown: 0, trunkFiles: 1, namelessSlots: 1 });
    expect(binlog()).toBe(text(`${TIME} C ${TRUNK_1_AT_0}`));
  });
});

describe("refusals", () => {
  test("a storage that answers", async () => {
    const server = net.createServer().listen(settings.port, HOST);
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(rebuildBinlog(settings, undefined, NOW)).rejects.toThrow(
      `something answers on ${HOST}:${settings.port}`,
    );
    server.close();
  });
  test("a disk that is being recovered", async () => {
    new RecoveryFiles(disk.storePaths[1]!, undefined).begin();
    await expect(rebuildBinlog(settings, undefined, NOW)).rejects.toThrow("is being recovered");
  });
});

test("again on its own result: nothing changes but the names of the old files", async () => {
  disk.put(nameOf(1), "x", TIME);
  utimesSync(disk.pathOf(nameOf(1)), TIME, TIME);
  await rebuildBinlog(settings, undefined, NOW);
  const first = binlog();
  const done = await rebuildBinlog(settings, undefined, new Date(NOW.getTime() + 1000));
  expect(binlog()).toBe(first);
  expect(done.kept).toEqual(["binlog.000.20261121183001.old"]);
});
