// The control plane of a storage against trackers that a test scripts: what it asks in which order, how it takes trouble,
// what it leaves on disk. Addresses 127.0.46.x.

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StorageSettings, storageDefaults } from "../../conf/index.ts";
import { createLogger } from "../../core/observe/logger.ts";
import { type StorageServer, startStorage } from "../../core/storage/server.ts";
import { storageBrief } from "../../core/wire/tracker-report.ts";
import { FakeTracker } from "../unit/core/storage/control/fake-tracker.ts";
import { exchange, packet } from "./support/raw.ts";

const HOST = "127.0.46.2";
const ACTIVE = 7;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function fakeTracker(host: string): Promise<FakeTracker> {
  const tracker = new FakeTracker(host);
  await tracker.start();
  cleanups.push(() => tracker.stop());
  return tracker;
}

/** Settings of a small storage in a fresh folder. */
function settingsFor(trackers: readonly FakeTracker[], overrides: Partial<StorageSettings> = {}): StorageSettings {
  const basePath = mkdtempSync(join(tmpdir(), "fdfs-control-"));
  cleanups.push(() => rmSync(basePath, { recursive: true, force: true }));
  const path = join(basePath, "path0");
  mkdirSync(path);
  return storageDefaults({
    basePath,
    bindAddr: HOST,
    port: 0,
    groupName: "group1",
    workThreads: 1,
    subdirCountPerPath: 2,
    heartBeatIntervalSeconds: 1,
    statReportIntervalSeconds: 1,
    connectTimeoutSeconds: 2,
    networkTimeoutSeconds: 5,
    storePaths: [{ path, isReadOnly: false }],
    trackerServers: trackers.map(({ host, port }) => ({ hosts: [host], port })),
    ...overrides,
  });
}

const lines: string[] = [];

async function storageOf(settings: StorageSettings, signal?: AbortSignal): Promise<StorageServer> {
  lines.length = 0;
  const log = createLogger("DEBUG", (line) => lines.push(line));
  const server = await startStorage(settings, { log, ...(signal === undefined ? {} : { signal }) });
  cleanups.push(() => server.stop());
  return server;
}

const flagOf = (settings: StorageSettings): string =>
  readFileSync(join(settings.basePath, "data", ".data_init_flag"), "utf8");

/** An answer of a report with the group's members. */
function members(...list: [id: string, status: number][]): Buffer {
  const briefs = list.map(([id, status]) => storageBrief.format({ id, status, port: 23000, ipAddress: id }));
  return Buffer.concat([Buffer.from([4]), ...briefs]);
}

/** An answer of a report that announces the leader. */
function leader({ host, port }: FakeTracker): Buffer {
  return Buffer.concat([
    Buffer.from([1]),
    storageBrief.format({ id: host.slice(0, 15), status: 0, port, ipAddress: host }),
  ]);
}

describe("start", () => {
  test("asks in C's order, then joins, reports and keeps what it learned", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker]);
    const server = await storageOf(settings);
    await server.whenJoined();
    await tracker.request(83, 1);
    expect(tracker.commands.filter((command) => command !== 82).slice(0, 7)).toEqual([60, 75, 60, 81, 87, 88, 83]);
    expect(tracker.commands).toContain(84);
    expect(server.id).toBe(HOST);
    // GET_MY_IP: group 17 bytes, port i32 (tracker.md §10 example 18).
    const question = tracker.of(60)[0]!.body;
    expect(question.length).toBe(21);
    expect(question.readInt32BE(17)).toBe(server.port);
    const flag = flagOf(settings);
    expect(flag).toContain("sync_old_done=1\nsync_src_server=\nsync_until_timestamp=0\nlast_ip_addr=127.0.46.2\n");
    const mark = readFileSync(join(settings.storePaths[0]!.path, "data", ".fastdfs_vars"), "utf8");
    expect(flag).toContain(mark.replace("store_path_mark=", "store_path_mark0="));
    expect(readFileSync(join(settings.basePath, "data", "sync", "binlog_index.dat"), "utf8")).toBe(
      "current_write=0\ncurrent_compress=0\n",
    );
    expect(readdirSync(join(settings.storePaths[0]!.path, "data")).sort()).toEqual([".fastdfs_vars", "00", "01"]);
  });

  test("the JOIN is the captured one with this storage's facts in it", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker]);
    const server = await storageOf(settings);
    const { body } = await tracker.request(81);
    // tracker.md §10 example 8; port, counts, times, addresses and the list differ.
    const golden = Buffer.from(
      `67726f757031${"00".repeat(11)}000000000000571d00000000000000020000000000000002000000000000000a` +
        `000000006b011531000000006b011531362e31362e31000001ff${"00".repeat(16)}`,
      "hex",
    );
    golden.writeBigInt64BE(BigInt(server.port), 17);
    golden.writeBigInt64BE(1n, 25);
    body.subarray(49, 65).copy(golden, 49);
    golden[74] = 0;
    expect(body.subarray(0, 91)).toEqual(golden.subarray(0, 91));
    const nowSeconds = Date.now() / 1000;
    for (const offset of [49, 57]) expect(Math.abs(Number(body.readBigInt64BE(offset)) - nowSeconds)).toBeLessThan(60);
    expect(body.toString("latin1", 91, 137)).toBe("127.0.46.1".padEnd(46, "\0"));
    expect(body.readBigInt64BE(137)).toBe(1n);
    expect(body.toString("latin1", 145)).toBe(`127.0.46.1:${tracker.port}\n`);
  });

  test("without a tracker it waits, says why, starts when one comes, and can be stopped before", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker]);
    await tracker.stop();
    const abort = new AbortController();
    const first = storageOf(settings, abort.signal);
    while (!lines.some((line) => line.includes("no tracker has answered"))) await new Promise((r) => setTimeout(r, 10));
    expect(lines.join("\n")).toContain(`127.0.46.1:${tracker.port}: connection refused`);
    abort.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    const second = storageOf(settings);
    await tracker.start();
    expect((await second).groupName).toBe("group1");
  });

  test("a tracker that accepts and never answers does not hold up the start", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const silent = net.createServer(() => {}).listen(0, "127.0.46.3");
    await new Promise((resolve) => silent.once("listening", resolve));
    cleanups.push(() => silent.close());
    const { port } = silent.address() as net.AddressInfo;
    const settings = settingsFor([tracker], { networkTimeoutSeconds: 30 });
    const trackerServers = [...settings.trackerServers, { hosts: ["127.0.46.3"], port }];
    const server = await storageOf({ ...settings, trackerServers });
    await server.whenJoined();
    expect(lines.join("\n")).toContain("a tracker does not answer");
  });

  test("the group comes from the tracker where the settings have none", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    tracker.answers.set(109, () => ({ body: Buffer.from("group7".padEnd(16, "\0")) }));
    const server = await storageOf(settingsFor([tracker], { groupName: "" }));
    expect(server.groupName).toBe("group7");
    tracker.answers.set(109, () => ({ status: 95 }));
    await expect(storageOf(settingsFor([tracker], { groupName: "" }))).rejects.toThrow(
      "set group_name in storage.conf",
    );
  });

  test("with storage ids the id comes from the list, or the tracker is asked", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    tracker.parameters = "use_storage_id=1\nid_type_in_filename=id\nresponse_ip_addr_size=16\n";
    const ids = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]), Buffer.from(`100007 group1 ${HOST}:23000\n`)]);
    tracker.answers.set(69, () => ({ body: ids }));
    tracker.answers.set(70, () => ({ body: Buffer.from("100007") }));
    const server = await storageOf(settingsFor([tracker]));
    expect(server.id).toBe("100007");
    expect(tracker.of(70)[0]!.body.toString("latin1", 16)).toBe(`${HOST}:${server.port}`);
    const join = await tracker.request(81);
    expect(join.body.toString("latin1", 75, 91)).toBe("100007".padEnd(16, "\0"));
    tracker.answers.set(70, () => ({ status: 2 }));
    await expect(storageOf(settingsFor([tracker]))).rejects.toThrow("to the tracker's storage_ids.conf");
  });

  test("a changed address is reported before anything else, and the changelog read", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    tracker.parameters = "storage_ip_changed_auto_adjust=1\nresponse_ip_addr_size=16\n";
    tracker.answers.set(78, () => ({ status: 114 }));
    // The store path is empty although the storage had files: it asks whether they are to be recovered.
    tracker.answers.set(71, () => ({ status: 2 }));
    const log = "1795233229 group1 127.0.46.77 4 \n";
    tracker.answers.set(77, ({ body }) => (body.length === 32 ? { body: Buffer.from(log) } : {}));
    const settings = settingsFor([tracker]);
    const sync = join(settings.basePath, "data", "sync");
    mkdirSync(sync, { recursive: true });
    writeFileSync(join(sync, "127.0.46.77_23000.mark"), "");
    writeFileSync(
      join(settings.basePath, "data", ".data_init_flag"),
      "storage_join_time=5\nsync_old_done=1\nsync_src_server=127.0.46.77\nlast_ip_addr=127.0.46.99\n",
    );
    await storageOf(settings);
    const report = await tracker.request(78);
    const text = (offset: number, size: number): string =>
      report.body.toString("latin1", offset, offset + size).replace(/\0+$/, "");
    expect([report.body.length, text(0, 16), text(16, 46), text(62, 46)]).toEqual([108, "group1", "127.0.46.99", HOST]);
    await tracker.request(81);
    expect(tracker.commands.indexOf(78)).toBeLessThan(tracker.commands.indexOf(81));
    expect(flagOf(settings)).toContain(`storage_join_time=5\nsync_old_done=1\nsync_src_server=\n`);
    expect(flagOf(settings)).toContain(`last_ip_addr=${HOST}\n`);
    expect(readdirSync(sync).some((name) => /^127\.0\.46\.77_23000\.mark\.\d{14}$/.test(name))).toBe(true);
    // The joined form is empty and follows each heartbeat.
    await tracker.until("the joined changelog request", () => tracker.of(77).some(({ body }) => body.length === 0));
  });
});

describe("start is refused", () => {
  test("a missing store path", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker], { storePaths: [{ path: "/nowhere/at/all", isReadOnly: false }] });
    await expect(storageOf(settings)).rejects.toThrow(
      "Cannot start: store_path0 = /nowhere/at/all: ENOENT; create the folder or mount the disk",
    );
  });

  test("a store path with another storage's mark", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker]);
    const data = join(settings.storePaths[0]!.path, "data");
    mkdirSync(data);
    const mark = "MTI3LjAuNTAuMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP5bAAAAAJQ0AWs";
    writeFileSync(join(data, ".fastdfs_vars"), `store_path_mark=${mark}\n`);
    await expect(storageOf(settings)).rejects.toThrow(
      "is marked as store path 0 of 127.0.50.2:23550, since 2026-11-21",
    );
    const server = await storageOf({ ...settings, checkStorePathMark: false });
    await server.whenJoined();
  });

  test("a port that another server has", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const other = net.createServer().listen(0, HOST);
    await new Promise((resolve) => other.once("listening", resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as net.AddressInfo;
    await expect(storageOf(settingsFor([tracker], { port }))).rejects.toThrow(
      `Cannot listen on ${HOST}:${port}: EADDRINUSE; another server has it`,
    );
    const first = await storageOf(settingsFor([tracker]));
    await expect(storageOf(settingsFor([tracker], { port: first.port }))).rejects.toThrow("EADDRINUSE");
  });

  test("trackers that see two storages in it", async () => {
    const one = await fakeTracker("127.0.46.1");
    const two = await fakeTracker("127.0.46.3");
    two.answers.set(60, () => ({ body: Buffer.from("127.0.46.88") }));
    await expect(storageOf(settingsFor([one, two]))).rejects.toThrow("the trackers do not agree who this is");
  });
});

describe("reports", () => {
  test("the statistics block is sent when something was counted, else nothing", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const server = await storageOf(settingsFor([tracker]));
    expect((await tracker.request(83, 0)).body.length).toBe(348);
    expect((await tracker.request(83, 1)).body.length).toBe(0);
    // storage.md §11.1.
    const upload = Buffer.from("000000000000001d0b00ff000000000000000e74787400000068656c6c6f20666173746466730a", "hex");
    expect((await exchange(HOST, server.port, upload, 70)).bytes[9]).toBe(0);
    await tracker.until("a block with the upload", () =>
      tracker.of(83).some(({ body }) => body.length === 348 && body.readBigInt64BE(12) === 1n),
    );
    const usage = await tracker.request(84);
    expect(usage.body.length).toBe(16);
    expect(usage.body.readBigInt64BE(0)).toBeGreaterThan(usage.body.readBigInt64BE(8));
  });

  test("a sync report follows data of another storage", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    tracker.answers.set(83, () => ({ body: members([HOST, ACTIVE], ["127.0.46.9", ACTIVE]) }));
    const server = await storageOf(settingsFor([tracker]));
    await tracker.request(83, 1);
    expect(tracker.of(89)).toEqual([]);
    const hello = packet(9, Buffer.from("127.0.46.9".padEnd(16, "\0")));
    const name = "M00/00/00/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
    const copy = Buffer.concat([Buffer.alloc(20), Buffer.from("group1".padEnd(16, "\0") + name), Buffer.from("x")]);
    copy.writeBigInt64BE(BigInt(name.length), 0);
    copy.writeBigInt64BE(1n, 8);
    copy.writeInt32BE(1795233167, 16);
    const answer = await exchange(HOST, server.port, Buffer.concat([hello, packet(16, copy)]), 20);
    expect([answer.bytes[9], answer.bytes[19]]).toEqual([0, 0]);
    const { body } = await tracker.request(89);
    const expected = Buffer.alloc(40);
    expected.write(HOST, 0);
    expected.write("127.0.46.9", 20);
    expected.writeInt32BE(1795233167, 36);
    expect(body).toEqual(expected);
  });

  test("a tracker that comes back is joined again, with what is known by then", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    tracker.answers.set(83, () => ({ body: members([HOST, ACTIVE]) }));
    const server = await storageOf(settingsFor([tracker]));
    await tracker.request(83, 1);
    await tracker.stop();
    await tracker.start();
    const { body } = await tracker.request(81, 1);
    // init_flag 0, status ACTIVE.
    expect([body[73], body[74]]).toEqual([0, ACTIVE]);
    expect(tracker.of(87).length).toBe(1);
    expect(server.members().map(({ status }) => status)).toEqual([ACTIVE]);
  });

  test("a refused heartbeat leads to a new join", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    await storageOf(settingsFor([tracker]));
    await tracker.request(83, 1);
    tracker.answers.set(83, () => ({ status: 13 }));
    await tracker.request(81, 1);
    expect(lines.join("\n")).toContain("Permission denied (13)");
  });

  test("a tracker that sets our status back hears the difference and is joined again", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    tracker.answers.set(83, () => ({ body: members([HOST, ACTIVE], ["127.0.46.9", ACTIVE]) }));
    await storageOf(settingsFor([tracker]));
    await tracker.request(83, 1);
    tracker.answers.set(83, () => ({ body: members([HOST, 1], ["127.0.46.9", ACTIVE]) }));
    const { body } = await tracker.request(85);
    expect(body).toEqual(Buffer.from(storageBrief.format({ id: HOST, status: ACTIVE, port: 23000, ipAddress: HOST })));
    await tracker.request(81, 1);
  });
});

describe("several trackers", () => {
  test("one chooses the source of the old files, the other is told", async () => {
    const one = await fakeTracker("127.0.46.1");
    const two = await fakeTracker("127.0.46.3");
    // tracker.md §10 example 9.
    const source = Buffer.from("3132372e302e302e3532000000000000000000006b01153e", "hex");
    for (const tracker of [one, two]) tracker.answers.set(87, () => ({ body: source }));
    const settings = settingsFor([one, two]);
    await storageOf(settings);
    await Promise.all([one.request(83), two.request(83)]);
    expect(one.of(87).length + two.of(87).length).toBe(1);
    for (const tracker of [one, two]) {
      expect(tracker.of(88).length).toBeGreaterThan(0);
      for (const { body } of tracker.of(88)) expect(body).toEqual(source);
    }
    expect(flagOf(settings)).toContain(
      "sync_old_done=1\nsync_src_server=127.0.0.52\nsync_until_timestamp=1795233086\n",
    );
    const statuses = [one, two].map((tracker) => tracker.of(81)[0]!.body.readInt8(74));
    expect(statuses).toContain(-1);
  });

  test("a follower is told the leader's opinion of us", async () => {
    const first = await fakeTracker("127.0.46.1");
    const follower = await fakeTracker("127.0.46.3");
    const joined = (status: number): Buffer => Buffer.concat([Buffer.from([status]), Buffer.alloc(16)]);
    first.answers.set(81, () => ({ body: joined(ACTIVE) }));
    first.answers.set(83, () => ({ body: leader(first) }));
    follower.answers.set(81, () => ({ body: joined(1) }));
    follower.answers.set(59, () => {
      follower.answers.set(81, () => ({ body: joined(5) }));
      return {};
    });
    await storageOf(settingsFor([first, follower]));
    expect((await follower.request(59)).body).toEqual(Buffer.from([ACTIVE]));
    await follower.request(81, 1);
    await follower.request(83, follower.of(83).length + 1);
    expect(follower.of(59).length).toBe(1);
  });

  test("two leaders are told to elect again", async () => {
    const one = await fakeTracker("127.0.46.1");
    const two = await fakeTracker("127.0.46.3");
    const status = Buffer.concat([Buffer.from([1]), Buffer.alloc(16)]);
    for (const tracker of [one, two]) tracker.answers.set(64, () => ({ body: status }));
    one.answers.set(83, () => ({ body: leader(one) }));
    await storageOf(settingsFor([one, two]));
    await one.request(83, 1);
    two.answers.set(83, () => ({ body: leader(two) }));
    await Promise.all([one.request(68), two.request(68)]);
  });

  test("one that is away is no reason not to serve", async () => {
    const one = await fakeTracker("127.0.46.1");
    const two = await fakeTracker("127.0.46.3");
    const settings = settingsFor([one, two]);
    await two.stop();
    const server = await storageOf(settings);
    await server.whenJoined();
    await two.start();
    const { body } = await two.request(81);
    expect(body.toString("latin1", 145)).toBe(`127.0.46.1:${one.port}\n127.0.46.3:${two.port}\n`);
    expect(two.of(87)).toEqual([]);
    await two.request(88);
  });
});

describe("what a crash left", () => {
  test("a torn last record is cut off and kept aside, unfinished uploads are removed", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker]);
    const sync = join(settings.basePath, "data", "sync");
    const data = join(settings.storePaths[0]!.path, "data");
    mkdirSync(sync, { recursive: true });
    mkdirSync(data);
    const whole = "1795233089 C M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt\n";
    writeFileSync(join(sync, "binlog.000"), `${whole}1795233089 C M00/0`);
    writeFileSync(join(data, ".fdfs-upload-1-0-1.tmp"), "half");
    await storageOf(settings);
    expect(readFileSync(join(sync, "binlog.000"), "utf8")).toBe(whole);
    expect(readFileSync(join(sync, "binlog.000.torn"), "utf8")).toBe("1795233089 C M00/0\n");
    expect(existsSync(join(data, ".fdfs-upload-1-0-1.tmp"))).toBe(false);
  });
});

describe("stop", () => {
  test("leaves the trackers politely, ends within seconds, and counts go on after the next start", async () => {
    const tracker = await fakeTracker("127.0.46.1");
    const settings = settingsFor([tracker]);
    const server = await storageOf({
      ...settings,
      accessLog: { ...settings.accessLog, enabled: true },
    });
    await server.whenJoined();
    const upload = Buffer.from("000000000000001d0b00ff000000000000000e74787400000068656c6c6f20666173746466730a", "hex");
    expect((await exchange(HOST, server.port, upload, 70)).bytes[9]).toBe(0);
    const idle = net.connect(server.port, HOST);
    await new Promise((resolve) => idle.once("connect", resolve));
    const ended = new Promise((resolve) => idle.once("close", resolve));
    idle.on("error", () => {});
    const before = tracker.of(82).length;
    const startMs = performance.now();
    await server.stop();
    await ended;
    expect(performance.now() - startMs).toBeLessThan(3000);
    await tracker.until("QUIT", () => tracker.of(82).length > before);
    const stat = readFileSync(join(settings.basePath, "data", "storage_stat.dat"), "utf8");
    expect(stat).toStartWith("total_upload_count=1\nsuccess_upload_count=1\n");
    const access = readFileSync(join(settings.basePath, "logs", "storage_access.log"), "utf8")
      .trim()
      .split("\n");
    expect(access.length).toBe(2);
    expect(access[0]).toEndWith("client_ip action filename status time_used_ms req_len resp_len");
    expect(access[1]).toMatch(/ upload M00\/00\/00\/\S+\.txt 0 \d+ 39 70$/);
    await storageOf({ ...settings, port: server.port });
    const first = await tracker.request(83, tracker.of(83).length);
    expect(first.body.readBigInt64BE(12)).toBe(1n);
  });
});
