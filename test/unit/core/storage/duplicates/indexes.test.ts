// The three kinds of index: the embedded one on files, Redis against a real server where there is one, FastDHT against a
// small server of the test that follows trunk-dedup-recovery.md §2.7 and §2.8 (the real one is asked in test/interop).

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../../../core/net/free-port.ts";
import type { DuplicateIndex } from "../../../../../core/storage/duplicates/duplicate-index.ts";
import { EmbeddedIndex } from "../../../../../core/storage/duplicates/embedded-index.ts";
import { FastdhtIndex } from "../../../../../core/storage/duplicates/fastdht-index.ts";
import { RedisIndex } from "../../../../../core/storage/duplicates/redis-index.ts";
import { FakeFastdht } from "./fake-fastdht.ts";
import { checkIndex } from "./index-contract.ts";
import { bytes } from "./memory-index.ts";
import { RedisServer, redisProgram } from "./redis-server.ts";

const HOST = "127.0.91.21";
const OTHER_HOST = "127.0.91.22";
const key = bytes("g1/M00/00/00/name");
const open: DuplicateIndex[] = [];
const opened = <T extends DuplicateIndex>(index: T): T => {
  open.push(index);
  return index;
};
afterEach(() => {
  for (const index of open.splice(0)) index.close();
});

describe("embedded", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fdfs-index-"));
    path = join(folder, "duplicates.db");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const embedded = (namespace = "FastDFS", flushes = false) => opened(new EmbeddedIndex(path, namespace, flushes));

  test("does what an index does, for several workers", () => checkIndex(embedded(), [embedded(), embedded()]));
  test("also when it flushes", () => checkIndex(embedded("FastDFS", true), []));

  test("keeps namespaces apart, and entries when it is closed", async () => {
    const index = embedded();
    await index.set(key, "ref", bytes("7"));
    expect(await embedded("other").get(key, "ref")).toBeNull();
    index.close();
    await expect(index.get(key, "ref")).rejects.toMatchObject({ name: "IndexError" });
    expect(await embedded().get(key, "ref")).toEqual(bytes("7"));
  });

  test("a locked file is reported, nothing was done, and it goes on afterwards", async () => {
    const index = embedded();
    await index.set(key, "ref", bytes("7"));
    const lock = new Database(path);
    lock.exec("BEGIN EXCLUSIVE");
    await expect(index.increment(key, "ref", 1)).rejects.toMatchObject({ status: 16, mayBeDone: false });
    lock.exec("COMMIT");
    lock.close();
    expect(await index.increment(key, "ref", 1)).toBe(8);
  });

  test("what is no database is reported, and used again when it is replaced", async () => {
    writeFileSync(path, "no database at all, but long enough to be looked at".repeat(50));
    const index = embedded();
    await expect(index.get(key, "fid")).rejects.toMatchObject({ name: "IndexError", mayBeDone: false });
    rmSync(path);
    expect(await index.get(key, "fid")).toBeNull();
  });

  test("a folder that is missing is reported", async () => {
    const index = opened(new EmbeddedIndex(join(folder, "none", "x.db"), "n", false));
    await expect(index.get(key, "fid")).rejects.toMatchObject({ status: 2 });
    chmodSync(folder, 0o755);
  });
});

describe("fastdht", () => {
  let server: FakeFastdht;
  const times = { connectTimeoutMs: 500, networkTimeoutMs: 500, localAddresses: [] };
  beforeEach(async () => {
    server = await FakeFastdht.start(HOST, await freePort(HOST));
  });
  afterEach(() => server.stop());
  const fastdht = (keepAlive: boolean) =>
    opened(new FastdhtIndex("FastDFS", { groups: [[server.address]], keepAlive, ...times }));

  for (const keepAlive of [true, false]) {
    test(`does what an index does, ${keepAlive ? "over kept connections" : "a connection a call"}`, async () => {
      await checkIndex(fastdht(keepAlive), [fastdht(keepAlive)]);
      if (keepAlive) expect(server.accepted).toBeLessThan(40);
      else expect(server.accepted).toBeGreaterThan(120);
    });
  }

  test("a server that is gone says so; it is used again when it is back", async () => {
    const index = fastdht(false);
    await index.set(key, "ref", bytes("1"));
    server.stop();
    await expect(index.increment(key, "ref", 1)).rejects.toMatchObject({ status: 111, mayBeDone: false });
    server = await FakeFastdht.start(HOST, server.port);
    expect(await index.get(key, "ref")).toBeNull();
  });

  test("a server that does not answer: an addition may have been done, and is not repeated", async () => {
    server.isSilent = () => true;
    await expect(fastdht(false).increment(key, "ref", 1)).rejects.toMatchObject({ status: 110, mayBeDone: true });
    expect(server.requests).toBe(1);
  });

  test("groups follow from the hash, another server of the group stands in", async () => {
    const second = await FakeFastdht.start(OTHER_HOST, server.port);
    const groups = [[second.address, server.address], [second.address]];
    const index = opened(new FastdhtIndex("FastDFS", { groups, keepAlive: true, ...times }));
    const signature = Uint8Array.from(Buffer.from("0000000000000bb865feb5e4494e3d6a457957f891ab2a32", "hex"));
    // Hash 819923470: group 0 of 2; r = 168702175: the second one, by address, of two.
    await index.set(signature, "fid", key);
    expect([server.requests, second.requests]).toEqual([0, 1]);
    second.stop();
    expect(await index.get(signature, "fid")).toBeNull();
    expect(server.requests).toBe(1);
  });

  test("a refusal is an error with the server's status", async () => {
    server.status = 22;
    await expect(fastdht(true).get(key, "fid")).rejects.toMatchObject({ status: 22, mayBeDone: false });
  });
});

describe.skipIf(redisProgram() === null)("redis (skipped without redis-server or valkey-server)", () => {
  let server: RedisServer;
  const times = { connectTimeoutMs: 1000, networkTimeoutMs: 1000 };
  const address = (extra = {}) => ({ host: HOST, port: server.port, user: "", password: "", database: 0, ...extra });
  afterEach(() => server.stop());

  test("does what an index does", async () => {
    server = await RedisServer.start(HOST, await freePort(HOST));
    const redis = () => opened(new RedisIndex(address(), "FastDFS", times));
    await checkIndex(redis(), [redis(), redis()]);
  });

  test("password and database", async () => {
    server = await RedisServer.start(HOST, await freePort(HOST), ["--requirepass", "secret"]);
    const redis = (extra: object) => opened(new RedisIndex(address(extra), "FastDFS", times));
    await expect(redis({}).get(key, "fid")).rejects.toMatchObject({ status: 13 });
    await expect(redis({ password: "wrong" }).get(key, "fid")).rejects.toMatchObject({ status: 13 });
    await redis({ password: "secret", database: 3 }).set(key, "fid", key);
    expect(await redis({ password: "secret", user: "default", database: 3 }).get(key, "fid")).toEqual(key);
    expect(await redis({ password: "secret" }).get(key, "fid")).toBeNull();
  });

  test("killed and started again", async () => {
    const port = await freePort(HOST);
    server = await RedisServer.start(HOST, port);
    const index = opened(new RedisIndex(address(), "FastDFS", times));
    expect(await index.increment(key, "ref", 1)).toBe(1);
    await server.stop();
    await expect(index.increment(key, "ref", 1)).rejects.toMatchObject({ name: "IndexError", status: 111 });
    server = await RedisServer.start(HOST, port);
    expect(await index.increment(key, "ref", 1)).toBe(1);
  });
});
