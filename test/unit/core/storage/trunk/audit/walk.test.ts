// The walk through a trunk file at the borders of its window, and ranges.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { endOf, type Range, RangeList, without } from "../../../../../../core/storage/trunk/audit/ranges.ts";
import type { ByteWindow } from "../../../../../../core/storage/trunk/audit/trunk-window.ts";
import { TrunkWindow } from "../../../../../../core/storage/trunk/audit/trunk-window.ts";
import { walkTrunk } from "../../../../../../core/storage/trunk/audit/walk.ts";
import { GOLDEN_SLOT, StorageFolder } from "./storage-folder.ts";

/** Gives few bytes at a time, as a window does at its end. */
function narrow(bytes: Uint8Array, most = 24): ByteWindow {
  return {
    size: bytes.length,
    bytes: (offset, length) => bytes.subarray(offset, offset + Math.min(length, most)),
  };
}

const walk = (window: ByteWindow): ReturnType<typeof walkTrunk> =>
  walkTrunk(
    window,
    () => false,
    async () => {},
  );

describe("walk", () => {
  test("reads the captured slot", async () => {
    const file = new Uint8Array(1024);
    file.set(GOLDEN_SLOT, 512);
    const { slots, junk } = await walk(narrow(file));
    expect(junk).toEqual([]);
    expect(slots).toEqual([
      {
        ...{ offset: 512, size: 256, isSound: true, isInside: false },
        header: {
          ...{ type: 0x46, allocatedSize: 256, fileSize: 12, crc32: 0xa827eaa8, modifiedAt: 0x6b011518 },
          tail: "962.txt",
        },
      },
    ]);
  });

  test("a header cut by the end of the file is junk", async () => {
    const file = new Uint8Array(530);
    file.set(GOLDEN_SLOT.subarray(0, 18), 512);
    expect(await walk(narrow(file))).toMatchObject({ slots: [], junk: [{ offset: 512, size: 18 }] });
  });

  test("a slot larger than the window, and one over its border", async () => {
    const storage = new StorageFolder();
    try {
      const large = "0123456789abcdef".repeat(160 * 1024);
      storage.put(0, large.length + 24, large);
      storage.put(large.length + 24 + 100, 256, "behind it");
      storage.put(3 * 1024 * 1024 - 10, 256, "over the border of a megabyte");
      const window = new TrunkWindow(storage.trunkPath());
      const { slots, junk } = await walk(window);
      window.close();
      expect(junk).toEqual([]);
      expect(slots.map(({ offset, isSound }) => [offset, isSound])).toEqual([
        [0, true],
        [large.length + 124, true],
        [3 * 1024 * 1024 - 10, true],
      ]);
    } finally {
      storage.remove();
    }
  });

  test("property: whatever the bytes, it comes to the end and its stretches are in the file", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 0, 0, 0x46, 0x4c, 0x31, 0x2e, 1, 255), { maxLength: 600 }),
        async (raw) => {
          const { slots, junk } = await walk(narrow(Uint8Array.from(raw)));
          for (const range of [...slots, ...junk]) {
            expect(range.offset >= 0 && range.size > 0 && endOf(range) <= raw.length).toBe(true);
          }
          const isCovered = (at: number): boolean =>
            [...slots, ...junk].some((range) => at >= range.offset && at < endOf(range));
          expect(raw.every((byte, at) => byte === 0 || isCovered(at))).toBe(true);
        },
      ),
    );
  });
});

describe("ranges", () => {
  const SIZE = 60;
  const range = fc
    .record({ offset: fc.integer({ min: 0, max: SIZE - 1 }), size: fc.integer({ min: 1, max: 20 }) })
    .map((one): Range => one);
  const has = (ranges: readonly Range[], at: number): boolean =>
    ranges.some((one) => at >= one.offset && at < endOf(one));

  test("property: without leaves exactly what is in none", () => {
    fc.assert(
      fc.property(fc.array(range), (taken) => {
        const left = without({ offset: 0, size: SIZE }, taken);
        for (let at = 0; at < SIZE; at++) expect(has(left, at)).toBe(!has(taken, at));
        expect(left.every(({ size }) => size > 0)).toBe(true);
      }),
    );
  });

  test("property: sharing finds exactly those that share bytes", () => {
    fc.assert(
      fc.property(fc.array(range), range, (ranges, asked) => {
        const expected = ranges.filter((one) => one.offset < endOf(asked) && endOf(one) > asked.offset);
        expect(new RangeList(ranges).sharing(asked).length).toBe(expected.length);
      }),
    );
  });
});
