// check_file_duplicate on the compiled executable: a file of 1 MB stored a thousand times costs 1 MB and goes with its last
// deletion, whatever index remembers it; storages and index are killed in between. What one worker does of it stands in
// test/unit/core/storage/service/duplicates.test.ts, a group of C's and ours in test/interop/mixed/duplicates.ts.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { FdfsClient } from "../../core/client/index.ts";
import { parseFileId } from "../../core/fileid/file-id.ts";
import { freePort } from "../../core/net/free-port.ts";
import type { DuplicatesReport } from "../../core/wire/own-commands.ts";
import { ProcessCluster, whyNoCluster } from "../cluster/support/cluster.ts";
import { DirectReader } from "../cluster/support/direct.ts";
import type { Server } from "../cluster/support/server.ts";
import { RedisServer, redisProgram } from "../unit/core/storage/duplicates/redis-server.ts";
import { until } from "./support/run.ts";

const missing = whyNoCluster("fdfs");
const MB = 1024 * 1024;
const REDIS_HOST = "127.0.91.31";
const ON = "check_file_duplicate = true";

let cluster: ProcessCluster;
let client: FdfsClient;

/** Bytes of all files below the store paths, links not counted. */
function storedBytes(server: Server): number {
  let bytes = 0;
  for (const path of server.storePaths) {
    for (const entry of readdirSync(join(path, "data"), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += sizeOr0(join(entry.parentPath, entry.name));
    }
  }
  return bytes;
}

/** A file may go meanwhile. */
function sizeOr0(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function report(server: Server): Promise<DuplicatesReport> {
  const answer = await client.storageReplication({ host: server.host, port: server.port });
  if (answer.kind !== "report" || answer.report.duplicates === undefined)
    throw new Error(`${server.label} does not tell`);
  return answer.report.duplicates;
}

/** `count` times the same, so many at a time. */
async function uploadMany(content: Uint8Array, count: number, lanes = 8): Promise<string[]> {
  const ids: string[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (left-- > 0) ids.push(await client.uploadBytes(content, { ext: "bin" }));
    }),
  );
  return ids;
}

async function removeAll(ids: readonly string[], lanes = 8): Promise<void> {
  const left = [...ids];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) await client.delete(id);
    }),
  );
}

async function bytesAt(server: Server, id: string): Promise<Buffer | null> {
  const reader = await DirectReader.open(server);
  try {
    return await reader.content(id);
  } finally {
    reader.close();
  }
}

describe.skipIf(missing !== null)(`equal files${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  afterEach(() => cluster.stop());

  test("1 MB a thousand times costs 1 MB; the last deletion frees it; so do its copies", async () => {
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 2, storageLines: [ON] });
    client = cluster.client();
    const content = randomBytes(MB);
    const ids = await uploadMany(content, 1000);
    expect(new Set(ids).size).toBe(1000);
    const all = cluster.storages.map(storedBytes);
    // Each storage that was given it keeps it once, for itself and for the other one.
    for (const bytes of all) expect(bytes).toBeLessThanOrEqual(2 * MB + 200_000);
    for (const id of [ids[0]!, ids[500]!, ids[999]!]) {
      for (const server of cluster.storages) {
        await until(`${id} at ${server.label}`, async () => (await bytesAt(server, id))?.equals(content) === true);
      }
    }
    await removeAll(ids.slice(1));
    expect((await bytesAt(cluster.storages[0]!, ids[0]!))?.equals(content)).toBe(true);
    await client.delete(ids[0]!);
    for (const server of cluster.storages) {
      await until(`${server.label} is empty`, () => storedBytes(server) < 200_000);
    }
  }, 120_000);

  test("a large file, received by another thread, is found, too", async () => {
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 1, storageLines: [ON] });
    client = cluster.client();
    const [storage] = cluster.storages as [Server];
    const content = randomBytes(40 * MB);
    const ids = await uploadMany(content, 3, 1);
    expect(storedBytes(storage)).toBeLessThan(41 * MB);
    expect(Buffer.from(await client.downloadBytes(ids[2]!)).equals(content)).toBe(true);
    await removeAll(ids);
    await until("nothing is left", () => storedBytes(storage) < 200_000);
  }, 60_000);

  test("small files in trunk files are there once, too, and their links are as small as names", async () => {
    const trackerLines = [
      "use_trunk_file = true",
      "slot_min_size = 256",
      "slot_max_size = 1MB",
      "trunk_file_size = 4MB",
    ];
    const plan = { maker: "fdfs", trackers: 1, storages: 1, trackerLines, storageLines: [ON] } as const;
    cluster = await ProcessCluster.start(plan);
    client = cluster.client();
    // Before the group has a trunk server it may have no room at all.
    await until("files go into trunk files", () =>
      client.uploadBytes(randomBytes(50)).then(
        (id) => parseFileId(id).fileName.length === 60,
        () => false,
      ),
    );
    for (const size of [5000, 400_000]) {
      const content = randomBytes(size);
      const ids = await uploadMany(content, 100);
      expect(ids.every((id) => parseFileId(id).fileName.length === 60)).toBe(true);
      for (const id of ids) expect(Buffer.from(await client.downloadBytes(id)).equals(content)).toBe(true);
      await removeAll(ids.slice(1));
      expect(Buffer.from(await client.downloadBytes(ids[0]!)).equals(content)).toBe(true);
      await client.delete(ids[0]!);
    }
    await until("all were found, and nothing is owed", async () => {
      const { found, owed, misses } = await report(cluster.storages[0]!);
      return found === 198 && owed === 0 && misses === 0;
    });
  }, 60_000);

  test("a storage killed at any moment loses no content", async () => {
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 1, storageLines: [ON] });
    client = cluster.client();
    const storage = cluster.storages[0]!;
    const contents = [randomBytes(100_000), randomBytes(300_000), randomBytes(1000)];
    const alive = new Map<string, Buffer>();
    let uploads = 0;
    for (let round = 0; round < 3; round++) {
      let isOver = false;
      const work = Promise.all(
        Array.from({ length: 4 }, async (_, lane) => {
          for (let n = lane; !isOver; n++) {
            const content = contents[n % contents.length]!;
            const [oldest] = alive.keys();
            try {
              if (n % 3 === 2 && oldest !== undefined) {
                // Whether it is deleted is not known until there is an answer.
                alive.delete(oldest);
                await client.delete(oldest);
              } else {
                alive.set(await client.uploadBytes(content, { ext: "bin" }), content);
                uploads++;
              }
            } catch {
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          }
        }),
      );
      const before = uploads;
      await until("some uploads", () => uploads > before + 60);
      await storage.kill();
      isOver = true;
      await work;
      storage.start();
      await cluster.allActive();
      for (const [id, content] of alive) expect((await bytesAt(storage, id))?.equals(content)).toBe(true);
    }
    expect(alive.size).toBeGreaterThan(20);
    await removeAll([...alive.keys()]);
  }, 120_000);
});

test("the embedded index under Deno, whose SQLite is another one", async () => {
  const root = resolve(import.meta.dir, "../..");
  const deno = join(root, "node_modules/.bin/deno");
  if (spawnSync(deno, ["--version"]).status !== 0) {
    console.log("skipped: the npm package deno does not run here");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "fdfs-deno-index-"));
  const script = join(import.meta.dir, "support/embedded-index.mjs");
  const { stdout, stderr } = spawnSync(deno, ["run", "-A", script, join(folder, "x.db")], { encoding: "utf8" });
  expect(stderr).not.toContain("error");
  expect(JSON.parse(stdout)).toEqual([null, 1, 2, 1, null, [0, 1, 255], [0x31], true, false]);
  rmSync(folder, { recursive: true });
}, 30_000);

const noRedis = missing ?? (redisProgram() === null ? "no redis-server or valkey-server" : null);

describe.skipIf(noRedis !== null)(`with Redis${noRedis === null ? "" : ` (skipped: ${noRedis})`}`, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start(REDIS_HOST, await freePort(REDIS_HOST));
  });
  afterAll(async () => {
    await redis?.stop();
    await cluster?.stop();
  });

  test("two storages keep one content; without Redis they go on, and find each other's again when it is back", async () => {
    const lines = [ON, "duplicate_index = redis", `redis_server = ${REDIS_HOST}:${redis.port}`];
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 2, storageLines: lines });
    client = cluster.client();
    const content = randomBytes(MB);
    const ids = await uploadMany(content, 60);
    const bytes = () => Math.max(...cluster.storages.map(storedBytes));
    // Of two that came first at once both stay, and what was stored before index and owner had answered for the first time is
    // counted as a miss. A copy on its way is there twice for a moment.
    const missesNow = async () =>
      (await Promise.all(cluster.storages.map(report))).reduce((sum, { misses }) => sum + misses, 0);
    let misses = 0;
    await until("each has the content once or twice", async () => {
      misses = await missesNow();
      const isShared = (await Promise.all(cluster.storages.map(report))).some(({ found }) => found > 0);
      return isShared && bytes() <= (2 + misses) * MB + 200_000;
    });
    const { port } = redis;
    await redis.stop();
    const plain = await uploadMany(content, 5, 1);
    await until("misses are reported", async () => (await missesNow()) >= misses + 5);
    await removeAll(ids.slice(0, 10));
    redis = await RedisServer.start(REDIS_HOST, port);
    // It has forgotten everything: what stood there stays readable, new uploads are found again.
    // Reports are a second old, so they are compared with those of before all.
    const before = await Promise.all(cluster.storages.map(report));
    await until("equal files are found again", async () => {
      plain.push(...(await uploadMany(content, 4, 1)));
      const after = await Promise.all(cluster.storages.map(report));
      return after.some(({ found }, at) => found > before[at]!.found);
    });
    for (const id of [...ids.slice(10), ...plain]) {
      expect(Buffer.from(await client.downloadBytes(id)).equals(content)).toBe(true);
    }
  }, 120_000);
});
