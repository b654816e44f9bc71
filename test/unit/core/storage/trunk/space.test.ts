// The allocator by cases; test/sim/trunk holds it against a naive map under chance. Sizes are C's (slot 256, trunk file 4 MB).

import { describe, expect, test } from "bun:test";
import { type SpaceRules, TrunkSpace } from "../../../../../core/storage/trunk/space.ts";
import type { TrunkInfo } from "../../../../../core/wire/storage-sync.ts";

const RULES: SpaceRules = {
  slotMinSize: 256,
  slotMaxSize: 65_536,
  alignmentSize: 256,
  trunkFileSize: 4_194_304,
  mergesFree: false,
};
const PLACE = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1 };
const NOW = 1_795_233_048;

const at = (offset: number, size: number): TrunkInfo => ({ ...PLACE, offset, size });

function open(rules: Partial<SpaceRules> = {}, blocksMax = 1000): { space: TrunkSpace; lines: string[] } {
  const lines: string[] = [];
  const words = new Int32Array(TrunkSpace.wordsFor(blocksMax));
  const space = new TrunkSpace(words, { ...RULES, ...rules }, (op, { offset, size }) => {
    lines.push(`${op} ${offset} ${size}`);
  });
  return { space, lines };
}

describe("handing out", () => {
  test("the journal of a first upload, of a second, of a deletion and of a reuse is C's, without its HOLD lines", () => {
    const { space, lines } = open();
    expect(space.addFile(PLACE, RULES.trunkFileSize)).toBe(0);
    expect(space.alloc(0, 24 + 12, NOW)).toEqual(at(0, 256));
    expect(lines).toEqual(["A 0 4194304", "D 0 4194304", "A 256 4194048"]);
    lines.length = 0;
    expect(space.alloc(0, 67_328 - 256, NOW)).toEqual(at(256, 67_072));
    const block = space.alloc(0, 24 + 500, NOW);
    expect(block).toEqual(at(67_328, 768));
    expect(lines.slice(2)).toEqual(["D 67328 4126976", "A 68096 4126208"]);
    lines.length = 0;
    expect(space.free(block!, NOW, 0)).toBe(0);
    expect(space.alloc(0, 24 + 12, NOW)).toEqual(at(67_328, 256));
    expect(lines).toEqual(["A 67328 768", "D 67328 768", "A 67584 512"]);
  });

  test("sizes are rounded up to the alignment, small ones to the smallest slot", () => {
    const { space } = open({ alignmentSize: 512 });
    space.addFile(PLACE, RULES.trunkFileSize);
    expect(space.alloc(0, 24, NOW)!.size).toBe(256);
    expect(space.alloc(0, 257, NOW)!.size).toBe(512);
    expect(space.alloc(0, 1024, NOW)!.size).toBe(1024);
  });

  test("without alignment a slot has the bytes that were asked for", () => {
    const { space } = open({ alignmentSize: 0 });
    space.addFile(PLACE, RULES.trunkFileSize);
    expect(space.alloc(0, 1001, NOW)!.size).toBe(1001);
  });

  test("a rest that is too small for a slot goes with the block", () => {
    const { space, lines } = open({ alignmentSize: 0 });
    space.free(at(1000, 1255), NOW, 0);
    lines.length = 0;
    expect(space.alloc(0, 1000, NOW)).toEqual(at(1000, 1255));
    expect(lines).toEqual(["D 1000 1255"]);
    expect(space.blockCount).toBe(0);
  });

  test("nothing is handed out of another store path, and nothing that is too small", () => {
    const { space } = open();
    space.free(at(0, 1024), NOW, 0);
    expect(space.alloc(1, 256, NOW)).toBeNull();
    expect(space.alloc(0, 1025, NOW)).toBeNull();
    expect(space.alloc(-1, 256, NOW)).toBeNull();
    expect(space.alloc(256, 256, NOW)).toBeNull();
  });

  test("offsets up to the largest number of the wire", () => {
    const { space } = open();
    const last = at(0x7fff_ffff - 4096, 4096);
    expect(space.free(last, NOW, 0)).toBe(0);
    expect(space.alloc(0, 4096, NOW)).toEqual(last);
    expect(space.free(at(0x7fff_ffff - 4096, 4097), NOW, 0)).toBe(22);
    const largest = { ...PLACE, storePathIndex: 255, subPathHigh: 255, subPathLow: 255, trunkFileId: 0x7fff_ffff };
    expect(space.addFile(largest, 0x7fff_ffff)).toBe(0);
    expect(space.blocks().at(-1)).toEqual({ ...largest, offset: 0, size: 0x7fff_ffff });
    expect(space.freeBytes()).toBe(0x7fff_ffff);
  });

  test("free bytes beyond 2^32 are exact", () => {
    const { space } = open({ alignmentSize: 0 });
    for (let trunkFileId = 1; trunkFileId <= 10; trunkFileId++) space.addFile({ ...PLACE, trunkFileId }, 0x4000_0001);
    expect(space.freeBytes(0)).toBe(10 * 0x4000_0001);
    for (let trunkFileId = 1; trunkFileId <= 10; trunkFileId++) space.alloc(0, 0x4000_0001, NOW);
    expect(space.freeBytes(0)).toBe(0);
    expect(space.files()).toEqual([]);
  });
});

describe("taking back", () => {
  test("duplicates and overlaps are refused, blocks below the smallest slot ignored", () => {
    const { space, lines } = open();
    space.free(at(1024, 1024), NOW, 0);
    lines.length = 0;
    for (const wrong of [at(1024, 1024), at(0, 1025), at(2047, 256), at(1100, 256), at(0, 4096)]) {
      expect(space.free(wrong, NOW, 0)).toBe(17);
    }
    expect(space.free(at(4096, 255), NOW, 0)).toBe(0);
    expect(space.free(at(-256, 256), NOW, 0)).toBe(22);
    expect(space.free({ ...at(0, 256), trunkFileId: 0 }, NOW, 0)).toBe(22);
    expect(lines).toEqual([]);
    expect(space.free(at(0, 1024), NOW, 0)).toBe(0);
    expect(space.free(at(2048, 256), NOW, 0)).toBe(0);
  });

  test("one id in two directories is two files", () => {
    const { space } = open();
    space.free(at(0, 1024), NOW, 0);
    expect(space.free({ ...at(0, 1024), subPathLow: 1 }, NOW, 0)).toBe(0);
    expect(space.files().length).toBe(2);
  });

  test("a full map refuses with 28 and goes on", () => {
    const { space } = open({}, 4);
    for (let block = 0; block < 4; block++) expect(space.free(at(block * 1024, 256), NOW, 0)).toBe(0);
    expect(space.free(at(8192, 256), NOW, 0)).toBe(28);
    space.alloc(0, 256, NOW);
    expect(space.free(at(8192, 256), NOW, 0)).toBe(0);
  });

  test("neighbours are joined at once, so that a replay gives the same", () => {
    const { space, lines } = open({ mergesFree: true });
    space.free(at(0, 256), NOW, 0);
    space.free(at(512, 256), NOW, 0);
    lines.length = 0;
    space.free(at(256, 256), NOW, 0);
    expect(lines).toEqual(["D 0 256", "D 512 256", "A 0 768"]);
    expect(space.blocks()).toEqual([at(0, 768)]);
  });

  test("what cools is free but not handed out, and joined when it has cooled", () => {
    const { space, lines } = open({ mergesFree: true });
    space.free(at(0, 256), NOW, 0);
    lines.length = 0;
    space.free(at(256, 256), NOW, 10);
    expect(lines).toEqual(["A 256 256"]);
    expect(space.alloc(0, 512, NOW + 9)).toBeNull();
    expect(space.freeBytes(0)).toBe(512);
    expect(space.alloc(0, 512, NOW + 10)).toEqual(at(0, 512));
    expect(lines.slice(1)).toEqual(["D 256 256", "D 0 256", "A 0 512", "D 0 512"]);
  });

  test("a clock that is set back by a day keeps nothing for a day", () => {
    const { space } = open();
    space.free(at(0, 256), NOW + 86_400, 10);
    expect(space.alloc(0, 256, NOW)).toBeNull();
    expect(space.alloc(0, 256, NOW + 10)).toEqual(at(0, 256));
  });
});

describe("replicas, quarantine, files", () => {
  test("a carved range leaves what lies before and behind it", () => {
    const { space, lines } = open();
    space.free(at(0, 4096), NOW, 0);
    lines.length = 0;
    expect(space.carve(at(1024, 512))).toBe(512);
    expect(lines).toEqual(["D 0 4096", "A 0 1024", "A 1536 2560"]);
    expect(space.carve(at(1024, 512))).toBe(0);
    expect(space.carve(at(100, 8000))).toBe(924 + 2560);
    expect(space.freeBytes(0)).toBe(0);
  });

  test("quarantined blocks wait, new files serve", () => {
    const { space } = open();
    expect(space.insert(at(0, 1024), true)).toBe(0);
    expect(space.insert(at(512, 1024), true)).toBe(17);
    expect(space.insert(at(4096, 255), true)).toBe(22);
    expect(space.alloc(0, 256, NOW)).toBeNull();
    space.addFile({ ...PLACE, trunkFileId: 2 }, 4096);
    expect(space.alloc(0, 256, NOW)!.trunkFileId).toBe(2);
    expect(space.files().map(({ isQuarantined }) => isQuarantined)).toEqual([true, false]);
    expect(space.quarantinedCount).toBe(1);
    expect(space.endQuarantine()).toBe(0);
    expect(space.alloc(0, 1024, NOW)).toEqual(at(0, 1024));
  });

  test("only a file that nobody uses is dropped", () => {
    const { space, lines } = open();
    space.addFile(PLACE, RULES.trunkFileSize);
    const block = space.alloc(0, 256, NOW)!;
    expect(space.dropFile(PLACE, RULES.trunkFileSize)).toBe(false);
    space.free(block, NOW, 5);
    expect(space.dropFile(PLACE, RULES.trunkFileSize)).toBe(false);
    space.mature(NOW + 5);
    expect(space.dropFile(PLACE, RULES.trunkFileSize * 2)).toBe(false);
    lines.length = 0;
    expect(space.dropFile(PLACE, RULES.trunkFileSize)).toBe(true);
    expect(lines).toEqual(["D 0 256", "D 256 4194048"]);
    expect(space.freeBytes()).toBe(0);
  });

  test("a copy is a map of its own", () => {
    const { space } = open();
    space.addFile(PLACE, RULES.trunkFileSize);
    const copy = space.copy();
    space.alloc(0, 256, NOW);
    expect(copy.blocks()).toEqual([at(0, RULES.trunkFileSize)]);
    expect(copy.alloc(0, 512, NOW)).toEqual(at(0, 512));
    expect(space.blocks()).toEqual([at(256, RULES.trunkFileSize - 256)]);
  });

  test("two views of the same words see the same", () => {
    const words = new Int32Array(TrunkSpace.wordsFor(100));
    const nowhere = (): void => undefined;
    const one = new TrunkSpace(words, RULES, nowhere);
    const other = new TrunkSpace(words, RULES, nowhere);
    one.addFile(PLACE, RULES.trunkFileSize);
    expect(other.alloc(0, 256, NOW)).toEqual(at(0, 256));
    expect(one.alloc(0, 256, NOW)).toEqual(at(256, 256));
  });
});
