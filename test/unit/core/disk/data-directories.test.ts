// The grid of directories: complete, resumable, and made while the process goes on living.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDataDirectories, hasDataDirectories } from "../../../../core/disk/data-directories.ts";
import { dataDirectoryPath, dataFilePath, dataFolder, metadataFilePath } from "../../../../core/disk/data-paths.ts";
import { BASE_PATH_MODE, DIRECTORY_MODE, ensureDirectory } from "../../../../core/disk/ensure-directory.ts";

let folder = "";
let umask = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-grid-"));
  umask = process.umask(0);
});
afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

describe("the grid", () => {
  test("has upper-case names and C's mode", async () => {
    expect(hasDataDirectories(folder, 12)).toBe(false);
    expect(await createDataDirectories(folder, 12)).toBe(12 + 144);
    expect(hasDataDirectories(folder, 12)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(12);
    expect(readdirSync(join(folder, "0B")).sort().at(-1)).toBe("0B");
    expect(statSync(join(folder, "0A", "00")).mode & 0o777).toBe(0o755);
  });
  test("that was interrupted is completed; what is there stays", async () => {
    mkdirSync(join(folder, "00/00"), { recursive: true });
    mkdirSync(join(folder, "01/03"), { recursive: true });
    writeFileSync(join(folder, "00/00/file"), "x");
    expect(hasDataDirectories(folder, 4)).toBe(false);
    // 01 has its last directory: it counts as complete.
    expect(await createDataDirectories(folder, 4)).toBe(3 + 5 + 5);
    expect(existsSync(join(folder, "00/00/file"))).toBe(true);
    expect(await createDataDirectories(folder, 4)).toBe(0);
  });
  test("can be stopped and lets other work run", async () => {
    const stop = new AbortController();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const seen: number[] = [];
    const made = createDataDirectories(folder, 256, {
      progress: (done) => {
        seen.push(done);
        if (seen.length === 5) stop.abort();
      },
      signal: stop.signal,
    });
    await expect(made).rejects.toThrow();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(hasDataDirectories(folder, 256)).toBe(false);
  });
  test("a folder that is missing is an error", async () => {
    await expect(createDataDirectories(join(folder, "no"), 2)).rejects.toThrow("ENOENT");
  });
});

describe("a directory with its parents", () => {
  test("is made once, each with the mode", () => {
    const path = join(folder, "a", "b", "c");
    expect(ensureDirectory(path, BASE_PATH_MODE)).toBe(true);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o775);
    expect(statSync(path).mode & 0o777).toBe(0o775);
    chmodSync(path, 0o700);
    expect(ensureDirectory(path, DIRECTORY_MODE)).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });
  test.skipIf(process.getuid?.() !== 0)(
    "belongs to the owner, as do the parents that were made (root only)",
    async () => {
      const owner = { uid: 12345, gid: 12346 };
      ensureDirectory(join(folder, "a", "b"), DIRECTORY_MODE, owner);
      await createDataDirectories(join(folder, "a", "b"), 1, { owner });
      for (const path of ["a", "a/b", "a/b/00", "a/b/00/00"]) {
        const { uid, gid } = statSync(join(folder, path));
        expect([uid, gid]).toEqual([12345, 12346]);
      }
      expect(statSync(folder).uid).toBe(0);
    },
  );
});

test("paths of data files", () => {
  expect(dataFolder("/sp")).toBe("/sp/data");
  expect(dataFilePath("/sp", "0A/FF/name.txt")).toBe("/sp/data/0A/FF/name.txt");
  expect(metadataFilePath("/sp", "0A/FF/name.txt")).toBe("/sp/data/0A/FF/name.txt-m");
  expect(dataDirectoryPath("/sp", 10, 255)).toBe("/sp/data/0A/FF");
});
