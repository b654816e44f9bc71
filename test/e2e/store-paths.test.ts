// Store paths that come and go between restarts, and one that takes no new files. Addresses 127.0.46.10 and 11.

import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageDefaults, trackerDefaults } from "../../conf/index.ts";
import { createClient, type FdfsClient } from "../../core/client/index.ts";
import { freePort } from "../../core/net/free-port.ts";
import { createLogger } from "../../core/observe/logger.ts";
import { type StorageServer, startStorage } from "../../core/storage/server.ts";
import { startTracker } from "../../core/tracker/server.ts";

const TRACKER = "127.0.46.10";
const STORAGE = "127.0.46.11";
const cleanups: (() => unknown)[] = [];
const lines: string[] = [];
const log = createLogger("DEBUG", (line) => lines.push(line));

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Site {
  readonly client: FdfsClient;
  start(...paths: readonly { readonly index: number; readonly isReadOnly?: boolean }[]): Promise<StorageServer>;
}

/** A tracker, and a storage that can be started with any of three folders as its store paths. */
async function site(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-paths-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["tracker", "base", "p0", "p1", "p2"]) mkdirSync(join(folder, name));
  const trackerPort = await freePort(TRACKER);
  const reserved = { kind: "mb", mb: 1 } as const;
  const trackerSettings = { basePath: join(folder, "tracker"), bindAddr: TRACKER, port: trackerPort };
  const tracker = await startTracker(trackerDefaults({ ...trackerSettings, reservedStorageSpace: reserved }), { log });
  cleanups.push(() => tracker.stop());
  const client = createClient({ trackers: [{ hosts: [TRACKER], port: trackerPort }] });
  cleanups.push(() => client.close());
  const port = await freePort(STORAGE);
  return {
    client,
    async start(...paths) {
      const settings = storageDefaults({
        basePath: join(folder, "base"),
        bindAddr: STORAGE,
        port,
        groupName: "group1",
        workThreads: 1,
        subdirCountPerPath: 2,
        heartBeatIntervalSeconds: 1,
        statReportIntervalSeconds: 1,
        storePaths: paths.map(({ index, isReadOnly = false }) => ({ path: join(folder, `p${index}`), isReadOnly })),
        trackerServers: [{ hosts: [TRACKER], port: trackerPort }],
      });
      const server = await startStorage(settings, { log });
      cleanups.push(() => server.stop());
      await server.whenJoined();
      return server;
    },
  };
}

/** Uploads until every wanted store path has one; returns the IDs by store path. */
async function uploadTo(client: FdfsClient, wanted: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const deadline = Date.now() + 20_000;
  while (wanted.some((path) => !found.has(path))) {
    if (Date.now() > deadline) throw new Error(`no upload went to ${wanted.join(" and ")}: ${[...found.values()]}`);
    const id = await client.uploadBytes(Buffer.from(`content ${found.size}`), { ext: "txt" });
    found.set(id.split("/")[1]!, id);
  }
  return found;
}

test("a store path is added, taken away and put back: its files are served again", async () => {
  const { client, start } = await site();
  let storage = await start({ index: 0 });
  const first = await uploadTo(client, ["M00"]);
  await storage.stop();

  storage = await start({ index: 0 }, { index: 1 });
  const second = await uploadTo(client, ["M00", "M01"]);
  expect(Buffer.from(await client.downloadBytes(first.get("M00")!)).toString()).toContain("content");
  await storage.stop();

  storage = await start({ index: 0 });
  const failure = await client.downloadBytes(second.get("M01")!).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  await uploadTo(client, ["M00"]);
  await storage.stop();

  await start({ index: 0 }, { index: 1 });
  expect(Buffer.from(await client.downloadBytes(second.get("M01")!)).toString()).toContain("content");
  expect(lines.join("\n")).toContain("its files are served again");
}, 60_000);

test("a read-only store path takes no uploads, and its files can be read, changed and deleted", async () => {
  const { client, start } = await site();
  let storage = await start({ index: 0 }, { index: 1 });
  const files = await uploadTo(client, ["M00", "M01"]);
  await storage.stop();

  storage = await start({ index: 0, isReadOnly: true }, { index: 1 });
  for (let round = 0; round < 8; round++) {
    expect(await client.uploadBytes(Buffer.from("x"), { ext: "txt" })).toContain("/M01/");
  }
  const old = files.get("M00")!;
  expect(Buffer.from(await client.downloadBytes(old)).toString()).toContain("content");
  await client.delete(old);
  const failure = await client.downloadBytes(old).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
}, 60_000);
