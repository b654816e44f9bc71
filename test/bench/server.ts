// One server under measurement: where it listens, its process and how it is stopped and started again. What the servers
// around it do is not known here.

import { writeFileSync } from "node:fs";
import { cStorage, cTracker } from "../interop/clusters/c-cluster.ts";
import type { Maker } from "../interop/clusters/cluster.ts";
import { fdfsStorage, fdfsTracker } from "../interop/clusters/fdfs-cluster.ts";
import { type ServerProcess, startServer } from "../interop/clusters/server-process.ts";
import { sampleConf, type Values } from "./sample-conf.ts";

/** A C storage refuses to start without it; the value of C's own sample. Ours has no such setting. */
const C_STORAGE_LINE = "thread_stack_size = 512KB\n";

export class Server {
  readonly kind: "tracker" | "storage";
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  readonly #maker: Maker;
  #values: Values;
  #process: ServerProcess | undefined;

  /** `values` replace lines of the sample file. */
  constructor(
    kind: "tracker" | "storage",
    maker: Maker,
    place: { host: string; port: number; basePath: string },
    values: Values,
  ) {
    this.kind = kind;
    this.host = place.host;
    this.port = place.port;
    this.basePath = place.basePath;
    this.#values = { bind_addr: place.host, port: place.port, base_path: place.basePath, ...values };
    this.#maker = maker;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error(`The ${this.kind} at ${this.address} does not run`);
    return this.#process.pid;
  }

  /** `more` replaces further lines of the sample, now and at later starts. */
  start(more: Values = {}): void {
    this.#values = { ...this.#values, ...more };
    const confPath = `${this.basePath}.conf`;
    const isC = this.#maker === "c";
    const line = isC && this.kind === "storage" ? C_STORAGE_LINE : "";
    writeFileSync(confPath, line + sampleConf(this.kind, this.#values));
    const command = isC ? { tracker: cTracker, storage: cStorage } : { tracker: fdfsTracker, storage: fdfsStorage };
    this.#process = startServer(command[this.kind](confPath), `${this.basePath}.out`);
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    await running?.stop();
  }

  /** Why it ended although nobody stopped it, with what it printed last, or null. */
  trouble(): string | null {
    const end = this.#process?.ended() ?? null;
    if (end === null) return null;
    return `the ${this.kind} at ${this.address} ended: ${end}: ${this.#process!.output().trim().split("\n").slice(-3).join(" / ")}`;
  }
}
