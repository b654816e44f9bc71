// Our storages under our trackers, in one process: they become ACTIVE, survive the trackers' end, and find each other.
// Addresses 127.0.48.x.

import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StorageSettings, storageDefaults, trackerDefaults } from "../../conf/index.ts";
import { ClientConnection } from "../../core/net/client-connection.ts";
import { freePort } from "../../core/net/free-port.ts";
import { silentLogger } from "../../core/observe/logger.ts";
import { type StorageServer, startStorage } from "../../core/storage/server.ts";
import { startTracker, type TrackerServer } from "../../core/tracker/server.ts";
import { decodeResponse, encodeRequest } from "../../core/wire/command.ts";
import { StorageStatus } from "../../core/wire/storage-status.ts";
import { getStorageStatus } from "../../core/wire/tracker-lookup.ts";
import { queryStoreWithoutGroupOne } from "../../core/wire/tracker-query.ts";
import { exchange } from "./support/raw.ts";

const TRACKER = "127.0.48.1";
const SECOND_TRACKER = "127.0.48.3";
const POLL_MS = 50;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "fdfs-control-"));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function trackerAt(host: string, port: number, basePath: string): Promise<TrackerServer> {
  const settings = trackerDefaults({
    basePath,
    bindAddr: host,
    port,
    reservedStorageSpace: { kind: "mb", mb: 1 },
  });
  const server = await startTracker(settings, { log: silentLogger });
  cleanups.push(() => server.stop());
  return server;
}

function storageSettings(host: string, port: number, trackers: [host: string, port: number][]): StorageSettings {
  const basePath = folder();
  const path = join(basePath, "path0");
  mkdirSync(path);
  return storageDefaults({
    basePath,
    bindAddr: host,
    port,
    groupName: "group1",
    workThreads: 1,
    subdirCountPerPath: 2,
    heartBeatIntervalSeconds: 1,
    statReportIntervalSeconds: 1,
    storePaths: [{ path, isReadOnly: false }],
    trackerServers: trackers.map(([trackerHost, trackerPort]) => ({ hosts: [trackerHost], port: trackerPort })),
  });
}

async function storageWith(settings: StorageSettings): Promise<StorageServer> {
  const server = await startStorage(settings, { log: silentLogger });
  cleanups.push(() => server.stop());
  return server;
}

/** Status of `storage` (`ip:port`) as the tracker knows it; -1 when it knows none or does not answer. */
async function statusAt(host: string, port: number, storage: string): Promise<number> {
  try {
    const connection = await ClientConnection.open({ host, port, connectTimeoutMs: 2000, networkTimeoutMs: 2000 });
    const request = encodeRequest(getStorageStatus, { groupName: "group1", host: storage });
    const { status, body } = await connection.request(request).finally(() => connection.destroy());
    return status === 0 ? decodeResponse(getStorageStatus, body).status : -1;
  } catch {
    return -1;
  }
}

async function untilStatus(tracker: string, port: number, storage: string, wanted: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (let status = -1; status !== wanted; ) {
    status = await statusAt(tracker, port, storage);
    if (Date.now() > deadline) throw new Error(`${storage} is ${status} at ${tracker}, waited for ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

test("a storage becomes ACTIVE, takes an upload, and leaves as OFFLINE", async () => {
  const port = await freePort(TRACKER);
  await trackerAt(TRACKER, port, folder());
  const storage = await storageWith(storageSettings("127.0.48.2", 0, [[TRACKER, port]]));
  const name = `127.0.48.2:${storage.port}`;
  await untilStatus(TRACKER, port, name, StorageStatus.ACTIVE);
  const { bytes } = await exchange(TRACKER, port, encodeRequest(queryStoreWithoutGroupOne, {}), 50);
  const target = decodeResponse(queryStoreWithoutGroupOne, bytes.subarray(10));
  expect(target).toMatchObject({ groupName: "group1", ipAddress: "127.0.48.2", port: storage.port });
  // storage.md §11.1.
  const upload = Buffer.from("000000000000001d0b00ff000000000000000e74787400000068656c6c6f20666173746466730a", "hex");
  expect((await exchange(target.ipAddress, target.port, upload, 70)).bytes[9]).toBe(0);
  await storage.stop();
  await untilStatus(TRACKER, port, name, StorageStatus.OFFLINE);
});

test("trackers that come and go: the storage serves on and is ACTIVE at both again", async () => {
  const ports = [await freePort(TRACKER), await freePort(SECOND_TRACKER)] as const;
  const folders = [folder(), folder()] as const;
  const first = await trackerAt(TRACKER, ports[0], folders[0]);
  const second = await trackerAt(SECOND_TRACKER, ports[1], folders[1]);
  const settings = storageSettings("127.0.48.2", 0, [
    [TRACKER, ports[0]],
    [SECOND_TRACKER, ports[1]],
  ]);
  const storage = await storageWith(settings);
  const name = `127.0.48.2:${storage.port}`;
  await untilStatus(TRACKER, ports[0], name, StorageStatus.ACTIVE);
  await untilStatus(SECOND_TRACKER, ports[1], name, StorageStatus.ACTIVE);
  await first.stop();
  await untilStatus(SECOND_TRACKER, ports[1], name, StorageStatus.ACTIVE);
  await second.stop();
  await trackerAt(TRACKER, ports[0], folders[0]);
  await trackerAt(SECOND_TRACKER, ports[1], folders[1]);
  await untilStatus(TRACKER, ports[0], name, StorageStatus.ACTIVE);
  await untilStatus(SECOND_TRACKER, ports[1], name, StorageStatus.ACTIVE);
}, 60_000);

test("a second storage of the group is filled by the first, and both know each other", async () => {
  const port = await freePort(TRACKER);
  await trackerAt(TRACKER, port, folder());
  const one = await storageWith(storageSettings("127.0.48.2", 0, [[TRACKER, port]]));
  await untilStatus(TRACKER, port, `127.0.48.2:${one.port}`, StorageStatus.ACTIVE);
  const two = await storageWith(storageSettings("127.0.48.4", one.port, [[TRACKER, port]]));
  await untilStatus(TRACKER, port, `127.0.48.4:${one.port}`, StorageStatus.ACTIVE);
  const knows = (server: StorageServer): string =>
    server
      .members()
      .map(({ id, status }) => `${id} ${status}`)
      .join();
  const both = `127.0.48.2 ${StorageStatus.ACTIVE},127.0.48.4 ${StorageStatus.ACTIVE}`;
  const deadline = Date.now() + 10_000;
  while ((knows(one) !== both || knows(two) !== both) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  expect([knows(one), knows(two)]).toEqual([both, both]);
});
