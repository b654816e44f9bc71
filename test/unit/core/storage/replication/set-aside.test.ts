// Records that are left behind are kept and counted over restarts.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetAside } from "../../../../../core/storage/replication/set-aside.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-aside-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("each is a line with time and reason, and all are counted again after a restart", () => {
  const mark = join(folder, "10.0.0.2_23000.mark");
  const aside = new SetAside(mark);
  expect(aside.count).toBe(0);
  aside.add("100 C M00/00/00/a", "it was refused:\nInvalid argument", 200);
  aside.add("101 C M00/00/00/b", "again", 201);
  expect(aside.count).toBe(2);
  expect(aside.path).toBe(join(folder, "10.0.0.2_23000.aside"));
  expect(readFileSync(aside.path, "latin1")).toBe(
    "200 it was refused: Invalid argument | 100 C M00/00/00/a\n201 again | 101 C M00/00/00/b\n",
  );
  expect(new SetAside(mark).count).toBe(2);
});

test("one that cannot be kept is an error", () => {
  const aside = new SetAside(join(folder, "gone", "a.mark"));
  expect(() => aside.add("100 C M00/00/00/a", "why", 1)).toThrow("ENOENT");
  expect(aside.count).toBe(0);
});
