// The executable under the C release's program names (symbolic links): arguments, both outputs and exit codes as the
// protocol document shows them (http-config-tools.md §4, §7), so that old scripts go on. FDFS_E2E_SERVERS=c as in
// commands.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { legacyNames } from "../../cmd/commands.ts";
import type { Cluster } from "../interop/clusters/cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { type Finished, fdfs } from "./support/run.ts";

let cluster: Cluster;
let folder: string;
const NORMAL = /^group1\/M00\/[0-9A-F]{2}\/[0-9A-F]{2}\/[\w-]{27}\d{3}\.txt$/;
const NOT_FOUND = "error no: 2, error info: No such file or directory\n";
const INVALID = "error no: 22, error info: Invalid argument\n";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-legacy-"));
  const maker = process.env["FDFS_E2E_SERVERS"] === "c" ? "c" : "fdfs";
  cluster = await startCluster(maker, maker, { extraTrackerConf: "reserved_storage_space = 100MB" });
  for (const name of legacyNames.keys()) symlinkSync(fdfsProgram(), join(folder, name));
  writeFileSync(join(folder, "hello.txt"), "hello fastdfs\n");
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program with its client.conf in front of the arguments; log lines on stderr are left out. */
async function run(name: string, ...args: string[]): Promise<Finished> {
  const words = args.map((arg) => (arg === "CONF" ? cluster.clientConf : arg));
  const finished = await fdfs(words, { program: join(folder, name), cwd: folder });
  const stderr = finished.stderr.replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ERROR - .*\n/gm, "");
  return { ...finished, stderr };
}

async function upload(program = "fdfs_upload_file"): Promise<string> {
  const { code, stdout, stderr } = await run(program, "CONF", "hello.txt");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.trim()).toMatch(NORMAL);
  return stdout.trim();
}

describe("file tools", () => {
  test("fdfs_upload_file", async () => {
    await upload();
    const missing = await run("fdfs_upload_file", "CONF", "nosuch.txt");
    expect(missing).toEqual({ code: 2, stdout: "", stderr: `upload file fail, ${NOT_FOUND}` });
    const { host, port } = cluster.storages[0]!;
    expect((await run("fdfs_upload_file", "CONF", "hello.txt", `${host}:${port}`, "0")).code).toBe(0);
    const wrongPath = await run("fdfs_upload_file", "CONF", "hello.txt", `${host}:${port}`, "7");
    expect(wrongPath).toEqual({ code: 22, stdout: "", stderr: `upload file fail, ${INVALID}` });
    expect((await run("fdfs_upload_file", "nosuch.conf", "hello.txt")).code).toBe(2);
  });

  test("fdfs_file_info", async () => {
    const id = await upload();
    const { code, stdout } = await run("fdfs_file_info", "CONF", id);
    expect(code).toBe(0);
    expect(stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "TIME")).toBe(`GET FROM SERVER: false

file type: normal
source storage id: 0
source ip address: ${cluster.storages[0]!.host}
file create timestamp: TIME
file size: 14
file crc32: 235977309 (0x0e10ba5d)

`);
    const bad = await run("fdfs_file_info", "CONF", "badid");
    expect(bad).toEqual({ code: 0, stdout: "", stderr: `query file info fail, ${INVALID}` });
  });

  test("appender: upload, append, info, regenerate", async () => {
    const id = await upload("fdfs_upload_appender");
    expect(await run("fdfs_append_file", "CONF", id, "hello.txt")).toEqual({ code: 0, stdout: "", stderr: "" });
    const { stdout } = await run("fdfs_file_info", "CONF", id);
    expect(stdout).toContain("file type: appender\n");
    expect(stdout).toContain("file size: 28\nfile crc32: 1573087615 (0x5dc3697f)\n");
    expect((await run("fdfs_file_info", "-n", "CONF", id)).stdout).toEndWith("file size: 28\n\n");
    const normal = await run("fdfs_regenerate_filename", "CONF", id);
    expect(normal.stdout.trim()).toMatch(NORMAL);
    const notAppender = await run("fdfs_append_file", "CONF", await upload(), "hello.txt");
    expect(notAppender).toEqual({ code: 22, stdout: `append file fail, ${INVALID}`, stderr: "" });
  });

  test("fdfs_download_file: always 0, no file on failure", async () => {
    const id = await upload();
    expect(await run("fdfs_download_file", "CONF", id, "out.txt", "6", "4")).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(readFileSync(join(folder, "out.txt"), "latin1")).toBe("fast");
    await run("fdfs_download_file", "CONF", id);
    expect(readFileSync(join(folder, id.slice(-34)), "latin1")).toBe("hello fastdfs\n");
    await run("fdfs_delete_file", "CONF", id);
    const gone = await run("fdfs_download_file", "CONF", id, "x");
    expect(gone).toEqual({ code: 0, stdout: `download file fail, ${NOT_FOUND}`, stderr: "" });
    expect(existsSync(join(folder, "x"))).toBe(false);
  });

  test("fdfs_delete_file", async () => {
    const id = await upload();
    expect(await run("fdfs_delete_file", "CONF", id)).toEqual({ code: 0, stdout: "", stderr: "" });
    const again = await run("fdfs_delete_file", "CONF", id);
    expect(again).toEqual({ code: 2, stdout: `delete file fail, ${NOT_FOUND}`, stderr: "" });
  });

  test("fdfs_crc32", async () => {
    expect(await run("fdfs_crc32", "hello.txt")).toEqual({ code: 0, stdout: "e10ba5d\n", stderr: "" });
  });

  test("usage names the program as it was called", async () => {
    const { code, stdout } = await run("fdfs_delete_file");
    expect([code, stdout]).toEqual([1, `Usage: ${join(folder, "fdfs_delete_file")} <config_file> <file_id>\n`]);
  });
});

describe("test programs", () => {
  test.each(["FILE", "BUFF", "CALLBACK"])("fdfs_test upload %s, then every operation", async (manner) => {
    const { code, stdout } = await run("fdfs_test", "CONF", "upload", "hello.txt", manner);
    expect(code).toBe(0);
    expect(stdout).toStartWith("This is FastDFS client test program v6.16.1\n");
    const names = [...stdout.matchAll(/remote_filename=(\S+)/g)].map((match) => match[1]!);
    expect(names).toHaveLength(2);
    const { host, port } = cluster.storages[0]!;
    const lines = async (...args: string[]): Promise<string[]> =>
      (await run("fdfs_test", "CONF", ...args)).stdout.split("\n").slice(9, -1);
    const storage = `storage=${host}:${port}`;
    const [name] = names as [string];
    expect(await lines("getmeta", "group1", name)).toEqual([
      storage,
      "get meta data success, meta count=4",
      "ext_name=jpg",
      "file_size=115120",
      "height=80",
      "width=160",
    ]);
    expect(await lines("setmeta", "group1", name, "O", "b=2,a=1")).toEqual([storage, "set meta data success"]);
    expect(await lines("query_servers", "group1", name)).toEqual(["server list (1):", `\t${host}:${port}`, ""]);
    expect(await lines("download", "group1", name, "dl")).toEqual([
      storage,
      "download file success, file size=14, file save to dl",
    ]);
    expect(await lines("delete", "group1", name)).toEqual([storage, "delete file success"]);
    const fail = `delete file fail, ${NOT_FOUND}`.trim();
    expect(await lines("delete", "group1", name)).toEqual([storage, fail]);
    expect(await lines("bogus")).toEqual(["invalid operation: bogus"]);
  });

  test.each([
    ["fdfs_appender_test", [14, 7, 21, 35]],
    ["fdfs_appender_test1", [14, 0, 14, 28]],
  ] as const)("%s prints the sizes after each step", async (program, sizes) => {
    const { code, stdout } = await run(program, "CONF", "hello.txt", "BUFF");
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^file size=(\d+)$/gm)].map((match) => Number(match[1]))).toEqual([...sizes]);
  });
});

describe("cluster tools", () => {
  test("fdfs_monitor", async () => {
    const { code, stdout } = await run("fdfs_monitor", "CONF");
    const tracker = `${cluster.trackerHost}:${cluster.trackerPort}`;
    expect(code).toBe(0);
    expect(stdout).toStartWith(
      `tracker server count=1, current server index=0\n\ntracker server is ${tracker}\n\ngroup count: 1\n\nGroup 1:\n`,
    );
    const busy = await run("fdfs_monitor", "CONF", "delete", "group1", cluster.storages[0]!.host);
    expect(busy.code).toBe(0);
    expect(busy.stdout).toEndWith(" fail, error no: 16, error info: Device or resource busy\n");
    const other = await run("fdfs_monitor", "CONF", "-h", "127.0.54.7");
    expect([other.code, other.stdout]).toEqual([2, "tracker server: 127.0.54.7 not exists!\n"]);
  });

  test("stat tools", async () => {
    const tracker = await run("fdfs_tracker_stat", "-c", "CONF", "-L");
    expect(tracker.stdout).toMatch(/^\n127\.\S+, is_leader: 1, is_active: 1, connections \{alloc: \d+, .*\n\ntracker/);
    const storage = await run("fdfs_storage_stat", "-Ac", "CONF");
    expect(storage.stdout).toMatch(/^\n127\.\S+ ACTIVE, connections \{alloc: \d+, .*\n\nstorage server count: 1\n\n$/);
    expect((await run("fdfs_storage_stat", "-N", "-c", "CONF")).stdout).toBe("");
    const volume = await run("fdfs_volumn_stat", "-c", "CONF");
    expect(volume.stdout).toMatch(
      /^\ngroup1 disk_available: 1, disk space \{total: .*util: [\d.]+%\}\n\nstorage volumn/,
    );
    expect((await run("fdfs_tracker_stat", "-x")).code).toBe(1);
  });
});
