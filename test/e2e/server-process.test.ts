// Servers as processes: background start that tells its outcome, status, stop, one instance a base path, signals, a
// killed storage that comes back with everything it acknowledged, and the C programs' names.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, takeAddress } from "../interop/clusters/addresses.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { fdfs, until } from "./support/run.ts";

let folder: string;
let trackerConf: string;
let storageConf: string;
let env: Record<string, string>;
const pids: number[] = [];

function pidOf(name: "tracker" | "storage"): number {
  const program = name === "tracker" ? "fdfs_trackerd" : "fdfs_storaged";
  const pid = Number(readFileSync(join(folder, name, "data", `${program}.pid`), "latin1"));
  pids.push(pid);
  return pid;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-process-"));
  const host = takeAddress();
  const port = await freePort([host]);
  const storageHost = takeAddress();
  const storagePort = await freePort([storageHost]);
  for (const name of ["tracker", "storage"]) mkdirSync(join(folder, name));
  trackerConf = join(folder, "tracker.conf");
  storageConf = join(folder, "storage.conf");
  writeFileSync(
    trackerConf,
    `bind_addr = ${host}\nport = ${port}\nbase_path = ${join(folder, "tracker")}\nreserved_storage_space = 1MB\n`,
  );
  writeFileSync(
    storageConf,
    `group_name = group1\nbind_addr = ${storageHost}\nport = ${storagePort}\nbase_path = ${join(folder, "storage")}\n` +
      `store_path0 = ${join(folder, "storage")}\nsubdir_count_per_path = 4\ntracker_server = ${host}:${port}\n` +
      `heart_beat_interval = 1\nstat_report_interval = 1\nwork_threads = 2\nsync_stat_file_interval = 1\n[access-log]\nenabled = true\n`,
  );
  env = { FDFS_TRACKERS: `${host}:${port}` };
});

afterAll(() => {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

const uploadUntilAccepted = async (file: string): Promise<string> => {
  let id = "";
  await until("an upload is accepted", async () => {
    const result = await fdfs(["upload", file], { env });
    id = result.stdout.trim();
    return result.code === 0;
  });
  return id;
};

describe("servers in the background", () => {
  test("status of what does not run is NOT running, exit 1", async () => {
    expect(await fdfs(["tracker", "--conf", trackerConf, "status"])).toEqual({
      code: 1,
      stdout: "NOT running\n",
      stderr: "",
    });
  });

  test("--daemon returns when the server serves", async () => {
    const tracker = await fdfs(["tracker", "--conf", trackerConf, "--daemon"]);
    expect([tracker.stderr, tracker.code]).toEqual(["", 0]);
    const storage = await fdfs(["storage", "--conf", storageConf, "--daemon"]);
    expect([storage.stderr, storage.code]).toEqual(["", 0]);
    const status = await fdfs(["storage", "--conf", storageConf, "status"]);
    expect(status.stdout).toBe(`Running, pid: ${pidOf("storage")}\n`);
    pidOf("tracker");
    expect(await uploadUntilAccepted(trackerConf)).toMatch(/^group1\/M00\//);
  });

  test("a second start on the same base path is refused and names the pid", async () => {
    const second = await fdfs(["tracker", "--conf", trackerConf]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`already running, pid: ${pidOf("tracker")}`);
  });

  test("a background start that fails says why", async () => {
    const conf = join(folder, "busy.conf");
    mkdirSync(join(folder, "busy"));
    writeFileSync(conf, readFileSync(trackerConf, "utf8").replace(join(folder, "tracker"), join(folder, "busy")));
    const result = await fdfs(["tracker", "--conf", conf, "--daemon"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/EADDRINUSE|in use/i);
  });

  test("SIGHUP rotates the logs and the server serves on", async () => {
    const logs = join(folder, "storage", "logs");
    await uploadUntilAccepted(trackerConf);
    await until(
      "the access log has lines",
      () =>
        existsSync(join(logs, "storage_access.log")) &&
        readFileSync(join(logs, "storage_access.log"), "utf8").includes("upload"),
    );
    process.kill(pidOf("storage"), "SIGHUP");
    await until("a rotated access log", () =>
      readdirSync(logs).some((name) => /^storage_access\.log\.\d{8}_\d{6}$/.test(name)),
    );
    await uploadUntilAccepted(trackerConf);
    await until(
      "the new access log has lines",
      () =>
        existsSync(join(logs, "storage_access.log")) &&
        readFileSync(join(logs, "storage_access.log"), "utf8").includes("upload"),
    );
  });

  test("a storage killed with -9 in the middle of uploads has a record for every acknowledged file", async () => {
    const file = join(folder, "small.txt");
    writeFileSync(file, "acknowledged");
    const ids: string[] = [];
    let isRunning = true;
    const loop = (async () => {
      while (isRunning) {
        const result = await fdfs(["upload", file, file, file, file, file, file, file, file], { env });
        ids.push(...result.stdout.split("\n").filter((line) => line.startsWith("group1/")));
      }
    })();
    await until("some uploads are acknowledged", () => ids.length > 30);
    process.kill(pidOf("storage"), "SIGKILL");
    isRunning = false;
    await loop;
    const restart = await fdfs(["storage", "--conf", storageConf, "--daemon"]);
    expect([restart.stderr, restart.code]).toEqual(["", 0]);
    pidOf("storage");
    await uploadUntilAccepted(file);
    const binlog = readFileSync(join(folder, "storage", "data", "sync", "binlog.000"), "latin1");
    for (const id of ids) {
      const name = id.slice(id.indexOf("/") + 1);
      expect(binlog).toContain(` C ${name}\n`);
      expect(readFileSync(join(folder, "storage", "data", name.slice(4)), "utf8")).toBe("acknowledged");
    }
    expect(readdirSync(join(folder, "storage", "data")).filter((name) => name.startsWith(".fdfs-upload"))).toEqual([]);
  });

  test("the C programs' names take their arguments and print their texts", async () => {
    const links = join(folder, "bin");
    mkdirSync(links);
    for (const name of ["fdfs_trackerd", "fdfs_storaged", "fdfs_crc32"]) symlinkSync(fdfsProgram(), join(links, name));
    const run = (name: string, ...args: string[]) => fdfs(args, { program: join(links, name) });
    expect(await run("fdfs_trackerd", "-V")).toEqual({ code: 0, stdout: "\nfdfs_trackerd V6.16.1\n\n", stderr: "" });
    expect((await run("fdfs_storaged", storageConf, "status")).stdout).toBe(`Running, pid: ${pidOf("storage")}\n`);
    const twice = await run("fdfs_storaged", storageConf, "start");
    expect([twice.code, twice.stderr]).toEqual([
      17,
      `process fdfs_storaged already running, pid: ${pidOf("storage")}\n`,
    ]);
    expect((await run("fdfs_storaged")).code).toBe(1);
    expect((await run("fdfs_storaged", storageConf, "dance")).code).toBe(22);
    expect((await run("fdfs_crc32", join(folder, "small.txt"))).code).toBe(0);
    const restarted = await run("fdfs_storaged", storageConf, "restart");
    expect(restarted.code).toBe(0);
    expect(restarted.stderr).toMatch(/waiting for pid \[\d+\] exit \.\.\.\npid \[\d+\] exit\.\nstarting \.\.\.\n/);
    const pid = pidOf("storage");
    const stopped = await run("fdfs_storaged", storageConf, "stop");
    expect([stopped.code, stopped.stderr]).toEqual([0, `waiting for pid [${pid}] exit ...\npid [${pid}] exit.\n`]);
    expect((await run("fdfs_storaged", storageConf, "status")).code).toBe(2);
  });

  test("stop ends the tracker and removes its pid file", async () => {
    const result = await fdfs(["tracker", "--conf", trackerConf, "stop"]);
    expect(result.code).toBe(0);
    expect(existsSync(join(folder, "tracker", "data", "fdfs_trackerd.pid"))).toBe(false);
    expect((await fdfs(["tracker", "--conf", trackerConf, "stop"])).code).toBe(1);
  });
});

describe("wrong use", () => {
  test("no configuration, no action, no command", async () => {
    expect((await fdfs(["tracker"])).code).toBe(2);
    expect((await fdfs(["tracker", "--conf", trackerConf, "fly"])).code).toBe(2);
    expect((await fdfs(["nosuch"])).code).toBe(2);
    expect((await fdfs([])).code).toBe(2);
    expect((await fdfs(["upload", "--nosuch", "x"], { env })).code).toBe(2);
  });

  test("no tracker answers: one sentence, exit 1", async () => {
    const result = await fdfs(["upload", trackerConf], { env: { FDFS_TRACKERS: "127.0.0.9:9" } });
    expect(result.code).toBe(1);
    expect(result.stderr.trim().split("\n").length).toBe(1);
    expect(result.stderr).toContain("127.0.0.9:9");
  });
});
