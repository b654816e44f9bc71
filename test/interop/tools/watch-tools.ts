/**
 * Checks of the two C programs that run on and on: fdfs_health_checker and fdfs_exporter
 * (http-config-tools.md sections 4.5 and 4.6). They are C programs only; ours have no such names.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, takeAddress } from "../clusters/addresses.ts";
import type { Cluster } from "../clusters/cluster.ts";
import { type ServerProcess, startServer } from "../clusters/server-process.ts";
import { CheckList, type Verdict } from "../verdict.ts";

export const HEALTH_ROW = "C fdfs_health_checker";
export const EXPORTER_ROW = "C fdfs_exporter";
const ANSWER_TIMEOUT_MS = 10_000;
const POLL_MS = 100;

export async function checkWatchTools(cluster: Cluster, programs: string): Promise<Verdict[]> {
  const list = new CheckList();
  const folder = mkdtempSync(join(tmpdir(), "fdfs-watch-"));
  const present = (name: string): string | null => (existsSync(join(programs, name)) ? join(programs, name) : null);
  try {
    const checker = present("fdfs_health_checker");
    if (checker !== null)
      await list.check(HEALTH_ROW, "sees one group and one storage", () => health(cluster, checker, folder));
    const exporter = present("fdfs_exporter");
    if (exporter !== null) await list.check(EXPORTER_ROW, "serves /metrics", () => metrics(cluster, exporter, folder));
    return list.verdicts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Its output is line-buffered by stdbuf, else it would stay in the program until it ends. */
async function health(cluster: Cluster, program: string, folder: string): Promise<void> {
  const command = ["stdbuf", "-oL", program, cluster.clientConf, "-i", "10"];
  await whileRunning(startServer(command, join(folder, "health.out")), async (server) => {
    const found = server.output();
    assert.match(found, /Groups: 1 total/);
    assert.match(found, /Storage Servers: 1 total/);
    assert.ok(!found.includes("not active"), found);
  });
}

async function metrics(cluster: Cluster, program: string, folder: string): Promise<void> {
  const address = takeAddress();
  const port = await freePort([address]);
  const conf = join(folder, "exporter.conf");
  writeFileSync(conf, `bind_addr = ${address}\nport = ${port}\nfdfs_client_cfg = ${cluster.clientConf}\n`);
  await whileRunning(startServer([program, "-c", conf], join(folder, "exporter.out")), async () => {
    const answer = await fetch(`http://${address}:${port}/metrics`);
    const text = await answer.text();
    assert.equal(answer.status, 200, text.slice(0, 300));
    assert.match(text, /fastdfs_tracker_is_leader\{[^}]*\} 1/);
    assert.match(text, new RegExp(`fastdfs_group_storage_count\\{group="${cluster.groupName}"\\} 1`));
    assert.match(text, /fastdfs_storage_upload_success\{[^}]*status="7"[^}]*\} \d+/);
  });
}

/** Repeats `body` until it does not throw or 10 s are over, then ends the server. */
async function whileRunning(server: ServerProcess, body: (server: ServerProcess) => Promise<void>): Promise<void> {
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  try {
    for (;;) {
      try {
        await body(server);
        return;
      } catch (error) {
        if (Date.now() > deadline || server.ended() !== null) throw new Error(`${error}; printed: ${server.output()}`);
        await pause(POLL_MS);
      }
    }
  } finally {
    await server.stop();
  }
}
