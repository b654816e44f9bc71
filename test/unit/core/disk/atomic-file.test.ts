// A state file is replaced as a whole or not at all; free space agrees with what the system's own tool says.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTextFile, writeFileAtomically } from "../../../../core/disk/atomic-file.ts";
import { readDiskSpace } from "../../../../core/disk/space.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-atomic-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("replacing a file", () => {
  test("leaves the new content, mode 0644 and nothing beside it", () => {
    const path = join(folder, "storage_stat.dat");
    expect(readTextFile(path)).toBeNull();
    writeFileAtomically(path, "a=1\n");
    writeFileAtomically(path, new TextEncoder().encode("b=2\n"), { syncFolder: true });
    expect(readTextFile(path)).toBe("b=2\n");
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder)).toEqual(["storage_stat.dat"]);
  });
  test("readers never see a part", () => {
    const path = join(folder, "state");
    writeFileAtomically(path, "old\n");
    // The old file, held open, keeps its content: it was not written into.
    const before = statSync(path).ino;
    writeFileAtomically(path, "new\n");
    expect(statSync(path).ino).not.toBe(before);
  });
  test("that fails keeps the old one and removes the half", () => {
    const path = join(folder, "state");
    mkdirSync(path);
    writeFileSync(join(path, "x"), "in use");
    expect(() => writeFileAtomically(path, "new\n")).toThrow();
    expect(readFileSync(join(path, "x"), "utf8")).toBe("in use");
    expect(readdirSync(folder)).toEqual(["state"]);
    expect(() => writeFileAtomically(join(folder, "no", "state"), "x")).toThrow("ENOENT");
  });
  test("reading reports what is not absence", () => {
    expect(() => readTextFile(folder)).toThrow("EISDIR");
  });
  test.skipIf(process.getuid?.() !== 0)("hands it to the owner (root only)", () => {
    const path = join(folder, "state");
    writeFileAtomically(path, "x", { owner: { uid: 12345, gid: 12346 } });
    expect(statSync(path).uid).toBe(12345);
  });
});

describe("disk space", () => {
  test("is what df says, in whole megabytes", () => {
    const { totalMb, freeMb } = readDiskSpace(folder);
    const [sizeKb, availableKb] = execFileSync("df", ["-Pk", folder], { encoding: "utf8" })
      .split("\n")[1]!
      .split(/\s+/)
      .slice(1)
      .filter((_, column) => column === 0 || column === 2)
      .map(Number);
    expect(totalMb).toBe(Math.floor(sizeKb! / 1024));
    // Others write meanwhile.
    expect(Math.abs(freeMb - Math.floor(availableKb! / 1024))).toBeLessThan(500);
  });
  test("of a missing path is an error", () => {
    expect(() => readDiskSpace(join(folder, "no"))).toThrow("ENOENT");
  });
});
