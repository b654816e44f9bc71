// A tracker without groups takes over the files of another one before its first storage joins (tracker.md §7.6): from our
// tracker, and from one played by the test that breaks every promise. Addresses 127.0.30.x.

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { activeStorage, eventually, frame, int64, joinFrame, padded, TestTracker } from "../harness.ts";

const FRESH = "127.0.30.61";
const STORAGE = "127.0.30.71";
const group = padded("group1", 16);
const files = [
  "storage_groups_new.dat",
  "storage_servers_new.dat",
  "storage_sync_timestamp.dat",
  "storage_changelog.dat",
] as const;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function tracker(host: string, overrides: Parameters<typeof TestTracker.start>[1] = {}, startTime?: number) {
  const started = await TestTracker.start(host, { connectTimeoutSeconds: 1, ...overrides }, startTime);
  cleanups.push(() => started.stop());
  return started;
}

const addressOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

/** STORAGE_JOIN as a storage that has been ACTIVE before; its list has these trackers. */
const rejoin = (...trackers: { host: string; port: number }[]): Buffer =>
  joinFrame({ trackers: trackers.map(addressOf), initFlag: 0, status: 7 });

type Reply = Buffer | number | null;

/** A tracker of the test's making: what it answers to a command; null: nothing at all. */
async function played(host: string, answer: (command: number, body: Buffer) => Reply) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 10) {
        const length = 10 + Number(received.readBigInt64BE());
        if (received.length < length) return;
        const reply = answer(received[8]!, received.subarray(10, length));
        received = received.subarray(length);
        if (reply === null) continue;
        const packet = frame(100, typeof reply === "number" ? "" : reply);
        packet[9] = typeof reply === "number" ? reply : 0;
        socket.write(packet);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host, port: (server.address() as { port: number }).port };
}

const LEADS = Buffer.concat([Buffer.from([1]), int64(3000), int64(0)]);

describe("a new tracker", () => {
  test("knows what the other one knew before its first join is answered", async () => {
    const known = await tracker("127.0.30.62");
    const storage = await activeStorage(known, STORAGE);
    await storage.ask(frame(83));
    const fresh = await tracker(FRESH);
    const second = await fresh.open(STORAGE);
    const joined = await second.ask(rejoin(fresh, known));
    // OFFLINE in the files, ONLINE by this join.
    expect([joined[9], joined[10]]).toEqual([0, 6]);
    for (const name of files.slice(0, 1))
      expect(readFileSync(join(fresh.basePath, "data", name), "utf8")).toBe(
        readFileSync(join(known.basePath, "data", name), "utf8"),
      );
    const client = await fresh.open("127.0.30.79");
    const list = await client.ask(frame(92, group));
    expect(list.toString("latin1", 10 + 18, 10 + 18 + STORAGE.length)).toBe(STORAGE);
    // The joining connection is the storage's: it serves with its next beat.
    await second.ask(frame(83));
    expect((await client.ask(frame(92, group)))[10]).toBe(7);
    await second.close();
    await eventually(async () => (await client.ask(frame(92, group)))[10] === 5);
  });

  test("starts on its own where the others know nothing or cannot be reached", async () => {
    const empty = await tracker("127.0.30.62");
    const fresh = await tracker(FRESH);
    const storage = await fresh.open(STORAGE);
    const gone = { host: "127.0.30.63", port: 1 };
    expect(await storage.status(joinFrame({ trackers: [fresh, empty, gone].map(addressOf) }))).toBe(0);
  });

  test("answers others while it waits, and one that hangs delays the join by the connect timeout at most", async () => {
    const silent = await played("127.0.30.62", () => null);
    const fresh = await tracker(FRESH);
    const storage = await fresh.open(STORAGE);
    const startedAt = Date.now();
    const joining = storage.ask(joinFrame({ trackers: [fresh, silent].map(addressOf) }));
    const client = await fresh.open("127.0.30.79");
    expect(await client.status(frame(111))).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(900);
    expect((await joining)[9]).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(2500);
  });

  test("a join that did not wait is not carried out", async () => {
    const silent = await played("127.0.30.62", () => null);
    const fresh = await tracker(FRESH);
    const storage = await fresh.open(STORAGE);
    storage.ask(joinFrame({ trackers: [fresh, silent].map(addressOf) })).catch(() => {});
    const client = await fresh.open("127.0.30.79");
    await client.ask(frame(111));
    await storage.close();
    const second = await fresh.open(STORAGE);
    expect(await second.status(joinFrame({ trackers: [addressOf(fresh)], group: "group2" }))).toBe(0);
    expect(await client.status(frame(92, group))).toBe(2);
  });
});

describe("the copy", () => {
  /** The files of a tracker that knows one storage. */
  async function contents(): Promise<Buffer[]> {
    const basePath = mkdtempSync(join(tmpdir(), "fdfs-copy-"));
    cleanups.push(() => rmSync(basePath, { recursive: true, force: true }));
    const known = await TestTracker.start("127.0.30.63", { basePath });
    await activeStorage(known, STORAGE);
    await known.stop();
    const paths = files.map((name) => join(basePath, "data", name));
    return paths.map((path) => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0)));
  }

  /** Serves files in parts of 100 bytes; `change` may spoil an answer to 63. */
  function serving(
    all: readonly Buffer[],
    change: (part: Buffer, index: number, offset: number, asked: number) => Reply,
  ) {
    let asked = 0;
    return (command: number, body: Buffer): Reply => {
      if (command === 64) return LEADS;
      if (command !== 63) return 0;
      const [index, offset] = [body[0]!, Number(body.readBigInt64BE(1))];
      const file = all[index]!;
      const part = Buffer.concat([int64(file.length), file.subarray(offset, offset + 100)]);
      return change(part, index, offset, ++asked);
    };
  }

  async function joinWith(
    answer: (command: number, body: Buffer) => Reply,
  ): Promise<{ status: number; lists: number }> {
    const other = await played("127.0.30.62", answer);
    const fresh = await tracker(FRESH);
    const storage = await fresh.open(STORAGE);
    const status = await storage.status(rejoin(fresh, other));
    const client = await fresh.open("127.0.30.79");
    return { status, lists: await client.status(frame(92, group)) };
  }

  test("reads again what grew while it was read", async () => {
    const all = await contents();
    let spoilt = 0;
    const answer = serving(all, (part, _index, offset) => {
      if (offset !== 100 || spoilt > 0) return part;
      spoilt++;
      const grown = Buffer.from(part);
      grown.writeBigInt64BE(part.readBigInt64BE() + 1n);
      return grown;
    });
    expect(await joinWith(answer)).toEqual({ status: 0, lists: 0 });
    expect(spoilt).toBe(1);
  });

  test("a copy that makes no sense, or breaks off, is refused with 11 and nothing is replaced", async () => {
    const nonsense = files.map(() => Buffer.from("nonsense\n"));
    expect(await joinWith(serving(nonsense, (part) => part))).toEqual({ status: 11, lists: 2 });
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    const breaksOff = serving(nonsense, () => 5);
    expect(await joinWith(breaksOff)).toEqual({ status: 11, lists: 2 });
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect(await joinWith((command) => (command === 64 ? LEADS : 16))).toEqual({ status: 11, lists: 2 });
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect(await joinWith(() => 22)).toEqual({ status: 11, lists: 2 });
  });
});

describe("a tracker with files of its own", () => {
  const START = 0x6b011530;

  /** A tracker that knows group1, was last alive `awaySeconds` before its start, beside one that knows nothing of it. */
  async function returning(awaySeconds: number, other: (command: number, body: Buffer) => Reply): Promise<number> {
    const basePath = mkdtempSync(join(tmpdir(), "fdfs-copy-"));
    cleanups.push(() => rmSync(basePath, { recursive: true, force: true }));
    const before = await TestTracker.start(FRESH, { basePath });
    await activeStorage(before, STORAGE);
    await before.stop();
    writeFileSync(join(basePath, "data", ".tracker_status"), `up_time=1\nlast_check_time=${START - awaySeconds}\n`);
    const beside = await played("127.0.30.62", other);
    const back = await tracker(FRESH, { basePath }, START);
    const storage = await back.open(STORAGE);
    return storage.status(rejoin(back, beside));
  }

  test("copies after more than 600 seconds, and only from one that ranks higher", async () => {
    let copies = 0;
    const standing =
      (status: Buffer) =>
      (command: number): Reply => {
        if (command === 64) return status;
        if (command === 61) copies++;
        return 5;
      };
    const short = Buffer.concat([Buffer.from([0]), int64(0), int64(1200)]);
    expect([await returning(600, standing(LEADS)), copies]).toEqual([0, 0]);
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect([await returning(900, standing(short)), copies]).toEqual([0, 0]);
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect([await returning(900, standing(LEADS)), copies]).toEqual([11, 1]);
  });
});
