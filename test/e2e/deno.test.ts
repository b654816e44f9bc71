// The portable path: the same sources under Deno, without a single Bun API, do the round trip of the compiled
// executable: tracker and storage serve, a file goes up, is looked at, comes back equal, and goes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "./support/run.ts";

const root = resolve(import.meta.dir, "../..");
const deno = join(root, "node_modules/.bin/deno");
const available = spawnSync(deno, ["--version"]).status === 0;
if (!available) console.log("deno is skipped: the npm package deno does not run here");

describe.skipIf(!available)("under Deno", () => {
  let folder: string;
  let server: ChildProcess;
  let env: Record<string, string | undefined>;

  const run = (...args: string[]) =>
    spawnSync(deno, ["run", "-A", join(root, "cmd/main.ts"), ...args], { cwd: folder, env, encoding: "utf8" });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "fdfs-deno-"));
    const ready = join(folder, "ready");
    server = spawn(
      deno,
      [
        "run",
        "-A",
        join(root, "cmd/main.ts"),
        "server",
        join(folder, "data"),
        "--tracker-port",
        "0",
        "--storage-port",
        "0",
        "--ready-file",
        ready,
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    await until(
      "the Deno server is ready",
      () => {
        try {
          return readFileSync(ready, "utf8").length > 0;
        } catch {
          return false;
        }
      },
      60_000,
    );
    env = { ...process.env, FDFS_TRACKERS: readFileSync(ready, "utf8").trim() };
  }, 90_000);

  afterAll(async () => {
    const gone = new Promise((done) => server.once("exit", done));
    server.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test("names its runtime", () => {
    expect(run("--version").stdout).toContain("deno");
  });

  test("upload, info, metadata, download, delete", () => {
    const original = join(root, "package-lock.json");
    const upload = run("upload", original, "--meta", "a=b");
    expect([upload.stderr, upload.status]).toEqual(["", 0]);
    const id = upload.stdout.trim();
    expect(run("info", id).stdout).toContain(String(readFileSync(original).length));
    expect(run("meta", "get", id).stdout).toContain("a=b");
    expect(run("download", id, "-o", "copy").status).toBe(0);
    expect(readFileSync(join(folder, "copy")).equals(readFileSync(original))).toBe(true);
    expect(run("delete", id).status).toBe(0);
    expect(run("download", id, "-o", "gone").status).toBe(1);
  }, 60_000);

  test("appender files", () => {
    const id = run("upload", "--appender", join(root, "package.json")).stdout.trim();
    expect(run("append", id, join(root, "package.json")).status).toBe(0);
    expect(run("download", id, "-o", "twice").status).toBe(0);
    expect(readFileSync(join(folder, "twice"), "utf8")).toBe(
      readFileSync(join(root, "package.json"), "utf8").repeat(2),
    );
  }, 60_000);
});
