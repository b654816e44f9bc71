// `fdfs bench` as a user runs it: the compiled executable against a cluster of ours, and against a server that answers
// from memory where its own exit statuses and figures are the point.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../interop/clusters/cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { type MemoryServer, startMemoryServer } from "../unit/core/bench/memory-server.ts";
import { type Finished, fdfs, until } from "./support/run.ts";

let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-bench-"));
  cluster = await startCluster("fdfs", "fdfs", { extraTrackerConf: "reserved_storage_space = 100MB" });
}, 60_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const SHORT = ["--count", "200", "--warm-up", "20", "--connections", "4"];

/** The files in the storage's data folders, their metadata included. */
function storedFiles(): string[] {
  const data = join(cluster.storages[0]!.storePaths[0]!, "data");
  return readdirSync(data, { recursive: true, encoding: "latin1" }).filter((path) => /^..\/..\/./.test(path));
}

async function bench(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await fdfs(["bench", "--conf", cluster.clientConf, "--json", ...SHORT, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("against a cluster", () => {
  test("the document has the keys that docs/bench-command.md lists", async () => {
    const storage = Number(readFileSync(join(cluster.storages[0]!.basePath, "data", "fdfs_storaged.pid"), "latin1"));
    const report = await bench("--size", "1K-16K", "--pid", `${storage}`);
    expect(report).toEqual({
      operation: "upload",
      connections: 4,
      threads: 1,
      sizeBytes: { least: 1024, greatest: 16_384, mean: 8704 },
      fresh: false,
      ratePerSecond: null,
      seconds: expect.any(Number),
      operations: 200,
      errors: { total: 0, byStatus: {}, connection: 0, timeout: 0 },
      operationsPerSecond: expect.any(Number),
      bytesPerSecond: expect.any(Number),
      latencyMicroseconds: {
        mean: expect.any(Number),
        p50: expect.any(Number),
        p90: expect.any(Number),
        p99: expect.any(Number),
        p999: expect.any(Number),
        max: expect.any(Number),
      },
      cpuMicrosecondsPerOperation: expect.any(Number),
      ownCpuMicrosecondsPerOperation: expect.any(Number),
      rssBytes: expect.any(Number),
    });
  });

  test.each<[string, ...string[]]>([
    ["download", "--files", "30"],
    ["append", "--files", "8"],
    ["metadata", "--files", "8"],
    ["delete"],
    ["query"],
    ["query-fetch", "--files", "8"],
  ])("%s without an error", async (operation, ...args) => {
    expect(await bench("--operation", operation, ...args)).toMatchObject({
      operation,
      operations: 200,
      errors: { total: 0 },
    });
  });

  test("a mix over two threads tells each operation", async () => {
    const report = await bench(
      "--mix",
      "upload=2,download=2,append=1,metadata=1,delete=1",
      "--threads",
      "2",
      "--files",
      "9",
    );
    expect(report).toMatchObject({ operation: "mixed", threads: 2, operations: 200, errors: { total: 0 } });
    expect(Object.keys(report["byOperation"] as object).sort()).toEqual([
      "append",
      "delete",
      "download",
      "metadata",
      "upload",
    ]);
  });

  test("what was made is deleted; with --names-out it stays and can be downloaded again", async () => {
    const before = storedFiles();
    await bench("--operation", "download", "--files", "17");
    await bench("--mix", "upload=3,append=1,metadata=1", "--files", "8");
    expect(storedFiles()).toEqual(before);
    const names = join(folder, "names");
    await bench("--size", "100-200", "--names-out", names);
    const ids = readFileSync(names, "utf8").trim().split("\n");
    expect([ids.length, storedFiles().length]).toEqual([220, before.length + 220]);
    const report = await bench("--operation", "download", "--names", names, "--fresh");
    expect(report).toMatchObject({ fresh: true, operations: 200, errors: { total: 0 } });
    const { least, greatest } = report["sizeBytes"] as { least: number; greatest: number };
    expect([least, greatest].every((size) => size >= 100 && size <= 200)).toBe(true);
    const { code } = await fdfs(["info", "--conf", cluster.clientConf, ids[0]!, ids[219]!]);
    expect(code).toBe(0);
  });
});

describe("exit statuses", () => {
  const run = (server: MemoryServer, ...args: string[]): Promise<Finished> =>
    fdfs(["bench", "--storage", `${server.host}:${server.port}`, "--keep", ...args]);

  test("0 with a table, errors among the operations told", async () => {
    await using server = await startMemoryServer({ refuseEvery: 10, status: 28 });
    const { code, stdout, stderr } = await run(server, "--count", "100", "--warm-up", "0");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")[0]).toBe("upload 4 KB, 16 at a time, 1 thread, kept connections, closed loop");
    expect(stdout).toContain("  errors        10: 10 x ENOSPC (28)\n");
  });

  test("1 when nothing succeeded, or nobody listens", async () => {
    const server = await startMemoryServer({ refuseEvery: 1, status: 28 });
    const { code, stderr } = await run(server, "--count", "5", "--warm-up", "0", "--json");
    expect(code).toBe(1);
    expect(stderr).toBe(
      `fdfs bench: No operation on ${server.host}:${server.port} succeeded: errors 5: 5 x ENOSPC (28)\n`,
    );
    await server[Symbol.asyncDispose]();
    const refused = await run(server);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(/^fdfs bench: Cannot connect to 127\.0\.0\.1:\d+: ECONNREFUSED; .*\n$/);
  });

  test.each([
    [["--operation", "sing"], "Option --operation has the value"],
    [["--mix", "upload=1,query=1"], "asks a tracker and a storage at once"],
    [["--mix", "delete=1,download=1"], "delete without upload"],
    [["--count", "1", "--duration", "1s"], "exclude each other"],
    [["--threads", "17"], "Option --threads has the value 17"],
    [["--connections", "0"], "Option --connections has the value 0"],
    [["--duration", "0s"], "Option --duration has the value"],
    [["upload"], "takes options only"],
  ])("2 for %p", async (args, message) => {
    const { code, stdout, stderr } = await fdfs(["bench", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage: fdfs bench");
  });

  test("130 for Ctrl-C, with what was measured so far", async () => {
    await using server = await startMemoryServer();
    const args = ["bench", "--storage", `${server.host}:${server.port}`, "--keep", "--json", "--duration", "1h"];
    const child = spawn(fdfsProgram(), [...args, "--warm-up", "10"], { stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    await until("the load runs", () => server.requests > 200);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect((JSON.parse(stdout) as { operations: number }).operations).toBeGreaterThan(0);
  });
});
