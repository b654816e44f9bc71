// The subcommands as a person and a script use them: the compiled executable against a running cluster. Servers are ours;
// FDFS_E2E_SERVERS=c takes the C ones of FDFS_PEER_BIN instead, which judges the commands alone.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../interop/clusters/cluster.ts";
import { fdfsProgram } from "../interop/clusters/fdfs-cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { type Finished, fdfs, until } from "./support/run.ts";

const LARGE_BYTES = 300 * 1024 * 1024;

let cluster: Cluster;
let folder: string;
let env: Record<string, string>;
const sample = Buffer.from("hello fastdfs, this is a file of some length\n".repeat(1000));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-commands-"));
  const maker = process.env["FDFS_E2E_SERVERS"] === "c" ? "c" : "fdfs";
  cluster = await startCluster(maker, maker, { extraTrackerConf: "reserved_storage_space = 100MB" });
  env = { FDFS_TRACKERS: `${cluster.trackerHost}:${cluster.trackerPort}` };
  writeFileSync(join(folder, "a.txt"), sample);
  writeFileSync(join(folder, "b.txt"), "b");
  writeFileSync(join(folder, "empty.txt"), "");
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Finished> => fdfs(args, { env, cwd: folder });

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

async function upload(name: string, ...options: string[]): Promise<string> {
  return (await ok("upload", name, ...options)).trim();
}

/** A folder of its own for each test's downloads. */
function freshFolder(): string {
  return mkdtempSync(join(folder, "out-"));
}

describe("upload", () => {
  test("IDs come in the order of the files; one that fails is told, the others go on", async () => {
    const { code, stdout, stderr } = await run("upload", "a.txt", "missing.txt", "b.txt");
    expect(code).toBe(1);
    expect(stderr).toBe("fdfs: Cannot upload missing.txt: there is no such file\n");
    const sizes = await ok("info", "--local", "--json", ...stdout.trim().split("\n"));
    expect((JSON.parse(sizes) as { size: number }[]).map(({ size }) => size)).toEqual([sample.length, 1]);
  });

  test("a pattern the shell left alone", async () => {
    expect((await ok("upload", "{a,b}.txt")).trim().split("\n")).toHaveLength(2);
  });

  test("--json names file and ID", async () => {
    const [first] = JSON.parse(await ok("upload", "--json", "b.txt")) as { file: string; id: string }[];
    expect(first).toEqual({ file: "b.txt", id: expect.stringMatching(/^group1\/M00\/.*\.txt$/) as string });
  });

  test("standard input, metadata, extension", async () => {
    const { code, stdout } = await fdfs(["upload", "-", "--ext", "log", "--meta", "a=1", "--meta", "b=2=3"], {
      env,
      input: sample,
    });
    expect(code).toBe(0);
    const id = stdout.trim();
    expect(id).toEndWith(".log");
    expect(await ok("meta", "get", id)).toBe("a=1\nb=2=3\n");
    expect(await ok("download", id, "-o", "-")).toBe(sample.toString());
  });

  test("an empty file goes and comes back", async () => {
    const id = await upload("empty.txt");
    const target = join(freshFolder(), "empty");
    await ok("download", id, "-o", target);
    expect(readFileSync(target)).toHaveLength(0);
  });

  test("a slave takes its master's name and the prefix", async () => {
    const master = await upload("a.txt");
    expect(await upload("b.txt", "--slave-of", master, "--prefix", "_small")).toBe(
      master.replace(".txt", "_small.txt"),
    );
  });

  test("a group that is not there", async () => {
    const { code, stdout, stderr } = await run("upload", "--group", "nogroup", "b.txt");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("nogroup");
  });
});

describe("download", () => {
  test("into the current folder under the ID's last part", async () => {
    const id = await upload("a.txt");
    const cwd = freshFolder();
    expect(await fdfs(["download", id], { env, cwd })).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readdirSync(cwd)).toEqual([id.slice(id.lastIndexOf("/") + 1)]);
  });

  test("several IDs into a folder that is made", async () => {
    const ids = [await upload("a.txt"), await upload("b.txt")];
    const target = join(freshFolder(), "new");
    await ok("download", ...ids, "-o", target);
    expect(readdirSync(target)).toHaveLength(2);
  });

  test("a part", async () => {
    const id = await upload("a.txt");
    const part = await ok("download", id, "-o", "-", "--offset", "6", "--length", "7");
    expect(part).toBe("fastdfs");
  });

  test("a file that is not there leaves nothing, and an old target as it was", async () => {
    const id = await upload("b.txt");
    await ok("delete", id);
    const target = join(freshFolder(), "kept");
    writeFileSync(target, "old");
    const { code, stderr } = await run("download", id, "-o", target);
    expect(code).toBe(1);
    expect(stderr).toContain(id);
    expect(stderr).toContain("No such file or directory");
    expect(readdirSync(join(target, ".."))).toEqual(["kept"]);
    expect(readFileSync(target, "latin1")).toBe("old");
  });

  test("--continue fetches what a short target lacks", async () => {
    const id = await upload("a.txt");
    const target = join(freshFolder(), "file");
    writeFileSync(target, sample.subarray(0, 1234));
    const [done] = JSON.parse(await ok("download", "--json", "--continue", id, "-o", target)) as { bytes: number }[];
    expect(done?.bytes).toBe(sample.length - 1234);
    expect(readFileSync(target).equals(sample)).toBe(true);
    await ok("download", "--continue", id, "-o", target);
    expect(readdirSync(join(target, ".."))).toEqual(["file"]);
  });

  test("--continue notices that the part belongs to another file", async () => {
    const id = await upload("a.txt");
    const target = join(freshFolder(), "file");
    writeFileSync(`${target}.fdfs-part`, "something else");
    const { code, stderr } = await run("download", "--continue", id, "-o", target);
    expect(code).toBe(1);
    expect(stderr).toContain("remove it and download again");
    expect(readdirSync(join(target, ".."))).toEqual(["file.fdfs-part"]);
  });
});

describe("Ctrl-C", () => {
  let id: string;
  beforeAll(async () => {
    const large = join(folder, "large.bin");
    writeFileSync(large, "");
    truncateSync(large, LARGE_BYTES);
    id = await upload(large);
    rmSync(large);
  }, 60_000);

  /** Starts a download, interrupts it once bytes are there, and tells its exit status. */
  async function interrupted(cwd: string, ...args: string[]): Promise<number | null> {
    const child = spawn(fdfsProgram(), ["download", id, ...args], { cwd, env: { ...process.env, ...env } });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    await until("the download has begun", () => readdirSync(cwd).length > 0 || child.exitCode !== null);
    child.kill("SIGINT");
    return ended;
  }

  test("a fresh download leaves nothing", async () => {
    const cwd = freshFolder();
    expect(await interrupted(cwd, "-o", "file")).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("--continue keeps the part and finishes it later", async () => {
    const cwd = freshFolder();
    expect(await interrupted(cwd, "--continue", "-o", "file")).toBe(130);
    expect(readdirSync(cwd)).toEqual(["file.fdfs-part"]);
    const finished = await fdfs(["download", id, "--continue", "-o", "file"], { env, cwd });
    expect(finished).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readdirSync(cwd)).toEqual(["file"]);
    expect(readFileSync(join(cwd, "file"))).toHaveLength(LARGE_BYTES);
  }, 60_000);
});

test("appender: append, modify, truncate, info, regenerate", async () => {
  const id = await upload("b.txt", "--appender");
  await ok("append", id, "a.txt");
  await ok("modify", id, "b.txt", "--offset", "2");
  const expected = Buffer.concat([Buffer.from("b"), sample]);
  expected.write("b", 2);
  expect(await ok("download", id, "-o", "-")).toBe(expected.toString());
  await ok("truncate", id, "5");
  const [info] = JSON.parse(await ok("info", "--json", id)) as { type: string; size: number }[];
  expect([info?.type, info?.size]).toEqual(["appender", 5]);
  const normal = (await ok("regenerate", id)).trim();
  expect(await ok("download", normal, "-o", "-")).toBe(expected.subarray(0, 5).toString());
});

test("meta set replaces, --merge adds, nothing removes", async () => {
  const id = await upload("b.txt");
  await ok("meta", "set", id, "w=1", "h=2");
  await ok("meta", "set", id, "h=3", "--merge");
  expect(JSON.parse(await ok("meta", "get", "--json", id))).toEqual({ w: "1", h: "3" });
  await ok("meta", "set", id, "only=this");
  expect(await ok("meta", "get", id)).toBe("only=this\n");
});

describe("cluster", () => {
  test("monitor shows the storage as fdfs_monitor does", async () => {
    const text = await ok("monitor");
    const { host, port } = cluster.storages[0]!;
    expect(text).toStartWith("group count: 1\n\nGroup 1:\ngroup name = group1\ndisk total space     = ");
    expect(text).toContain(`\tStorage 1:\n\t\tid = ${host}\n\t\thost = ${host}:${port}  ACTIVE\n`);
    expect(await ok("monitor", "group1")).toStartWith("group name = group1\n");
  });

  test("monitor --json", async () => {
    const state = JSON.parse(await ok("monitor", "--json")) as {
      groups: { groupName: string; storages: { statusName: string }[] }[];
    };
    expect(state.groups[0]?.groupName).toBe("group1");
    expect(state.groups[0]?.storages[0]?.statusName).toBe("ACTIVE");
  });

  test("a group that is not there", async () => {
    const { code, stderr } = await run("monitor", "nogroup");
    expect([code, stderr]).toEqual([1, "fdfs monitor: Cannot show group nogroup: the tracker knows group1\n"]);
  });

  test("what is in use is not deleted", async () => {
    const storage = await run("delete-storage", "group1", cluster.storages[0]!.host);
    expect(storage.code).toBe(1);
    expect(storage.stderr).toContain("is ACTIVE: stop it first (16)");
    const group = await run("delete-group", "group1");
    expect(group.code).toBe(1);
    expect(group.stderr).toContain("Device or resource busy");
  });
});

describe("used wrongly: exit status 2 and a sentence", () => {
  test.each([
    [["upload"], "No file given"],
    [["upload", "b.txt", "--prefix", "x"], "Options --slave-of and --prefix belong together"],
    [["download", "id", "--continue", "--offset", "1"], "Option --continue needs a target file"],
    [["truncate", "id", "-1"], "Unknown option -1"],
    [["meta", "get"], "No file ID given"],
    [["meta", "set", "id", "novalue"], 'Metadata "novalue" has no name: write name=value'],
    [["delete-storage", "group1"], "Needed are a group and the ID"],
    [["nonsense"], 'No command is named "nonsense"'],
  ])("%j", async (args, sentence) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(sentence);
  });

  test("no tracker anywhere names all five ways", async () => {
    const { code, stderr } = await fdfs(["delete", "x"], { env: { FDFS_TRACKERS: "" }, cwd: folder });
    // A machine with /etc/fdfs/client.conf knows a tracker.
    if (code === 1) return;
    expect(code).toBe(2);
    for (const way of ["--conf", "--tracker", "FDFS_TRACKERS", "./client.conf", "/etc/fdfs/client.conf"]) {
      expect(stderr).toContain(way);
    }
  });

  test("a tracker that does not answer is named", async () => {
    const { code, stderr } = await run("delete", "--tracker", "127.0.54.9:1", "group1/M00/00/00/x");
    expect(code).toBe(1);
    expect(stderr.split("\n")).toHaveLength(2);
  });
});

test("quiet in a pipe: no colour, no progress", async () => {
  const { stderr } = await run("upload", "a.txt");
  expect(stderr).toBe("");
  expect((await run("monitor")).stdout).not.toContain("\u001b");
});
