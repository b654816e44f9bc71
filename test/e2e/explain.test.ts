// `fdfs explain` and the replication lines of `fdfs monitor` on real servers: a pair that is well, one that is killed, a
// new member that waits, files that are somewhere and nowhere. Addresses 127.0.32.x.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../interop/clusters/addresses.ts";
import { fdfsStorage, fdfsTracker } from "../interop/clusters/fdfs-cluster.ts";
import { storageConf, trackerConf } from "../interop/clusters/server-conf.ts";
import { type ServerProcess, startServer } from "../interop/clusters/server-process.ts";
import { type Finished, fdfs, until } from "./support/run.ts";

setDefaultTimeout(60_000);

const TRACKER = "127.0.32.1";
const [A, B, FULL, NEW] = ["127.0.32.2", "127.0.32.3", "127.0.32.4", "127.0.32.5"];
const NOBODY = "127.0.32.9";

let folder: string;
let tracker: string;
let nobody: string;
let storagePort = 0;
let env: Record<string, string>;
const servers = new Map<string, ServerProcess>();

const pathOf = (host: string): string => join(folder, host, "path0");

function startStorage(host: string, groupName: string, extraStorageConf = ""): void {
  const basePath = join(folder, host);
  mkdirSync(pathOf(host), { recursive: true });
  const conf = join(folder, `${host}.conf`);
  const options = { extraStorageConf };
  const storePaths = [pathOf(host)];
  writeFileSync(
    conf,
    storageConf({ host, port: storagePort, basePath, options, groupName, trackers: [tracker], storePaths }),
  );
  servers.set(host, startServer(fdfsStorage(conf), `${basePath}.out`));
}

/** An hour of the day in which it is not now. */
function closedWindow(): string {
  const hour = (new Date().getHours() + 6) % 24;
  const two = String(hour).padStart(2, "0");
  return `sync_start_time = ${two}:00\nsync_end_time = ${two}:30\n`;
}

const run = (...args: string[]): Promise<Finished> => fdfs(args, { env, cwd: folder });
const explain = (...args: string[]): Promise<Finished> => run("explain", ...args);
const says = async (text: string, ...args: string[]): Promise<void> =>
  until(`fdfs explain ${args.join(" ")} says ${text}`, async () => (await explain(...args)).stdout.includes(text));

async function upload(groupName: string, content = "some content\n"): Promise<string> {
  const { code, stdout, stderr } = await fdfs(["upload", "-", "--group", groupName], { env, input: content });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trim();
}

interface Json {
  readonly verdict: string;
  readonly findings: { severity: string; subject: string; what: string; why: string; remedy: string }[];
  readonly file?: { size: number; replicas: { id: string; file: { kind: string } }[] };
}
const json = async (...args: string[]): Promise<Json> => JSON.parse((await explain("--json", ...args)).stdout) as Json;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-explain-"));
  const port = await freePort([TRACKER]);
  storagePort = await freePort([A, B, FULL, NEW]);
  tracker = `${TRACKER}:${port}`;
  nobody = `${NOBODY}:${await freePort([NOBODY])}`;
  env = { FDFS_TRACKERS: tracker };
  const basePath = join(folder, "tracker");
  mkdirSync(basePath);
  const conf = join(folder, "tracker.conf");
  const options = { extraTrackerConf: "reserved_storage_space = 10MB\n" };
  writeFileSync(conf, trackerConf({ host: TRACKER, port, basePath, options }));
  servers.set(TRACKER, startServer(fdfsTracker(conf), `${basePath}.out`));
  await says("No storage has joined yet");
  startStorage(A, "group1");
  await says("1 server, ACTIVE", "group1");
  startStorage(B, "group1");
  startStorage(FULL, "group2", closedWindow());
  await says("2 servers, all ACTIVE", "group1");
  await says("1 server, ACTIVE", "group2");
}, 120_000);

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

describe("a healthy pair", () => {
  test("the whole cluster is in order", async () => {
    await says("Every server of group1 has what the others wrote.");
    const { code, stdout, stderr } = await explain();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`ok       Tracker ${tracker} answers and leads.\n`);
    expect(stdout).toContain("ok       Group group1: 2 servers, all ACTIVE; room for ");
    expect(stdout).not.toContain("problem");
  });

  test("a file is on both, and its contents are equal", async () => {
    const id = await upload("group1", "123456789");
    await until("both have it", async () => (await explain(id)).stdout.split(" has it: 9 bytes").length === 3);
    const { code, stdout } = await explain(id, "--verify");
    expect(code).toBe(0);
    expect(stdout).toStartWith(`${id}\n  group    group1\n  path     store path 0, data/`);
    expect(stdout).toContain("  kind     normal\n");
    expect(stdout).toContain("  crc32    cbf43926\n");
    expect(stdout).toContain(", the source, has it: 9 bytes, of ");
    expect(stdout).toContain("The content is the same on 127.0.32.2 and 127.0.32.3, and has the checksum in the name");
    expect(stdout).toEndWith("Everything is in order.\n");
  });

  test("an empty file", async () => {
    const id = await upload("group1", "");
    await until("both have it", async () => (await explain(id)).stdout.split(" has it: 0 bytes").length === 3);
    expect((await explain(id, "--verify")).stdout).toContain("The content is the same on");
  });

  test("one server, by address, by address and port", async () => {
    await until("nothing is owed", async () => (await explain(A)).stdout.split(" has everything that ").length === 3);
    for (const word of [A, `${A}:${storagePort}`]) {
      const { code, stdout } = await explain(word);
      expect(code).toBe(0);
      expect(stdout).toContain(`Storage ${A} of group1 is ACTIVE.`);
      expect(stdout).toContain(`${B} has everything that ${A} wrote`);
      expect(stdout).toContain(`${A} has everything that ${B} wrote`);
    }
  });

  test("the tracker", async () =>
    expect((await explain(tracker)).stdout).toContain(`Tracker ${tracker} answers and leads.`));

  test("monitor tells of copying", async () => {
    const line = /\t\tcopies to 127\.0\.32\.3: idle, (lag p50 [\d.]+ ms p99 [\d.]+ ms, )?0 set aside\n/;
    await until("monitor says idle", async () => line.test((await run("monitor", "group1")).stdout));
    const parsed = JSON.parse((await run("monitor", "group1", "--json")).stdout);
    expect(parsed.groups[0].setAsideRecords).toBe(0);
    expect(parsed.groups[0].storages[0].replication.peers[0].id).toBe(B);
  });
});

describe("a file", () => {
  test("that one server lost", async () => {
    const id = await upload("group1", "lost on one");
    await until("both have it", async () => (await explain(id)).stdout.split(" has it: ").length === 3);
    const source = (await explain(id)).stdout.includes(`${A}, the source,`) ? A : B;
    const other = source === A ? B : A;
    unlinkSync(join(pathOf(other), "data", id.split("/").slice(2).join("/")));
    await says("copying will not bring it", id);
    const { code, stdout } = await explain(id);
    expect(code).toBe(1);
    expect(stdout).toContain(`problem  ${other} does not have it.`);
    expect(stdout).toContain(`Why: ${source} says that ${other} has everything it wrote, so copying will not bring it`);
    const { verdict, file } = await json(id);
    expect(verdict).toBe("problem");
    expect(file?.replicas.map((one) => [one.id, one.file.kind])).toEqual([
      [A, source === A ? "present" : "absent"],
      [B, source === B ? "present" : "absent"],
    ]);
  });

  test("that was deleted", async () => {
    const id = await upload("group1", "to be deleted");
    await until("both have it", async () => (await explain(id)).stdout.split(" has it: ").length === 3);
    expect((await run("delete", id)).code).toBe(0);
    await says("No server has the file.", id);
    const { code, stdout } = await explain(id);
    expect(code).toBe(1);
    expect(stdout).toContain("it was deleted, or never existed under this ID");
  });

  test("of another cluster", async () => {
    const foreign = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
    const { code, stdout } = await explain(`group1/${foreign}`);
    expect(code).toBe(1);
    expect(stdout).toContain("Its name says that 127.0.0.72 created it, which is no server of group1");
    expect((await explain(`group9/${foreign}`)).stdout).toContain("The group group9 is unknown.");
  });
});

describe("used wrongly", () => {
  test.each([[["a", "b"]], [[""]], [["group1/nonsense"]], [["group1/M00/00/00/short.txt"]], [["group1", "--verify"]]])(
    "%j",
    async (args) => {
      const { code, stdout, stderr } = await explain(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toStartWith("fdfs explain: ");
    },
  );
  test("an unknown name", async () => {
    const { code, stdout } = await explain("group7");
    expect(code).toBe(1);
    expect(stdout).toContain("Nothing is named group7.");
    expect(stdout).toContain("The trackers know group1, group2, 127.0.32.2, ");
  });
  test("help", async () => {
    const { code, stdout } = await run("help", "explain");
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: fdfs explain [GROUP|IP|IP:PORT|STORAGE_ID|FILE_ID]");
    expect(stdout).toContain("Exit status: 0 in order");
  });
});

describe("a new member of a group whose source may not copy at this hour", () => {
  let id: string;
  beforeAll(async () => {
    id = await upload("group2", "old file");
    startStorage(NEW, "group2");
    await says("its old files come from 127.0.32.4", NEW);
  });

  test("waits, and it is said for what", async () => {
    await says("outside of sync_start_time to sync_end_time", NEW);
    const { code, stdout } = await explain(NEW);
    expect(code).toBe(0);
    expect(stdout).toMatch(/notice {3}Storage 127\.0\.32\.5 of group2 is (WAIT_SYNC|SYNCING): it is new/);
    expect((await explain(FULL)).stdout).toContain(`${NEW} is new (`);
  });

  test("does not have an old file yet", async () => {
    const { code, stdout } = await explain(id);
    expect(code).toBe(0);
    expect(stdout).toContain(`notice   ${NEW} does not have it.`);
    expect(stdout).toContain(`ok       ${FULL}, the source, has it: 8 bytes`);
  });

  test("stands still without its source", async () => {
    await servers.get(FULL)?.kill();
    await says(`${FULL} is OFFLINE, so nothing is handed over`, NEW);
    const { code, stdout } = await explain("group2");
    expect(code).toBe(1);
    expect(stdout).toContain("Group group2 takes no uploads and gives no files out.");
  });
});

describe("a server that was killed", () => {
  let id: string;
  beforeAll(async () => {
    id = await upload("group1", "before the kill");
    await until("both have it", async () => (await explain(id)).stdout.split(" has it: ").length === 3);
    await servers.get(B)?.kill();
    await says(`Storage ${B} of group1 is OFFLINE`);
  });

  test("is a problem, with why and what to do", async () => {
    const { code, stdout } = await explain(B);
    expect(code).toBe(1);
    expect(stdout).toContain(`problem  Storage ${B} of group1 is OFFLINE; its last heartbeat came `);
    expect(stdout).toContain(`Nothing serves at its port ${storagePort}: connection refused.`);
    expect(stdout).toContain(`fdfs delete-storage group1 ${B}`);
  });

  test("cannot be asked for a file; the other one has it", async () => {
    const { stdout } = await explain(id);
    expect(stdout).toContain(`${B} cannot say whether it has the file: it is OFFLINE; connection refused.`);
    expect(stdout).toMatch(/ok {7}127\.0\.32\.2(, the source,)? has it: 15 bytes/);
  });

  test("is owed what is uploaded meanwhile", async () => {
    await upload("group1", "meanwhile");
    await says(`${A} owes ${B} `, A);
    expect((await run("monitor", "group1")).stdout).toMatch(/\t\tcopies to 127\.0\.32\.3: .* behind/);
  });
});

describe("trackers that are away", () => {
  test("one of two, dead or deaf, costs seconds", async () => {
    const deaf = net.createServer(() => {}).listen(0, NOBODY);
    await new Promise((resolve) => deaf.once("listening", resolve));
    const { port } = deaf.address() as net.AddressInfo;
    try {
      const begin = performance.now();
      const dead = await explain("--tracker", nobody, "--tracker", `${NOBODY}:${port}`, "--tracker", tracker);
      expect(performance.now() - begin).toBeLessThan(12_000);
      expect(dead.code).toBe(1);
      expect(dead.stdout).toContain(`Tracker ${nobody} does not answer: connection refused.`);
      expect(dead.stdout).toContain(`Tracker ${NOBODY}:${port} does not answer: `);
      expect(dead.stdout).toContain("1 other tracker does the work meanwhile.");
    } finally {
      deaf.close();
    }
  });

  test("all", async () => {
    const { code, stdout } = await explain("--tracker", nobody);
    expect(code).toBe(1);
    expect(stdout).toContain("No tracker answers, so nothing else can be found out");
    const { verdict, findings } = await json(
      "--tracker",
      nobody,
      "group1/M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt",
    );
    expect({ verdict, count: findings.length }).toEqual({ verdict: "problem", count: 1 });
  });

  test("asked about a name", async () => {
    const { code, stdout } = await explain("--tracker", nobody, "group1");
    expect(code).toBe(1);
    expect(stdout).toContain("does not answer");
  });
});
