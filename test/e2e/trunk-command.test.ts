// `fdfs trunk` on real servers: what stat tells, a check beside uploads and deletions, and damage that is made, found and
// mended. Addresses 127.0.94.x.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slotOfName } from "../../core/storage/trunk/audit/trunk-key.ts";
import { trunkFilePath } from "../../core/storage/trunk/trunk-file.ts";
import { freePort } from "../interop/clusters/addresses.ts";
import { fdfsStorage, fdfsTracker } from "../interop/clusters/fdfs-cluster.ts";
import { storageConf, trackerConf } from "../interop/clusters/server-conf.ts";
import { type ServerProcess, startServer } from "../interop/clusters/server-process.ts";
import { type Finished, fdfs, until } from "./support/run.ts";

setDefaultTimeout(90_000);

const TRACKER = "127.0.94.1";
const STORAGES = ["127.0.94.2", "127.0.94.3"] as const;
const TRUNK_CONF = `store_server = 1
use_trunk_file = true
slot_min_size = 256
slot_max_size = 64KB
trunk_alloc_alignment_size = 256
trunk_file_size = 4MB
reserved_storage_space = 10MB
`;

interface Check {
  readonly verdict: string;
  readonly isRunning: boolean;
  readonly mapOwner: string;
  readonly totals: { readonly trunkFiles: number; readonly slots: number; readonly liveNames: number };
  readonly classes: readonly { readonly kind: string; readonly severity: string; readonly count: number }[];
}
interface Stat {
  readonly groups: readonly {
    readonly storages: readonly {
      readonly id: string;
      readonly isTrunkServer: boolean;
      readonly report: { readonly role: string; readonly copies: readonly { readonly behindBytes: number }[] } | null;
    }[];
  }[];
}

let folder: string;
let tracker: string;
let env: Record<string, string>;
let names: string[] = [];
const servers = new Map<string, ServerProcess>();

const confOf = (host: string): string => join(folder, `${host}.conf`);
const start = (host: string): void =>
  void servers.set(host, startServer(fdfsStorage(confOf(host)), join(folder, `${host}.out`)));
const run = (...args: string[]): Promise<Finished> => fdfs(args, { env, cwd: folder });
const trunk = (...args: string[]): Promise<Finished> => run("trunk", ...args);

async function check(host: string): Promise<Check & { code: number | null }> {
  const { code, stdout, stderr } = await trunk("check", "--conf", confOf(host), "--json");
  if (stdout === "") throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as Check) };
}

const stat = async (): Promise<Stat["groups"][number]["storages"]> => {
  const { stdout, stderr } = await trunk("stat", "--json");
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as Stat).groups[0]?.storages ?? [];
};

async function trunkServer(): Promise<string> {
  let server = "";
  await until("a storage serves as trunk server", async () => {
    const storages = await stat().catch(() => []);
    server = storages.find(({ report }) => report?.role === "serving")?.id ?? "";
    return server !== "" && storages.length === 2;
  });
  return server;
}

/** File IDs of small files, `count` of them. */
async function upload(count: number, tag: string): Promise<string[]> {
  const files = Array.from({ length: count }, (_, index) => {
    const file = join(folder, `${tag}-${index}.txt`);
    writeFileSync(file, `${tag} ${index} `.repeat(1 + (index % 40)));
    return file;
  });
  const { code, stdout, stderr } = await run("upload", ...files);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const file of files) rmSync(file);
  return stdout.trim().split("\n");
}

const logicName = (id: string): string => id.slice(id.indexOf("/") + 1);

/** Overwrites bytes of a storage's trunk file, from the start of the file's slot. */
function overwrite(host: string, id: string, at: number, bytes: Uint8Array): void {
  const place = slotOfName(logicName(id))!;
  const fd = openSync(trunkFilePath(join(folder, host), place), "r+");
  writeSync(fd, bytes, 0, bytes.length, place.named.offset + at);
  closeSync(fd);
}

async function stopAll(): Promise<void> {
  await Promise.all(STORAGES.map((host) => servers.get(host)?.stop()));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-trunk-command-"));
  const port = await freePort([TRACKER]);
  const storagePort = await freePort(STORAGES);
  tracker = `${TRACKER}:${port}`;
  env = { FDFS_TRACKERS: tracker };
  mkdirSync(join(folder, "tracker"));
  const conf = join(folder, "tracker.conf");
  const options = { extraTrackerConf: TRUNK_CONF };
  writeFileSync(conf, trackerConf({ host: TRACKER, port, basePath: join(folder, "tracker"), options }));
  servers.set(TRACKER, startServer(fdfsTracker(conf), join(folder, "tracker.out")));
  for (const host of STORAGES) {
    const basePath = join(folder, host);
    mkdirSync(basePath);
    const storePaths = [basePath];
    writeFileSync(
      confOf(host),
      storageConf({
        host,
        port: storagePort,
        basePath,
        options: {},
        groupName: "group1",
        trackers: [tracker],
        storePaths,
      }),
    );
    start(host);
  }
});

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

describe("beside a cluster that works", () => {
  test("stat tells who serves, and both copies are complete", async () => {
    const server = await trunkServer();
    names = await upload(120, "first");
    expect(names.filter((id) => slotOfName(logicName(id)) !== null).length).toBe(120);
    await until("the copy is complete", async () => {
      const serving = (await stat()).find(({ id }) => id === server);
      return serving?.report?.copies.every(({ behindBytes }) => behindBytes === 0) === true;
    });
    const { code, stdout } = await trunk("stat", "group1");
    expect(code).toBe(0);
    expect(stdout).toContain(`group1: trunk server ${server}`);
    expect(stdout).toContain(`${server}: serving`);
    expect(stdout).toMatch(/copy at 127\.0\.94\.\d: complete, connected/);
  });

  test("check finds nothing on either while files come and go", async () => {
    const [gone, more] = [names.slice(0, 60), upload(60, "second")];
    const deleting = run("delete", ...gone);
    const reports = await Promise.all(STORAGES.map((host) => check(host)));
    expect(reports.map(({ classes }) => classes.filter(({ severity }) => severity === "problem"))).toEqual([[], []]);
    expect(reports.map(({ isRunning, code }) => [isRunning, code])).toEqual([
      [true, 0],
      [true, 0],
    ]);
    expect((await deleting).code).toBe(0);
    names = [...names.slice(60), ...(await more)];
  });

  test("stat of one storage of this machine", async () => {
    const server = await trunkServer();
    const { code, stdout } = await trunk("stat", "--conf", confOf(server));
    expect(code).toBe(0);
    expect(stdout).toContain("runs; it is the trunk server.");
    expect(stdout).toContain("trunk binlog");
  });

  test("repair is refused while the storage runs", async () => {
    const { code, stderr } = await trunk("repair", "--conf", confOf(STORAGES[0]), "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("the storage runs");
  });
});

describe("a storage that was stopped", () => {
  let server: string;
  let other: string;
  const trunkBinlog = (): string => join(folder, server, "data/trunk/binlog");

  beforeAll(async () => {
    server = await trunkServer();
    other = STORAGES.find((host) => host !== server)!;
    await until("both storages have all files", async () =>
      (await Promise.all(STORAGES.map((host) => check(host)))).every(
        ({ totals, code }) => totals.liveNames === names.length && code === 0,
      ),
    );
    await stopAll();
  });

  test("is in order, and its files tell whose map it has", async () => {
    const reports = await Promise.all([check(server), check(other)]);
    expect(reports.map(({ code, mapOwner, isRunning }) => [code, mapOwner, isRunning])).toEqual([
      [0, "here", false],
      [0, "elsewhere", false],
    ]);
    expect(reports[0]!.classes).toEqual([]);
    expect(reports[0]!.totals).toMatchObject({ liveNames: names.length, slots: names.length });
  });

  test("damage of every sort is found, in words and in JSON", async () => {
    // A loaded storage would hand this space out again.
    const place = slotOfName(logicName(names[0]!))!;
    const line = `1795233048 A 0 ${place.subPathHigh} ${place.subPathLow} ${place.trunkFileId} ${place.named.offset} ${place.named.size}\n`;
    writeFileSync(trunkBinlog(), readFileSync(trunkBinlog(), "latin1") + line);
    overwrite(server, names[1]!, 26, Buffer.from("?"));
    overwrite(server, names[2]!, 0, new Uint8Array(24));
    const { code, classes } = await check(server);
    expect(code).toBe(1);
    expect(Object.fromEntries(classes.map(({ kind, count }) => [kind, count]))).toMatchObject({
      ...{ "used-free": 1, damaged: 1, missing: 1, junk: 1 },
    });
    const { stdout } = await trunk("check", "--conf", confOf(server));
    expect(stdout).toContain("1 file is in space that the map calls free");
    expect(stdout).toContain(names[0]!);
    expect(stdout).toContain("has other content than the header says");
    expect(stdout).toContain("its header is gone, bytes are still there");
  });

  test("repair asks first, and is refused where the map is a copy", async () => {
    const before = readFileSync(trunkBinlog(), "latin1");
    const unasked = await trunk("repair", "--conf", confOf(server));
    expect(unasked.code).toBe(1);
    expect(unasked.stdout).toContain("no longer free: 1 block");
    expect(unasked.stderr).toContain("Nothing was changed");
    const copy = await trunk("repair", "--conf", confOf(other), "--yes");
    expect(copy.code).toBe(1);
    expect(copy.stderr).toContain(`${server} is the trunk server: repair there`);
    expect(readFileSync(trunkBinlog(), "latin1")).toBe(before);
  });

  test("repair mends the free space and says what it cannot mend", async () => {
    const { code, stdout } = await trunk("repair", "--conf", confOf(server), "--yes");
    expect(code).toBe(1);
    expect(stdout).toContain("Done. The trunk binlog as it was is kept as");
    expect(readdirSync(join(folder, server, "data/trunk")).some((name) => name.endsWith(".before-repair"))).toBe(true);
    const { classes } = await check(server);
    expect(Object.fromEntries(classes.map(({ kind, count }) => [kind, count]))).toEqual({
      ...{ missing: 1, damaged: 1, junk: 1 },
    });
  });

  test("the storages go on from there: every file that is whole is read, new ones find room", async () => {
    for (const host of STORAGES) start(host);
    await trunkServer();
    const more = await upload(40, "third");
    for (const id of [...names.slice(3, 10), ...more.slice(0, 5)]) {
      const { code, stderr } = await run("download", id, "-o", join(folder, "out.txt"));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
    await until("nothing but the known damage is found", async () => {
      const { classes } = await check(server);
      const problems = classes.filter(({ severity }) => severity === "problem").map(({ kind }) => kind);
      return problems.every((kind) => ["missing", "damaged", "junk"].includes(kind));
    });
  });
});

describe("what cannot be checked", () => {
  test("is told with status 2", async () => {
    const { code, stderr } = await trunk("check", "--conf", join(folder, "none.conf"));
    expect(code).toBe(2);
    expect(stderr).toContain("none.conf");
    expect((await trunk("check")).code).toBe(2);
    expect((await trunk("mend")).code).toBe(2);
    expect((await trunk()).stderr).toContain("Say stat, check or repair");
  });
});
