// The released executables: each is an ELF file for the machine its name says, and those that this machine can run
// answer `--version`. `make dist` fetches the runtimes of other platforms; without a package registry it is skipped.

import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const MACHINE = { x64: 0x3e, arm64: 0xb7 } as const;
const names = ["x64", "x64-baseline", "x64-musl", "arm64", "arm64-musl"] as const;

const reachable =
  spawnSync("npm", ["view", "--silent", "@oven/bun-linux-x64", "version"], { timeout: 60_000 }).status === 0;
if (!reachable) console.log("dist is skipped: the npm registry is not reachable");

function machineOf(path: string): number {
  const head = Buffer.alloc(20);
  readSync(openSync(path, "r"), head, 0, 20, 0);
  expect(head.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
  return head.readUInt16LE(18);
}

const muslLoader = `/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;

describe.skipIf(!reachable)("make dist", () => {
  test("makes five executables and their checksums", () => {
    const made = spawnSync("make", ["dist"], { cwd: root, encoding: "utf8" });
    expect(`${made.status} ${made.status === 0 ? "" : made.stderr}`).toBe("0 ");
    const sums = readFileSync(join(root, "dist/SHA256SUMS"), "utf8").trim().split("\n");
    expect(sums.length).toBe(names.length);
    expect(spawnSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: join(root, "dist") }).status).toBe(0);
  }, 300_000);

  for (const name of names) {
    const path = join(root, `dist/fdfs-linux-${name}`);
    const architecture = name.startsWith("arm64") ? "arm64" : "x64";
    test(`fdfs-linux-${name} is for its machine`, () => {
      expect(machineOf(path)).toBe(MACHINE[architecture]);
    });

    const runnable = architecture === process.arch && (!name.endsWith("musl") || existsSync(muslLoader));
    test.skipIf(!runnable)(`fdfs-linux-${name} runs (skipped where this machine cannot)`, () => {
      const result = spawnSync(path, ["--version"], { encoding: "utf8" });
      expect(result.stdout).toContain("FastDFS 6.16.1 compatible");
      expect(result.status).toBe(0);
    });
  }
});
