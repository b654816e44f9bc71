/**
 * A FastDHT server of FDFS_PEER_BIN for a test: it puts itself into the background, so it is ended by the pid it writes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../mixed/waiting.ts";
import { runProgram } from "../verdict.ts";
import { peerBin } from "./c-cluster.ts";
import { exchange } from "./tracker-probe.ts";

const START_TIMEOUT_MS = 15_000;
const running = new Set<number>();
process.on("exit", () => {
  for (const pid of running) endProcess(pid);
});

const program = (): string => join(peerBin() ?? "", "fdhtd");

/** Why none can be started here, or null. */
export function whyNoFdhtd(): string | null {
  if (peerBin() === null) return "FDFS_PEER_BIN is not set";
  return existsSync(program()) ? null : "the folder FDFS_PEER_BIN names has no fdhtd";
}

export class Fdhtd {
  readonly host: string;
  readonly port: number;
  readonly #basePath: string;
  #pid = 0;

  constructor(folder: string, host: string, port: number) {
    this.host = host;
    this.port = port;
    this.#basePath = join(folder, "fdht");
    mkdirSync(join(this.#basePath, "data"), { recursive: true });
    const servers = join(this.#basePath, "fdht_servers.conf");
    writeFileSync(servers, `group_count = 1\ngroup0 = ${host}:${port}\n`);
    const lines = [
      "disabled = false",
      `bind_addr = ${host}`,
      `port = ${port}`,
      "connect_timeout = 5",
      "network_timeout = 30",
      `base_path = ${this.#basePath}`,
      "max_connections = 256",
      "work_threads = 2",
      "max_pkg_size = 64KB",
      "store_type = BDB",
      "cache_size = 8MB",
      "db_type = btree",
      "db_prefix = db",
      "page_size = 4096",
      "write_to_binlog = 1",
      "sync_binlog_buff_interval = 1",
      "log_level = info",
      "allow_hosts = *",
      `#include ${servers}`,
      "",
    ];
    writeFileSync(this.#confPath, lines.join("\n"));
  }

  get #confPath(): string {
    return join(this.#basePath, "fdhtd.conf");
  }

  async start(): Promise<void> {
    const { code, stderr } = await runProgram([program(), this.#confPath, "start"]);
    if (code !== 0) throw new Error(`fdhtd ends with ${code}: ${stderr}`);
    await eventually("fdhtd answers", START_TIMEOUT_MS, async () => {
      const pid = Number(readFileSync(join(this.#basePath, "data", "fdhtd.pid"), "latin1"));
      // The file is made before it is written.
      if (!(pid > 1) || !existsSync(`/proc/${pid}`)) throw new Error("it has not written its pid");
      this.#pid = pid;
      running.add(pid);
      await exchange(this.host, this.port, 0, new Uint8Array(0), 1000).catch((error: { code?: string }) => {
        // It does not speak FastDFS; that it listens is enough.
        if (error.code === "ECONNREFUSED") throw error;
      });
    });
  }

  /** SIGKILL; what it has written stays. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#pid === 0) return;
    const pid = this.#pid;
    this.#pid = 0;
    endProcess(pid);
    await eventually("fdhtd is gone", START_TIMEOUT_MS, () => {
      if (lives(pid)) throw new Error(`process ${pid} lives`);
    });
    running.delete(pid);
  }
}

/** Nobody may be there who takes note of its end: then it stays as a zombie. */
function lives(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone by itself.
  }
}
