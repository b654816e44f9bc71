// Loading the free-space map: the document's trunk binlog (trunk-dedup-recovery.md §1.11), then C's rules one by one.

import { expect, test } from "bun:test";
import { type ReplayOptions, replay } from "../../../../../core/storage/trunk/replay.ts";
import { SharedTrunkSpace } from "../../../../../core/storage/trunk/shared-space.ts";
import { parseSnapshot } from "../../../../../core/storage/trunk/snapshot.ts";

const RULES = {
  slotMinSize: 256,
  slotMaxSize: 65_536,
  alignmentSize: 256,
  trunkFileSize: 4_194_304,
  mergesFree: false,
};
const CAPTURED = `1795233048 A 0 0 0 1 0 4194304
1795233048 D 0 0 0 1 0 4194304
1795233048 A 0 0 0 1 256 4194048
1795233048 A 0 0 0 1 0 256
1795233048 D 0 0 0 1 0 256
1795233112 D 0 0 0 1 67328 4126976
1795233112 A 0 0 0 1 68096 4126208
1795233112 A 0 0 0 1 67328 768
1795233112 D 0 0 0 1 67328 768
1795233115 A 0 0 0 1 67328 768
1795233133 D 0 0 0 1 67328 768
1795233133 A 0 0 0 1 67584 512
1795233133 A 0 0 0 1 67328 256
1795233133 D 0 0 0 1 67328 256
`;

function* pieces(text: string, size: number): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function load(binlog: string, snapshot: string | null = null, options: Partial<ReplayOptions> = {}, size = 7) {
  const space = new SharedTrunkSpace(SharedTrunkSpace.create(RULES, 1000), 1);
  space.begin();
  const counts = await replay(space, snapshot === null ? null : parseSnapshot(snapshot), pieces(binlog, size), {
    storePathCount: 2,
    isQuarantined: false,
    pause: () => Promise.resolve(),
    ...options,
  });
  return { counts, blocks: space.exclusively((map) => map.blocks()).map(({ offset, size }) => [offset, size]), space };
}

test("the captured lines of three allocations; the line between the first two uploads is missing in it", async () => {
  for (const size of [1, 7, 100_000]) {
    const { counts, blocks } = await load(CAPTURED, null, {}, size);
    // "D 67328 4126976" speaks of a block whose birth the document leaves out.
    expect(counts).toMatchObject({ lines: 14, mismatched: 1, overlapping: 2 });
    expect(blocks).toEqual([[256, 4_194_048]]);
  }
});

test("from the beginning: what is there is kept, what goes goes whatever its size", async () => {
  const lines = [
    "A 0 0 0 1 0 1024",
    "A 0 0 0 1 0 512",
    "A 0 0 0 1 4096 1024",
    "D 0 0 0 1 4096 1",
    "A 0 0 0 1 8192 255",
  ];
  const { counts, blocks } = await load(lines.map((line) => `1 ${line}\n`).join(""));
  expect(blocks).toEqual([[0, 1024]]);
  expect(counts).toMatchObject({ mismatched: 1, tooSmall: 1 });
});

test("behind a snapshot: what goes must be exactly there", async () => {
  const lines = ["D 0 0 0 1 0 512", "A 0 0 0 1 512 1024", "A 0 0 0 1 2048 1024", "D 0 0 0 1 2048 1024"];
  const { counts, blocks } = await load(lines.map((line) => `1 ${line}\n`).join(""), "100\n1 A 0 0 0 1 0 1024\n");
  expect(blocks).toEqual([[0, 1024]]);
  expect(counts).toMatchObject({ lines: 4, mismatched: 1, overlapping: 1 });
});

test("blocks of the snapshot that are in use on the disk are left out when asked", async () => {
  const snapshot = "100\n1 A 0 0 0 1 0 1024\n1 A 0 0 0 1 4096 1024\n";
  const { counts, blocks } = await load("", snapshot, { isOccupied: ({ offset }) => offset === 0 });
  expect(blocks).toEqual([[4096, 1024]]);
  expect(counts.occupied).toBe(1);
});

test("short lines are skipped, a store path that is not here and a last line without end are errors", async () => {
  expect((await load("1 A 0 0 0 1 0\nrubbish\n1 A 1 0 0 1 0 1024\n")).counts).toMatchObject({ lines: 3, skipped: 2 });
  expect(load("1 A 2 0 0 1 0 1024\n")).rejects.toThrow("store path 2, this storage has 2");
  expect(load("1 A 0 0 0 1 0 1024")).rejects.toThrow("has no end");
  expect(load("", "100\n1 A 7 0 0 1 0 1024\n")).rejects.toThrow("store path 7");
});

test("what is loaded into quarantine is not handed out", async () => {
  const { space } = await load("1 A 0 0 0 1 0 1024\n", null, { isQuarantined: true });
  space.ready(1);
  expect(space.allocate(0, 256)).toBe("no-space");
  space.exclusively((map) => map.endQuarantine());
  expect(space.allocate(0, 256)).toMatchObject({ block: { offset: 0, size: 256 } });
});
