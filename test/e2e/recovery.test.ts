// A lost store path is rebuilt, on the compiled executable: whole, killed in the middle and gone on with, and without the
// other storage's binlog. Every byte is compared with the other storage's disk.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FdfsClient } from "../../core/client/index.ts";
import { ProcessCluster, whyNoCluster } from "../cluster/support/cluster.ts";
import { linkTo } from "../cluster/support/linker.ts";
import type { Server } from "../cluster/support/server.ts";
import { dataFiles, differences, type Tree, TreeReader } from "../cluster/support/trees.ts";
import { fdfs, until } from "./support/run.ts";

const missing = whyNoCluster("fdfs");
const FILES = 2000;
const LINKS = 50;
const UPLOADERS = 8;
/** Of the store path that is lost: the other one holds the base path's neighbours, so that both kinds are there. */
const LOST = 1;

let cluster: ProcessCluster;
let client: FdfsClient;
let peer: Server;
let victim: Server;
let before: Tree;

const dataOf = (server: Server): string => join(server.storePaths[LOST]!, "data");
const has = (name: string): boolean => existsSync(join(dataOf(victim), name));
const lostFiles = (server: Server): number => dataFiles(server).filter(([name]) => name.startsWith(`M0${LOST}`)).length;
const treeOf = (server: Server): Tree => new TreeReader(server).read();
const logOf = (server: Server): string => readFileSync(join(server.basePath, "logs", "storaged.log"), "utf8");

async function fill(): Promise<void> {
  const ids: string[] = [];
  let next = 0;
  const upload = async (): Promise<void> => {
    while (next < FILES) {
      const serial = next++;
      const size = (serial * 37) % 5000;
      const isSlave = serial % 10 === 9 && ids.length > 0;
      ids.push(
        await client.uploadBytes(Buffer.alloc(size, `${serial} `), {
          ext: "bin",
          appender: serial % 10 === 5,
          ...(serial % 4 === 0 ? { metadata: new Map([["serial", String(serial)]]) } : {}),
          ...(isSlave ? { slaveOf: ids[serial % ids.length]!, prefix: `_${serial}`, appender: false } : {}),
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: UPLOADERS }, upload));
  const plain = ids.filter((_, at) => at % 3 === 0).slice(0, LINKS);
  for (const id of plain) await linkTo(client, id);
  for (const id of ids.slice(-20)) await client.delete(id);
}

async function bothEqual(): Promise<void> {
  await until("both have the same", () => differences([treeOf(peer), treeOf(victim)]).length === 0, 60_000);
}

/** What the records lead to, one after the other. */
function namesInBinlog(server: Server): string[] {
  const names = new Set<string>();
  for (const line of readFileSync(join(server.basePath, "data", "sync", "binlog.000"), "latin1").split("\n")) {
    const [, op = "", name = ""] = line.split(" ");
    if (/^[CcLl]$/.test(op)) names.add(name);
    if (/^[Dd]$/.test(op)) names.delete(name);
  }
  return [...names].sort();
}

/** The disk is a new one. */
async function lose(): Promise<void> {
  await victim.stop();
  rmSync(dataOf(victim), { recursive: true, force: true });
}

/** The mark of the store path is written after the flag. */
const isOver = (): boolean => has(".fastdfs_vars") && !has(".recovery.flag");

async function recovered(): Promise<void> {
  await until("the recovery is over", isOver, 60_000);
  await cluster.allActive();
}

describe.skipIf(missing !== null)(`a lost store path${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    const storageLines = ["disk_recovery_threads = 2"];
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 2, storageLines });
    [peer, victim] = cluster.storages as [Server, Server];
    client = cluster.client();
    await fill();
    await bothEqual();
    before = treeOf(peer);
    expect(lostFiles(victim)).toBeGreaterThan(FILES / 3);
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  test("comes back, byte for byte, while the other one stays as it is", async () => {
    await lose();
    victim.start();
    await recovered();
    expect(differences([before, treeOf(victim)])).toEqual([]);
    expect(readdirSync(dataOf(victim)).filter((name) => name.startsWith("."))).toEqual([".fastdfs_vars"]);
    expect(dataFiles(victim).filter(([name]) => name.endsWith(".tmp"))).toEqual([]);
  }, 120_000);

  test("killed in the middle again and again it goes on", async () => {
    await lose();
    let kills = 0;
    for (let wanted = 50; kills < 3; wanted = lostFiles(victim) + 100) {
      victim.start();
      await until("some files are back", () => lostFiles(victim) >= wanted || isOver(), 60_000);
      await victim.kill();
      if (has(".recovery.flag")) kills++;
      else await lose();
    }
    victim.start();
    await recovered();
    expect(differences([before, treeOf(victim)])).toEqual([]);
  }, 180_000);

  test("files that the other's binlog has forgotten come by its tree", async () => {
    await lose();
    await peer.stop();
    const sync = join(peer.basePath, "data", "sync");
    const lines = readFileSync(join(sync, "binlog.000"), "latin1").split("\n");
    writeFileSync(join(sync, "binlog.000"), lines.slice(Math.floor(lines.length / 2)).join("\n"));
    for (const name of readdirSync(sync).filter((one) => one.endsWith(".mark"))) {
      const mark = readFileSync(join(sync, name), "latin1");
      writeFileSync(join(sync, name), mark.replace(/binlog_offset=\d+/, "binlog_offset=0"));
    }
    peer.start();
    victim.start();
    await recovered();
    expect(differences([before, treeOf(victim)])).toEqual([]);
    await until("it is logged", () => /has \d+ files that .* lacks/.test(logOf(victim)));
  }, 120_000);

  test("that binlog is rebuilt from the disk, and copying goes on", async () => {
    const conf = `${peer.basePath}.conf`;
    const refused = await fdfs(["storage", "--conf", conf, "--rebuild-binlog"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("stop it first");
    await peer.stop();
    const done = await fdfs(["storage", "--conf", conf, "--rebuild-binlog"]);
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(done.stdout).toMatch(/The old binlog is kept as binlog\.000\.\d{14}\.old/);
    expect(namesInBinlog(peer)).toEqual([...before.keys()].sort());
    peer.start();
    await cluster.allActive();
    await client.uploadBytes(Buffer.from("after the rebuilding"), { ext: "txt" });
    await bothEqual();
    expect(treeOf(peer).size).toBe(before.size + 1);
  }, 120_000);

  test("and serves as a source again", async () => {
    before = treeOf(peer);
    await lose();
    victim.start();
    await recovered();
    expect(differences([before, treeOf(victim)])).toEqual([]);
  }, 120_000);

  test("without anybody to get them from it waits, tells so, and can be stopped", async () => {
    await lose();
    await peer.stop();
    victim.start();
    const monitor = async (): Promise<string> =>
      (await fdfs(["monitor", "--tracker", cluster.trackers[0]!.address])).stdout;
    await until("the monitor tells", async () => (await monitor()).includes("no other storage of the group is ACTIVE"));
    expect(await monitor()).toMatch(/RECOVERY[\s\S]*recovering store_path1: fetching the list of files/);
    const explained = await fdfs(["explain", victim.address, "--tracker", cluster.trackers[0]!.address]);
    expect(explained.stdout).toContain("It says: recovering store_path1");
    const conf = `${victim.basePath}.conf`;
    expect((await fdfs(["storage", "--conf", conf, "status"])).stdout).toStartWith("Running");
    expect((await fdfs(["storage", "--conf", conf, "stop"])).code).toBe(0);
    await victim.stop();
    expect(has(".recovery.flag")).toBeTrue();
    peer.start();
    victim.start();
    await recovered();
    expect(differences([before, treeOf(victim)])).toEqual([]);
  }, 120_000);
});
