/**
 * One server of a mixed group: its place (address, configuration, folders) stays, the program that stands in it changes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Maker } from "../clusters/cluster.ts";
import { type ServerProcess, startServer } from "../clusters/server-process.ts";

const TELLING_LINES = 3;
const GRACE_MS = 6000;

export interface Place {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly confPath: string;
  readonly basePath: string;
  /** Of a storage; a tracker has none. */
  readonly storePaths: readonly string[];
  readonly commands: Readonly<Record<Maker, readonly string[]>>;
}

export class Member {
  readonly host: string;
  readonly port: number;
  readonly confPath: string;
  readonly basePath: string;
  readonly storePaths: readonly string[];
  readonly #place: Place;
  #maker: Maker = "c";
  #process: ServerProcess | null = null;

  constructor(place: Place) {
    this.#place = place;
    this.host = place.host;
    this.port = place.port;
    this.confPath = place.confPath;
    this.basePath = place.basePath;
    this.storePaths = place.storePaths;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get label(): string {
    return `${this.#maker === "c" ? "C" : "our"} ${this.#place.label}`;
  }

  get maker(): Maker {
    return this.#maker;
  }

  /** Started and not stopped since. */
  get isUp(): boolean {
    return this.#process !== null;
  }

  start(maker: Maker): void {
    if (this.#process !== null) throw new Error(`${this.label} runs already`);
    this.#maker = maker;
    this.#process = startServer(this.#place.commands[maker], `${this.basePath}.out`);
  }

  /**
   * SIGTERM, and SIGKILL after 6 s: a C storage under load waits 90 s for a thread, accepts uploads meanwhile and does not
   * always record them.
   */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.stop(GRACE_MS);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.kill();
  }

  /** How it ended although nobody stopped it, or null. */
  unexpectedEnd(): string | null {
    return this.#process?.ended() ?? null;
  }

  /** The last log lines that speak of trouble. */
  troubles(): string {
    const lines = this.#log().split("\n");
    const trouble = lines.filter((line) => /\b(ERROR|CRIT|WARN|WARNING|error:)/.test(line));
    return `${this.label}: ${trouble.slice(-TELLING_LINES).join(" | ") || "no trouble logged"}`;
  }

  #log(): string {
    const parts: string[] = [];
    const read = (path: string): void => {
      try {
        parts.push(readFileSync(path, "utf8"));
      } catch {
        // Not written yet.
      }
    };
    read(`${this.basePath}.out`);
    const folder = join(this.basePath, "logs");
    try {
      for (const name of readdirSync(folder)) if (!name.includes("access")) read(join(folder, name));
    } catch {
      // Not made yet.
    }
    return parts.join("\n");
  }
}
