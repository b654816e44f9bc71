// Slots of files that are known to be deleted, in trunk files that came back with them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { clearDeletedSlots } from "../../../../../core/storage/recovery/deleted-slots.ts";
import { namedSlotOf, putSlotHeader, SlotType } from "../../../../../core/storage/trunk/slot-header.ts";
import { Disk } from "./folder.ts";
import { nameOf, TRUNK_1_AT_0, TRUNK_1_AT_256, TRUNK_2_AT_0, trunkNameOf } from "./names.ts";

const TRUNK_FILE = "M00/00/00/000001";
let disk: Disk;
beforeAll(() => {
  disk = new Disk();
  const bytes = Buffer.alloc(1024, 1);
  for (const name of [TRUNK_1_AT_0, TRUNK_1_AT_256]) {
    const { offset, size, fileSize, crc32, modifiedAt, tail } = namedSlotOf(name.slice(4))!;
    putSlotHeader(bytes, offset, { type: SlotType.FILE, allocatedSize: size, fileSize, crc32, modifiedAt, tail });
  }
  disk.put(TRUNK_FILE, bytes);
});
afterAll(() => disk.remove());

test("only what is deleted, and only where its header stands", () => {
  const before = readFileSync(disk.pathOf(TRUNK_FILE));
  // Of an ordinary file, another path, a file that is not there, and a slot that has another file now.
  const others = [nameOf(1), "short", TRUNK_2_AT_0, trunkNameOf(2, 77, 0), trunkNameOf(2, 1, 256)];
  expect(clearDeletedSlots(others, 0, disk.storePaths[0]!)).toBe(0);
  expect(readFileSync(disk.pathOf(TRUNK_FILE)).equals(before)).toBeTrue();
  expect(clearDeletedSlots([TRUNK_1_AT_256, ...others], 0, disk.storePaths[0]!)).toBe(1);
  const after = readFileSync(disk.pathOf(TRUNK_FILE));
  expect(after.subarray(256, 512).every((byte) => byte === 0)).toBeTrue();
  expect(Buffer.concat([after.subarray(0, 256), after.subarray(512)])).toEqual(
    Buffer.concat([before.subarray(0, 256), before.subarray(512)]),
  );
});
