// The walk through a trunk file: every slot is found, and runs of zeros inside a file are not taken for free space.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import { carveUsed, carveUsedIn } from "../../../../../core/storage/trunk/carve-used.ts";
import { SharedTrunkSpace } from "../../../../../core/storage/trunk/shared-space.ts";
import { SlotFiles } from "../../../../../core/storage/trunk/slot-files.ts";
import { putSlotHeader, SlotType } from "../../../../../core/storage/trunk/slot-header.ts";
import { type UsedRange, usedRanges } from "../../../../../core/storage/trunk/used-ranges.ts";

const SIZE = 1_048_576;
const PLACE = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1 };

function put(bytes: Uint8Array, offset: number, allocatedSize: number, fileSize: number): void {
  const header = { type: SlotType.FILE, allocatedSize, fileSize, crc32: 1, modifiedAt: 2, tail: "962.txt" };
  putSlotHeader(bytes, offset, header);
}

const walk = (bytes: Uint8Array): UsedRange[] =>
  [...usedRanges(bytes.length, (offset, length) => bytes.subarray(offset, offset + length))].filter(
    (range) => range !== null,
  );

test("slots beside each other, with gaps, with zeros inside and at the end", () => {
  const bytes = new Uint8Array(SIZE);
  put(bytes, 0, 256, 12);
  put(bytes, 256, 300_000, 299_000);
  put(bytes, 700_001, 1024, 1000);
  put(bytes, SIZE - 256, 256, 0);
  expect(walk(bytes)).toEqual([
    { offset: 0, size: 256 },
    { offset: 256, size: 300_000 },
    { offset: 700_001, size: 1024 },
    { offset: SIZE - 256, size: 256 },
  ]);
  expect(walk(new Uint8Array(SIZE))).toEqual([]);
});

test("behind what is neither header nor zero all counts as used", () => {
  const bytes = new Uint8Array(SIZE);
  put(bytes, 0, 256, 12);
  bytes[1000] = 7;
  put(bytes, 4096, 256, 12);
  expect(walk(bytes)).toEqual([
    { offset: 0, size: 256 },
    { offset: 1000, size: SIZE - 1000 },
  ]);
  const liar = new Uint8Array(SIZE);
  put(liar, 512, 256, 400);
  expect(walk(liar)).toEqual([{ offset: 512, size: SIZE - 512 }]);
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-used-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("what is in use on the disk leaves a map that is in quarantine", async () => {
  const bytes = new Uint8Array(SIZE);
  put(bytes, 512, 1024, 1000);
  writeFileSync(join(folder, "1"), bytes);
  const rules = { slotMinSize: 256, slotMaxSize: 65_536, alignmentSize: 0, trunkFileSize: SIZE, mergesFree: false };
  const space = new SharedTrunkSpace(SharedTrunkSpace.create(rules, 1000), 1);
  space.begin();
  // An old map believes all of it free, and knows of a file that never came here.
  space.exclusively((map) =>
    [1, 2].map((trunkFileId) => map.insert({ ...PLACE, trunkFileId, offset: 0, size: SIZE }, true)),
  );
  space.ready(1);
  const carved = await carveUsed({
    space,
    slots: null,
    pathOf: ({ trunkFileId }) => join(folder, String(trunkFileId)),
    pause: () => Promise.resolve(),
  });
  expect(carved).toEqual({ carved: 1024, found: 0 });
  const slot = { ...PLACE, offset: 512, size: 1024 };
  expect(carveUsedIn(space, slot, join(folder, "1"))).toBe(0);
  space.release(slot);
  // What is in use elsewhere in the file is not judged.
  expect(carveUsedIn(space, { ...PLACE, offset: 256, size: 256 }, join(folder, "1"))).toBe(0);
  expect(carveUsedIn(space, { ...PLACE, offset: 256, size: 512 }, join(folder, "1"))).toBe(256);
  expect(carveUsedIn(space, { ...PLACE, offset: 0, size: SIZE }, join(folder, "1"))).toBe(768);
  expect(carveUsedIn(space, slot, join(folder, "missing"))).toBe(0);
  expect(space.exclusively((map) => map.blocks()).map(({ offset, size }) => [offset, size])).toEqual([
    [0, 512],
    [1536, SIZE - 1536],
    [0, SIZE],
  ]);
});

test("what is free on the disk and was forgotten becomes free, in inherited files only", async () => {
  const bytes = new Uint8Array(SIZE);
  put(bytes, 512, 1024, 1000);
  put(bytes, 8192, 4096, 4000);
  const paths = [1, 2].map((id) => join(folder, `data/00/00/00000${id}`));
  mkdirSync(join(folder, "data/00/00"), { recursive: true });
  for (const path of paths) writeFileSync(path, bytes);
  const rules = { slotMinSize: 256, slotMaxSize: 65_536, alignmentSize: 0, trunkFileSize: SIZE, mergesFree: false };
  const space = new SharedTrunkSpace(SharedTrunkSpace.create(rules, 1000), 1);
  space.begin();
  space.exclusively((map) => {
    map.insert({ ...PLACE, offset: 2048, size: 1024 }, true);
    map.insert({ ...PLACE, trunkFileId: 2, offset: 2048, size: 1024 }, false);
  });
  space.ready(1);
  const slots = new SlotFiles(new Scoreboard(), [folder]);
  const pathOf = ({ trunkFileId }: { trunkFileId: number }) => paths[trunkFileId - 1]!;
  const found = await carveUsed({ space, slots, pathOf, pause: () => Promise.resolve() });
  slots.close();
  expect(found).toEqual({ carved: 0, found: SIZE - 1024 - 4096 - 1024 });
  expect(
    space.exclusively((map) => map.blocks()).map(({ trunkFileId, offset, size }) => [trunkFileId, offset, size]),
  ).toEqual([
    [1, 0, 512],
    [1, 1536, 512],
    [1, 2048, 1024],
    [1, 3072, 8192 - 3072],
    [1, 12_288, SIZE - 12_288],
    [2, 2048, 1024],
  ]);
});
