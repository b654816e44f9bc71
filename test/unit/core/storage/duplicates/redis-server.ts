// A Redis or Valkey server of this machine for a test, without files; null where there is none.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import net from "node:net";

const WAIT_MS = 10_000;

/** The program, found on PATH. */
export function redisProgram(): string | null {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    for (const name of ["redis-server", "valkey-server"]) {
      try {
        accessSync(`${folder}/${name}`, constants.X_OK);
        return `${folder}/${name}`;
      } catch {
        // The next one.
      }
    }
  }
  return null;
}

export class RedisServer {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, process: ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  static async start(host: string, port: number, extra: readonly string[] = []): Promise<RedisServer> {
    const settings = ["--bind", host, "--port", String(port), "--save", "", "--appendonly", "no", ...extra];
    const server = new RedisServer(port, spawn(redisProgram()!, settings, { stdio: "ignore", cwd: "/tmp" }));
    const deadline = Date.now() + WAIT_MS;
    while (!(await listens(host, port))) {
      if (Date.now() > deadline) throw new Error(`redis-server does not listen on ${host}:${port}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return server;
  }

  /** Resolves when the process has gone. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
