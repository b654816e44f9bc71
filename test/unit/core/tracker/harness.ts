// An in-process tracker with a clock of its own, and connections that send and receive bare bytes. Frames are written as
// hex, from tracker.md §10; nothing here encodes with the code under test.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TrackerSettings, trackerDefaults } from "../../../../conf/index.ts";
import { silentLogger } from "../../../../core/observe/logger.ts";
import { startTracker, type TrackerServer } from "../../../../core/tracker/server.ts";

const ANSWER_TIMEOUT_MS = 5000;

/** Hex with blanks and line ends, `"text"` and `(+ 26 x 00)` for repeated bytes. */
export function hex(text: string): Buffer {
  const parts = text.match(/"[^"]*"|\(\+ \d+ x [0-9a-f]{2}\)|[0-9a-f]{2}|\S+/g) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (part.startsWith('"')) return Buffer.from(part.slice(1, -1).replaceAll("\\n", "\n"), "latin1");
      const repeated = /^\(\+ (\d+) x (..)\)$/.exec(part);
      if (repeated !== null) return Buffer.alloc(Number(repeated[1]), Number.parseInt(repeated[2]!, 16));
      if (!/^[0-9a-f]{2}$/.test(part)) throw new Error(`'${part}' is no hex`);
      return Buffer.from(part, "hex");
    }),
  );
}

/** A frame for tests that are not about its bytes. */
export function frame(command: number, ...parts: (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
  const header = Buffer.alloc(10);
  header.writeBigInt64BE(BigInt(body.length));
  header[8] = command;
  return Buffer.concat([header, body]);
}

export function padded(text: string, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write(text, "latin1");
  return bytes;
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** One connection of a client, storage or tracker. */
export class Peer {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** `from` is the loopback address that the tracker sees. */
  static open(tracker: { host: string; port: number }, from: string): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: tracker.host,
        port: tracker.port,
        localAddress: from,
      });
      socket.once("connect", () => resolve(new Peer(socket)));
      socket.once("error", reject);
    });
  }

  /** Sends a frame and returns the whole answer, header included. */
  async ask(packet: Uint8Array): Promise<Buffer> {
    this.#socket.write(packet);
    await this.#until(() => this.#received.length >= 10);
    const length = 10 + Number(this.#received.readBigInt64BE());
    await this.#until(() => this.#received.length >= length);
    const answer = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return answer;
  }

  /** The status byte of the answer. */
  async status(packet: Uint8Array): Promise<number> {
    return (await this.ask(packet))[9]!;
  }

  /** Sends what gets no answer and waits for the tracker to close. */
  async isClosedAfter(packet: Uint8Array): Promise<boolean> {
    this.#socket.write(packet);
    await this.#until(() => this.#closed || this.#received.length > 0);
    return this.#closed && this.#received.length === 0;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#until(() => this.#closed);
  }

  async #until(isDone: () => boolean): Promise<void> {
    const deadline = Date.now() + ANSWER_TIMEOUT_MS;
    while (!isDone()) {
      if (this.#closed) throw new Error(`closed after ${this.#received.length} bytes`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms, ${this.#received.length} bytes came`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

export class TestTracker {
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  readonly clock: { now: number };
  readonly #server: TrackerServer;
  readonly #ownsFolder: boolean;
  readonly #peers: Peer[] = [];

  private constructor(server: TrackerServer, host: string, folder: string, owns: boolean, clock: { now: number }) {
    this.#server = server;
    this.host = host;
    this.port = server.port;
    this.basePath = folder;
    this.#ownsFolder = owns;
    this.clock = clock;
  }

  /** `clock` starts in 2026 and stands still until a test moves it. */
  static async start(
    host: string,
    overrides: Partial<TrackerSettings> = {},
    startTime = 0x6b011530,
  ): Promise<TestTracker> {
    const folder = overrides.basePath ?? mkdtempSync(join(tmpdir(), "fdfs-tracker-"));
    const clock = { now: startTime };
    const settings = trackerDefaults({
      bindAddr: host,
      port: 0,
      reservedStorageSpace: { kind: "mb", mb: 10 },
      ...overrides,
      basePath: folder,
    });
    const server = await startTracker(settings, {
      log: silentLogger,
      now: () => clock.now,
    });
    return new TestTracker(server, host, folder, overrides.basePath === undefined, clock);
  }

  async open(from: string): Promise<Peer> {
    const peer = await Peer.open(this, from);
    this.#peers.push(peer);
    return peer;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    await this.#server.stop();
    if (this.#ownsFolder) rmSync(this.basePath, { recursive: true, force: true });
  }
}

/** Repeats until the body returns true. */
export async function eventually(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not true within ${ANSWER_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface JoinFacts {
  group?: string;
  port?: number;
  paths?: number;
  subdirs?: number;
  priority?: number;
  time?: number;
  initFlag?: number;
  status?: number;
  id?: string;
  trackerIp?: string;
  trackers: readonly string[];
}

/** STORAGE_JOIN as tracker.md §4.1 lays it out. */
export function joinFrame(facts: JoinFacts): Buffer {
  const time = facts.time ?? 0x6b011531;
  return frame(
    81,
    padded(facts.group ?? "group1", 17),
    int64(facts.port ?? 22301),
    int64(facts.paths ?? 2),
    int64(facts.subdirs ?? 2),
    int64(facts.priority ?? 10),
    int64(time),
    int64(time),
    padded("6.16.1", 8),
    Buffer.from([facts.initFlag ?? 1, facts.status ?? 0]),
    padded(facts.id ?? "", 16),
    padded(facts.trackerIp ?? "", 46),
    int64(facts.trackers.length),
    facts.trackers.map((tracker) => `${tracker}\n`).join(""),
  );
}

/** REPORT_DISK_USAGE of equal paths. */
export function diskFrame(paths: number, totalMb: number, freeMb: number): Buffer {
  return frame(84, ...Array.from({ length: paths }, () => Buffer.concat([int64(totalMb), int64(freeMb)])));
}

/** A storage that has joined, has nobody to be filled by, and serves. */
export async function activeStorage(
  tracker: TestTracker,
  from: string,
  facts: Partial<JoinFacts> = {},
  freeMb = 66153,
): Promise<Peer> {
  const peer = await tracker.open(from);
  const trackers = [`${tracker.host}:${tracker.port}`];
  const joined = { trackers, ...facts };
  if ((await peer.status(joinFrame(joined))) !== 0) throw new Error(`${from} cannot join`);
  await peer.ask(frame(88, Buffer.alloc(24)));
  await peer.ask(diskFrame(joined.paths ?? 2, 258019, freeMb));
  await peer.ask(frame(83));
  return peer;
}
