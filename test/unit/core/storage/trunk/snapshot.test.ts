// The snapshot of trunk space: the document's (trunk-dedup-recovery.md §1.11), old lines of six fields, and what is none.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  formatSnapshot,
  parseSnapshot,
  readSnapshot,
  writeSnapshot,
} from "../../../../../core/storage/trunk/snapshot.ts";

const TEXT = "2207\n1795233444 A 0 0 0 1 54784 4139520\n";
const BLOCK = { storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1, offset: 54_784, size: 4_139_520 };

test("a snapshot as C writes it", () => {
  expect(parseSnapshot(TEXT)).toEqual({ offset: 2207, blocks: [BLOCK] });
  expect(formatSnapshot(2207, [BLOCK], 1_795_233_444)).toBe(TEXT);
});

test("lines without time and operation", () => {
  expect(parseSnapshot("0\n0 0 0 1 54784 4139520\n").blocks).toEqual([BLOCK]);
});

test.each(["", "2207", "A 1\n", "2207\n1795233444 A 0 0 0 1 54784 4139520", "2207\nabc\n", "-1\n"])(
  "'%s' is none",
  (text) => {
    expect(() => parseSnapshot(text)).toThrow("Cannot read the snapshot of trunk space");
  },
);

test("what was written is read again, and where there is none there is none", () => {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-snapshot-"));
  try {
    const path = join(folder, "storage_trunk.dat");
    expect(readSnapshot(path)).toBeNull();
    writeSnapshot(path, 2207, [BLOCK], 1_795_233_444);
    expect(readSnapshot(path)).toEqual({ offset: 2207, blocks: [BLOCK] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
