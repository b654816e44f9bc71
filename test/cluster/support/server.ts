// One server of a cluster under test: a place (address, configuration, folders) in which a process is started, killed and
// started again. What its death means for the cluster is not known here.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ServerProcess, startServer } from "../../interop/clusters/server-process.ts";

const SHOWN_LINES = 5;
const SHOWN_CHARACTERS = 300;
/** The time in front of a log line. */
const TIME = /^\[[^\]]*\] /;

export interface Place {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  /** Of a storage; a tracker has none. */
  readonly storePaths: readonly string[];
  readonly command: readonly string[];
}

export class Server {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  readonly storePaths: readonly string[];
  readonly #command: readonly string[];
  #process: ServerProcess | null = null;
  /** How often it was killed. */
  kills = 0;
  /** It does not run until `thaw`, but lives. */
  isFrozen = false;

  constructor(place: Place) {
    this.label = place.label;
    this.host = place.host;
    this.port = place.port;
    this.basePath = place.basePath;
    this.storePaths = place.storePaths;
    this.#command = place.command;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** Started, and neither stopped nor killed since. */
  get isUp(): boolean {
    return this.#process !== null;
  }

  start(): void {
    if (this.#process !== null) throw new Error(`${this.label} runs already`);
    this.#process = startServer(this.#command, `${this.basePath}.out`);
  }

  /** SIGTERM; resolves when it is gone. */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.stop();
  }

  /** SIGSTOP: it neither answers nor ends. */
  freeze(): void {
    if (this.#process === null) return;
    process.kill(this.#process.pid, "SIGSTOP");
    this.isFrozen = true;
  }

  /** SIGCONT: it goes on where it was, and does not know how long it was away. */
  thaw(): void {
    if (this.#process !== null && this.isFrozen) process.kill(this.#process.pid, "SIGCONT");
    this.isFrozen = false;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    this.isFrozen = false;
    this.kills++;
    await running?.kill();
  }

  /** How it ended although nobody ended it, or null. */
  unexpectedEnd(): string | null {
    return this.#process?.ended() ?? null;
  }

  /** Its last lines that speak of trouble, or its last lines when none does. */
  tellingLines(): string {
    const lines = this.#log().filter((line) => line.trim() !== "");
    const trouble = lines.filter((line) => /\b(ERROR|CRIT|CRITICAL|WARN|WARNING|error|panic)\b/.test(line));
    // The same trouble once: the last time it was logged.
    const told = new Map((trouble.length > 0 ? trouble : lines).map((line) => [line.replace(TIME, ""), line]));
    const shown = [...told.values()].slice(-SHOWN_LINES).map((line) => `   ${line.slice(0, SHOWN_CHARACTERS)}`);
    return [`-- ${this.label} ${this.address}`, ...shown].join("\n");
  }

  #log(): string[] {
    const folder = join(this.basePath, "logs");
    const names = readOr(() => readdirSync(folder), []).filter((name) => !name.includes("access"));
    const paths = [`${this.basePath}.out`, ...names.map((name) => join(folder, name))];
    return paths.flatMap((path) => readOr(() => readFileSync(path, "utf8"), "").split("\n"));
  }
}

/** A log may not exist yet, or not any more. */
function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
