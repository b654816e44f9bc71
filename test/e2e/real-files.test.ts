// Real input: a tree of 5,000 files of this project's own dependencies and one file of 2 GB go through the compiled
// executable and come back equal; the IDs tell the right sizes and CRCs; no process grows with the size of a file.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Cluster } from "../interop/clusters/cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { fdfs } from "./support/run.ts";

const FILES = 5000;
const LARGE_BYTES = 2 * 1024 * 1024 * 1024;
const RSS_LIMIT_KB = 100 * 1024;

let cluster: Cluster;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-real-"));
  cluster = await startCluster("fdfs", "fdfs", { extraTrackerConf: "reserved_storage_space = 100MB" });
  env = { FDFS_TRACKERS: `${cluster.trackerHost}:${cluster.trackerPort}` };
});

afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const storagePid = (): number =>
  Number(readFileSync(join(cluster.storages[0]!.basePath, "data", "fdfs_storaged.pid"), "latin1"));

/** Peak resident memory of a process since its start or since `resetPeak`, in KiB. */
function peakKb(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
}

/** Starts the peak anew where the kernel allows it: what earlier tests needed is not this transfer's. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Then the peak since the start counts, which is only stricter.
  }
}

function sha256(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    createReadStream(path, { highWaterMark: 1024 * 1024 })
      .on("data", (chunk) => hash.update(chunk))
      .on("error", reject)
      .on("end", () => resolve(hash.digest("hex")));
  });
}

/** Runs the executable and watches its own peak memory. */
function fdfsWatched(args: string[]): Promise<{ code: number | null; stdout: string; peakKb: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(fdfsProgram(), args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    let peak = 0;
    const watch = setInterval(() => {
      try {
        peak = Math.max(peak, peakKb(child.pid!));
      } catch {
        // It ended between two looks.
      }
    }, 20);
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(watch);
      resolve({ code, stdout, peakKb: peak });
    });
  });
}

describe("real files", () => {
  test(`${FILES} files with --parallel 8 come back equal and their IDs tell size and CRC`, async () => {
    const files = readdirSync("node_modules", { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => statSync(path).size < 5_000_000)
      .sort()
      .slice(0, FILES);
    expect(files.length).toBe(FILES);
    const upload = await fdfs(["upload", "--parallel", "8", ...files], { env });
    expect(upload.stderr).toBe("");
    expect(upload.code).toBe(0);
    const ids = upload.stdout.trim().split("\n");
    expect(ids.length).toBe(FILES);
    expect(new Set(ids).size).toBe(FILES);

    const target = join(folder, "tree");
    mkdirSync(target);
    const download = await fdfs(["download", "--parallel", "8", "-o", target, ...ids], { env });
    expect(download.stderr).toBe("");
    expect(download.code).toBe(0);
    const info = await fdfs(["info", "--local", "--json", ...ids], { env });
    expect(info.code).toBe(0);
    const facts = JSON.parse(info.stdout) as { size: number; crc32: number }[];
    for (const [index, path] of files.entries()) {
      const original = readFileSync(path);
      const id = ids[index]!;
      const copy = readFileSync(join(target, id.slice(id.lastIndexOf("/") + 1)));
      if (!original.equals(copy)) throw new Error(`${path} came back different as ${id}`);
      expect([facts[index]!.size, facts[index]!.crc32 >>> 0]).toEqual([original.length, crc32(original)]);
    }
  }, 300_000);

  test("2 GB up and down stay equal and below 100 MB of memory on both sides", async () => {
    const large = join(folder, "large.bin");
    const fd = openSync(large, "w");
    const block = Buffer.alloc(1024 * 1024);
    for (let index = 0; index < LARGE_BYTES / block.length; index++) {
      block.fill(index * 31);
      block.writeUInt32BE(index, 0);
      writeSync(fd, block);
    }
    resetPeak(storagePid());
    const upload = await fdfsWatched(["upload", large]);
    expect(upload.code).toBe(0);
    const id = upload.stdout.trim();
    const copy = join(folder, "copy.bin");
    const download = await fdfsWatched(["download", id, "-o", copy]);
    expect(download.code).toBe(0);
    expect(statSync(copy).size).toBe(LARGE_BYTES);
    expect(await sha256(copy)).toBe(await sha256(large));
    const peaks = { upload: upload.peakKb, download: download.peakKb, storage: peakKb(storagePid()) };
    console.log(`peak memory in KiB: ${JSON.stringify(peaks)}`);
    for (const peak of Object.values(peaks)) expect(peak).toBeLessThan(RSS_LIMIT_KB);
  }, 300_000);
});
