// Several trackers of one cluster, as processes: one leads, all agree, the lead moves on when it is killed, an empty one
// takes the files over, and C's trackers take part. Addresses 127.0.30.x.

import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../interop/clusters/addresses.ts";
import { cTracker, whyNoPeer } from "../interop/clusters/c-cluster.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { fdfsStorage, fdfsTracker } from "../interop/clusters/fdfs-cluster.ts";
import { storageConf, trackerConf } from "../interop/clusters/server-conf.ts";
import { type ServerProcess, startServer } from "../interop/clusters/server-process.ts";
import { activeTrackers, exchange, leaderOf } from "../interop/clusters/tracker-probe.ts";
import { until } from "./support/run.ts";

const STORAGES = ["127.0.30.201", "127.0.30.202"] as const;
const GROUP = "group1";
const ACTIVE = 7;
const GET_STATUS = 64;
const GET_STORAGE_STATUS = 71;
const TEST_MS = 120_000;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

class Node {
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  readonly #command: string[];
  #process: ServerProcess | null = null;

  constructor(host: string, port: number, basePath: string, command: string[]) {
    this.host = host;
    this.port = port;
    this.basePath = basePath;
    this.#command = command;
  }

  get name(): string {
    return `${this.host}:${this.port}`;
  }

  start(): void {
    const started = startServer(this.#command, `${this.basePath}.out`);
    this.#process = started;
    cleanups.push(() => started.stop(5000));
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    if (this.#process?.ended() === null) process.kill(this.#process.pid, name);
  }

  log(): string {
    const folder = join(this.basePath, "logs");
    const names = readdirSync(folder).filter((name) => name.endsWith("d.log"));
    return `${names.map((name) => readFileSync(join(folder, name), "utf8")).join("")}${this.#process?.output()}`;
  }
}

interface Laid {
  readonly trackers: Node[];
  readonly storage: Node;
  /** Of the same group; not started with the others. */
  readonly newcomer: Node;
}

/** Trackers on 127.0.30.101 and so on, all on one port, and storages that list them all; nothing runs yet. */
async function lay(...makers: Maker[]): Promise<Laid> {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-trackers-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const hosts = makers.map((_, index) => `127.0.30.${101 + index}`);
  const port = await freePort(hosts);
  const options = {};
  const short = (text: string): string => text.replace("connect_timeout = 5", "connect_timeout = 2");
  const trackers = makers.map((maker, index) => {
    const host = hosts[index]!;
    const basePath = join(folder, `tracker${index}`);
    mkdirSync(basePath);
    const conf = `${basePath}.conf`;
    writeFileSync(conf, short(trackerConf({ host, port, basePath, options })));
    return new Node(host, port, basePath, maker === "c" ? cTracker(conf) : fdfsTracker(conf));
  });
  const storagePort = await freePort(STORAGES);
  const addresses = trackers.map(({ name }) => name);
  const [storage, newcomer] = STORAGES.map((host, index) => {
    const basePath = join(folder, `storage${index}`);
    const path = join(basePath, "path0");
    mkdirSync(path, { recursive: true });
    const conf = `${basePath}.conf`;
    const place = { host, port: storagePort, basePath, storePaths: [path] };
    writeFileSync(conf, short(storageConf({ ...place, options, groupName: GROUP, trackers: addresses })));
    return new Node(host, storagePort, basePath, fdfsStorage(conf));
  });
  return { trackers, storage: storage!, newcomer: newcomer! };
}

async function claimsToLead({ host, port }: Node): Promise<boolean> {
  const { status, body } = await exchange(host, port, GET_STATUS, new Uint8Array(0));
  return status === 0 && body[0] === 1;
}

/** The leader when exactly one claims to lead and all name it; null until then. */
async function agreedLeader(trackers: readonly Node[]): Promise<Node | null> {
  try {
    const named = await Promise.all(trackers.map(({ host, port }) => leaderOf(host, port)));
    const claims = await Promise.all(trackers.map(claimsToLead));
    const [leader] = trackers.filter((_, index) => claims[index]);
    const isOne = claims.filter((claim) => claim).length === 1;
    return isOne && leader !== undefined && named.every((name) => name === leader.name) ? leader : null;
  } catch {
    return null;
  }
}

async function untilLeader(trackers: readonly Node[], timeoutMs = 40_000): Promise<Node> {
  let leader: Node | null = null;
  const condition = async (): Promise<boolean> => {
    leader = await agreedLeader(trackers);
    return leader !== null;
  };
  await until(`one leader among ${trackers.map(({ name }) => name).join(", ")}`, condition, timeoutMs);
  return leader!;
}

/** The followers ping: the leader counts all of them as alive. */
async function untilFollowed(leader: Node, trackers: readonly Node[]): Promise<void> {
  const expected = trackers.map(({ name }) => name).sort();
  const condition = async (): Promise<boolean> => {
    const active = await activeTrackers(leader.host, leader.port).catch(() => []);
    return active.join() === expected.join();
  };
  await until(`${expected.join(", ")} alive for ${leader.name}`, condition, 40_000);
}

async function storageStatus({ host, port }: Node, storage: Node): Promise<number> {
  const group = Buffer.alloc(16);
  group.write(GROUP);
  const request = Buffer.concat([group, Buffer.from(storage.name)]);
  const { status, body } = await exchange(host, port, GET_STORAGE_STATUS, request);
  return status === 0 ? (body[0] ?? -1) : -1;
}

async function untilActive(trackers: readonly Node[], storage: Node): Promise<void> {
  for (const tracker of trackers) {
    const condition = async (): Promise<boolean> => (await storageStatus(tracker, storage).catch(() => -1)) === ACTIVE;
    await until(`the storage is ACTIVE at ${tracker.name}`, condition, 40_000);
  }
}

describe("trackers of ours", () => {
  test(
    "two: one leads; when it is killed the other leads; it comes back and follows",
    async () => {
      const { trackers, storage, newcomer } = await lay("fdfs", "fdfs");
      for (const node of [...trackers, storage]) node.start();
      const first = await untilLeader(trackers);
      await untilFollowed(first, trackers);
      await untilActive(trackers, storage);
      const other = trackers.find((tracker) => tracker !== first)!;
      await first.kill();
      const killedAt = Date.now();
      expect(await untilLeader([other])).toBe(other);
      console.log(`  the other tracker led ${Date.now() - killedAt} ms after the leader was killed`);
      await untilActive([other], storage);
      // Only a leader tells a storage of its new neighbour; unless it is told, the newcomer is never filled.
      newcomer.start();
      await untilActive([other], newcomer);
      first.start();
      expect(await untilLeader(trackers)).toBe(other);
      await untilFollowed(other, trackers);
      await untilActive(trackers, storage);
      await untilActive(trackers, newcomer);
    },
    TEST_MS,
  );

  test(
    "two: a leader that hangs is replaced, and steps down when it goes on",
    async () => {
      const { trackers, storage } = await lay("fdfs", "fdfs");
      for (const node of [...trackers, storage]) node.start();
      const first = await untilLeader(trackers);
      await untilActive(trackers, storage);
      const other = trackers.find((tracker) => tracker !== first)!;
      first.signal("SIGSTOP");
      cleanups.push(() => first.signal("SIGCONT"));
      expect(await untilLeader([other])).toBe(other);
      first.signal("SIGCONT");
      const resumedAt = Date.now();
      const leader = await untilLeader(trackers);
      console.log(`  one leader again ${Date.now() - resumedAt} ms after both led`);
      await untilFollowed(leader, trackers);
      await untilActive(trackers, storage);
    },
    TEST_MS,
  );

  test(
    "three: one leads; an empty one that comes later takes over the system files and follows",
    async () => {
      const { trackers, storage } = await lay("fdfs", "fdfs", "fdfs");
      const [one, two, late] = trackers as [Node, Node, Node];
      for (const node of [one, two, storage]) node.start();
      const leader = await untilLeader([one, two]);
      await untilActive([one, two], storage);
      late.start();
      expect(await untilLeader(trackers)).toBe(leader);
      await untilActive(trackers, storage);
      await untilFollowed(leader, trackers);
      expect(late.log()).toMatch(/system files of tracker .* taken over: 1 groups/);
      const groups = readFileSync(join(late.basePath, "data", "storage_groups_new.dat"), "utf8");
      expect(groups).toBe(readFileSync(join(leader.basePath, "data", "storage_groups_new.dat"), "utf8"));
      await leader.kill();
      const rest = trackers.filter((tracker) => tracker !== leader);
      const next = await untilLeader(rest);
      await untilFollowed(next, rest);
      await untilActive(rest, storage);
    },
    TEST_MS,
  );
});

describe.skipIf(whyNoPeer() !== null)("one tracker of C and one of ours", () => {
  const rows: [first: Maker, second: Maker][] = [
    ["c", "fdfs"],
    ["fdfs", "c"],
  ];
  for (const [index, order] of (
    ["the lower address starts first", "the higher address starts first"] as const
  ).entries()) {
    for (const makers of rows) {
      test(
        `${makers.join(" and ")}, ${order}`,
        async () => {
          const { trackers, storage } = await lay(...makers);
          const [first, second] = (index === 0 ? trackers : [...trackers].reverse()) as [Node, Node];
          first.start();
          storage.start();
          await until("the first tracker answers", () =>
            claimsToLead(first).then(
              () => true,
              () => false,
            ),
          );
          second.start();
          const leader = await untilLeader(trackers, 60_000);
          await untilFollowed(leader, trackers);
          await untilActive(trackers, storage);
          const other = trackers.find((tracker) => tracker !== leader)!;
          await leader.kill();
          expect(await untilLeader([other])).toBe(other);
          leader.start();
          expect(await untilLeader(trackers, 60_000)).toBe(other);
          await untilActive(trackers, storage);
        },
        TEST_MS,
      );
    }
  }
});
