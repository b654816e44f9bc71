// An I/O worker in this process with temporary store paths, without trackers, and a client that speaks raw packets to it.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "../../../../../core/net/free-port.ts";
import { binlogFolder } from "../../../../../core/storage/binlog/binlog-files.ts";
import type { BodyResult } from "../../../../../core/storage/io/body-receiver.ts";
import type { BodyLine } from "../../../../../core/storage/io/large-bodies.ts";
import { type RunningWorker, startIoWorker } from "../../../../../core/storage/io/worker.ts";
import type { WorkerConfig } from "../../../../../core/storage/io/worker-config.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import { type Command, encodeRequest } from "../../../../../core/wire/command.ts";
import { encodeHeader } from "../../../../../core/wire/header.ts";

const WAIT_MS = 10_000;

export const Errno = {
  OK: 0,
  ENOENT: 2,
  EAGAIN: 11,
  EEXIST: 17,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
} as const;

/** Waits until `isTrue`; fails after ten seconds, naming what was awaited. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** One connection. Answers come in the order of the requests. */
export class Client {
  readonly #socket: net.Socket;
  readonly #waiting: ((answer: Answer | null) => void)[] = [];
  #received = Buffer.alloc(0);
  isClosed = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#deliver();
    });
    const close = (): void => {
      this.isClosed = true;
      for (const waiting of this.#waiting.splice(0)) waiting(null);
    };
    socket.on("error", close);
    socket.on("end", close);
    socket.on("close", close);
  }

  static connect(port: number, host: string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, host, () => resolve(new Client(socket)));
      socket.on("error", reject);
    });
  }

  get socket(): net.Socket {
    return this.#socket;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next answer; null when the server closed instead. */
  answer(): Promise<Answer | null> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#deliver();
      if (this.isClosed) for (const waiting of this.#waiting.splice(0)) waiting(null);
    });
  }

  /** Sends a packet and reads its answer; fails when the server closes without one. */
  async ask(...parts: readonly Uint8Array[]): Promise<Answer> {
    for (const part of parts) this.write(part);
    const answer = await this.answer();
    if (answer === null) throw new Error("the server closed without an answer");
    return answer;
  }

  async status(...parts: readonly Uint8Array[]): Promise<number> {
    return (await this.ask(...parts)).status;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #deliver(): void {
    while (this.#waiting.length > 0 && this.#received.length >= 10) {
      const length = Number(this.#received.readBigInt64BE(0));
      if (this.#received.length < 10 + length) return;
      const answer = {
        status: this.#received[9]!,
        body: Buffer.from(this.#received.subarray(10, 10 + length)),
      };
      this.#received = this.#received.subarray(10 + length);
      this.#waiting.shift()!(answer);
    }
  }
}

/** A request with its content in one piece. */
export function request<Q, S>(command: Command<Q, S>, value: Q, content: Uint8Array | string = "", status = 0): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([encodeRequest(command, value, { streamLength: bytes.length, status }), bytes]);
}

/** A packet of arbitrary body. */
export function packet(command: number, body: Uint8Array, status = 0): Buffer {
  return Buffer.concat([encodeHeader({ bodyLength: body.length, command, status }), body]);
}

export interface HarnessOptions extends Partial<WorkerConfig> {
  readonly storePathCount?: number;
  /** Stands for the threads that receive large bodies; what ends goes to `bodyEnded`. */
  readonly body?: BodyLine;
  /** Stands for the control thread, which makes trunk files; it answers with `trunkFileReady`. */
  readonly wantTrunkFile?: (storePath: number) => void;
}

export class Harness {
  readonly folder: string;
  readonly scoreboard: Scoreboard;
  readonly config: WorkerConfig;
  readonly logged: string[];
  readonly #worker: RunningWorker;
  readonly #clients: Client[] = [];

  private constructor(
    folder: string,
    scoreboard: Scoreboard,
    config: WorkerConfig,
    worker: RunningWorker,
    logged: string[],
  ) {
    this.folder = folder;
    this.scoreboard = scoreboard;
    this.config = config;
    this.#worker = worker;
    this.logged = logged;
  }

  static async start(
    host: string,
    { storePathCount = 2, body, wantTrunkFile = () => {}, ...options }: HarnessOptions = {},
  ): Promise<Harness> {
    const folder = mkdtempSync(join(tmpdir(), "fdfs-worker-"));
    const storePaths = Array.from({ length: storePathCount }, (_, index) => ({
      path: join(folder, `p${index}`),
      isReadOnly: false,
    }));
    for (const { path } of storePaths) mkdirSync(join(path, "data"), { recursive: true });
    mkdirSync(binlogFolder(folder), { recursive: true });
    mkdirSync(join(folder, "logs"));
    const scoreboard = new Scoreboard();
    for (const index of storePaths.keys()) scoreboard.setPathSpace(index, 100_000, 50_000, 100);
    scoreboard.responseIpSize = 16;
    const config: WorkerConfig = {
      worker: 0,
      scoreboard: scoreboard.buffer,
      listen: [{ hostname: host, port: await freePort(host) }],
      groupName: "group1",
      sourceBytes: [127, 0, 0, 72],
      storePaths,
      subdirCountPerPath: 4,
      fileDistributePathMode: 0,
      fileDistributeRotateCount: 3,
      basePath: folder,
      buffSizeBytes: 256 * 1024,
      maxConnections: 256,
      connectTimeoutMs: 1000,
      networkTimeoutMs: 30_000,
      localAddresses: [],
      durability: "process",
      allowHosts: null,
      addressesById: {},
      updateFailover: true,
      slaveFilesUseLink: false,
      readThrough: false,
      trunk: null,
      duplicates: null,
      accessLog: null,
      ...options,
    };
    const logged: string[] = [];
    const log = (text: string): void => void logged.push(text);
    const control = { binlogGrown() {}, wantTrunkFile, ...(body === undefined ? {} : { body }) };
    const worker = await startIoWorker(config, { debug() {}, warn: log, error: log }, control);
    return new Harness(folder, scoreboard, config, worker, logged);
  }

  async client(): Promise<Client> {
    const { hostname, port } = this.config.listen[0]!;
    const client = await Client.connect(port, hostname);
    this.#clients.push(client);
    return client;
  }

  /** Where a logic name lies. */
  path(name: string): string {
    return join(this.config.storePaths[Number.parseInt(name.slice(1, 3), 16)]!.path, "data", name.slice(4));
  }

  /** Puts a file under a logic name, as if it had been stored before. */
  place(name: string, content: Uint8Array | string, seconds?: number): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (seconds !== undefined) utimesSync(path, seconds, seconds);
    return path;
  }

  content(name: string): string {
    return readFileSync(this.path(name), "latin1");
  }

  modifiedAt(name: string): number {
    return Math.floor(statSync(this.path(name)).mtimeMs / 1000);
  }

  /** Every file below the store paths, temporary ones included. */
  files(): string[] {
    return this.config.storePaths.flatMap(({ path }) =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
  }

  /** Records of the binlog, one line each. */
  records(): string[] {
    try {
      return readFileSync(join(binlogFolder(this.folder), "binlog.000"), "latin1")
        .split("\n")
        .slice(0, -1);
    } catch {
      return [];
    }
  }

  lastRecord(): string {
    return this.records().at(-1) ?? "";
  }

  /** What became of the worker's wish for a trunk file. */
  trunkFileReady(storePath: number, status: number): void {
    this.#worker.trunkFileReady(storePath, status);
  }

  /** A large body has come to its end. */
  bodyEnded(id: number, result: BodyResult): void {
    this.#worker.bodyEnded(id, result);
  }

  /** Ends the worker as a shutdown does; the files stay until `stop`. */
  async closeWorker(graceMs = 0): Promise<void> {
    await this.#worker.close(graceMs);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.#worker.close(0);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
