// `fdfs download --parts` against a group of two storages: whole files and ranges, interruption and continuation, a replica
// with other bytes. Servers are ours; FDFS_E2E_SERVERS=c takes the C ones of FDFS_PEER_BIN.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import {
  closeSync,
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
import { createClient } from "../../core/client/index.ts";
import type { Cluster, StorageNode } from "../interop/clusters/cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { type Finished, fdfs, until } from "./support/run.ts";

const MB = 1024 * 1024;
const content = randomFillSync(Buffer.alloc(100 * MB + 12345));

let cluster: Cluster;
let folder: string;
let env: Record<string, string>;
let id: string;

const run = (...args: string[]): Promise<Finished> => fdfs(args, { env, cwd: folder });

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

const freshFolder = (): string => mkdtempSync(join(folder, "out-"));

/** `group1/M00/aa/bb/name` on the disk of one storage. */
const onDisk = ({ storePaths }: StorageNode): string => join(storePaths[0]!, "data", id.replace(/^[^/]+\/M00\//, ""));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-parts-"));
  const maker = process.env["FDFS_E2E_SERVERS"] === "c" ? "c" : "fdfs";
  const extraTrackerConf = "reserved_storage_space = 100MB";
  cluster = await startCluster(maker, maker, { storageCount: 2, extraTrackerConf });
  env = { FDFS_TRACKERS: `${cluster.trackerHost}:${cluster.trackerPort}` };
  writeFileSync(join(folder, "large.bin"), content);
  id = (await ok("upload", "large.bin")).trim();
  const { trackerHost, trackerPort } = cluster;
  const client = createClient({ trackers: [{ hosts: [trackerHost], port: trackerPort }] });
  // A replica is named when it is known to have all that the file's creator made up to a later second.
  const uploadedAt = Date.now();
  await until("a second has passed", () => Date.now() - uploadedAt > 1000);
  writeFileSync(join(folder, "small.txt"), "small");
  await ok("upload", ...Array.from({ length: 8 }, () => "small.txt"));
  const isListed = async (): Promise<boolean> => (await client.queryFetchAll(id)).length === 2;
  await until("the tracker names both storages", isListed, 20_000);
  await client.close();
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("fdfs download --parts", () => {
  test("a whole file is what was uploaded, and nothing else is left", async () => {
    const cwd = freshFolder();
    const [done] = JSON.parse(await ok("download", id, "--parts", "4", "--json", "-o", join(cwd, "file"))) as object[];
    expect(done).toMatchObject({ id, bytes: content.length });
    expect(readFileSync(join(cwd, "file")).equals(content)).toBe(true);
    expect(readdirSync(cwd)).toEqual(["file"]);
  });

  test("a range", async () => {
    const target = join(freshFolder(), "file");
    await ok("download", id, "--parts", "3", "--offset", "1000001", "--length", "64M", "-o", target);
    expect(readFileSync(target).equals(content.subarray(1_000_001, 1_000_001 + 64 * MB))).toBe(true);
  });

  test("a small file and an appender file come too", async () => {
    const small = (await ok("upload", "small.txt")).trim();
    const appender = (await ok("upload", "large.bin", "--appender")).trim();
    const target = freshFolder();
    await ok("download", small, appender, "--parts", "4", "-o", target);
    const nameOf = (file: string): string => file.slice(file.lastIndexOf("/") + 1);
    expect(readFileSync(join(target, nameOf(small)), "latin1")).toBe("small");
    expect(readFileSync(join(target, nameOf(appender))).equals(content)).toBe(true);
  });

  test("--continue fetches what a beginning lacks", async () => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, "file.fdfs-part"), content.subarray(0, 30 * MB + 7));
    const output = await ok("download", id, "--parts", "4", "--continue", "--json", "-o", join(cwd, "file"));
    expect((JSON.parse(output) as { bytes: number }[])[0]?.bytes).toBe(content.length - 30 * MB - 7);
    expect(readFileSync(join(cwd, "file")).equals(content)).toBe(true);
    expect(readdirSync(cwd)).toEqual(["file"]);
  });

  test("what a killed process left in pieces is not gone on from", async () => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, "file.fdfs-parts"), Buffer.alloc(content.length + 1));
    await ok("download", id, "--parts", "4", "--continue", "-o", join(cwd, "file"));
    expect(readFileSync(join(cwd, "file")).equals(content)).toBe(true);
    expect(readdirSync(cwd)).toEqual(["file"]);
  });

  test("a replica with other bytes is noticed, and the target stays as it was", async () => {
    const target = join(freshFolder(), "file");
    writeFileSync(target, "old");
    const replica = openSync(onDisk(cluster.storages[1]!), "r+");
    const change = (byte: number): void => {
      for (let at = 5; at < content.length; at += MB) writeSync(replica, Buffer.of(content[at]! ^ byte), 0, 1, at);
    };
    change(1);
    try {
      const { code, stderr } = await run("download", id, "--parts", "2", "-o", target);
      expect(code).toBe(1);
      expect(stderr).toContain("fdfs explain ID --verify tells which storage has other bytes");
      expect(readFileSync(target, "latin1")).toBe("old");
      expect(readdirSync(join(target, ".."))).toEqual(["file"]);
    } finally {
      change(0);
      closeSync(replica);
    }
  });

  test.each([
    [["--parts", "0"], "Option --parts has the value 0, allowed is 1 to 64"],
    [["--parts", "65"], "allowed is 1 to 64"],
    [["--parts", "2", "-o", "-"], "Options --parts and -o - exclude each other"],
  ])("%j: used wrongly", async (options, sentence) => {
    const { code, stderr } = await run("download", id, ...options);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe("Ctrl-C", () => {
  /** Interrupts a download that cannot end, because one storage is asleep; resolves with the exit status. */
  async function interrupted(cwd: string, ...args: string[]): Promise<number | null> {
    const pid = Number(readFileSync(join(cluster.storages[1]!.basePath, "data", "fdfs_storaged.pid"), "latin1"));
    process.kill(pid, "SIGSTOP");
    try {
      const child = spawn(fdfsProgram(), ["download", id, "--parts", "4", ...args], {
        cwd,
        env: { ...process.env, ...env },
      });
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      const sizes = (): number[] => readdirSync(cwd).map((name) => statSync(join(cwd, name)).size);
      await until("bytes have come", () => sizes().some((size) => size > 16 * MB));
      child.kill("SIGINT");
      return await ended;
    } finally {
      process.kill(pid, "SIGCONT");
    }
  }

  test("a fresh download leaves nothing", async () => {
    const cwd = freshFolder();
    expect(await interrupted(cwd, "-o", "file")).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("--continue keeps the beginning, which a download without parts finishes", async () => {
    const cwd = freshFolder();
    expect(await interrupted(cwd, "--continue", "-o", "file")).toBe(130);
    expect(readdirSync(cwd)).toEqual(["file.fdfs-part"]);
    const kept = readFileSync(join(cwd, "file.fdfs-part"));
    expect(kept.length).toBeLessThan(content.length);
    expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
    await ok("download", id, "--continue", "-o", join(cwd, "file"));
    expect(readFileSync(join(cwd, "file")).equals(content)).toBe(true);
    expect(readdirSync(cwd)).toEqual(["file"]);
  });
});
