// The trunk server role over its life: named, loaded, serving, silent leader, another one named; and the copies that the
// others get.

import { afterEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../../../../../core/observe/logger.ts";
import type { Member } from "../../../../../../core/storage/control/membership.ts";
import { Copies } from "../../../../../../core/storage/trunk/role/copies.ts";
import { trunkPaths } from "../../../../../../core/storage/trunk/role/paths.ts";
import type { Allocation } from "../../../../../../core/storage/trunk/shared-space.ts";
import { formatTrunkNotice } from "../../../../../../core/storage/trunk/trunk-notice.ts";
import { StorageStatus } from "../../../../../../core/wire/storage-status.ts";
import { Harness, until } from "../../service/harness.ts";
import { NOBODY, RoleBench } from "./role-bench.ts";

const OWN = "10.0.0.1";
const OTHER = "10.0.0.2";
const HOST = "127.0.93.40";
const benches: RoleBench[] = [];
const peers: Harness[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.stop();
  for (const peer of peers.splice(0)) await peer.stop();
});

function newBench(options: ConstructorParameters<typeof RoleBench>[1] = {}): RoleBench {
  const bench = new RoleBench(OWN, options);
  benches.push(bench);
  return bench;
}

async function serving(options: ConstructorParameters<typeof RoleBench>[1] = {}): Promise<RoleBench> {
  const bench = newBench(options);
  bench.announce(OWN);
  await bench.until("the role", () => bench.space().term > 0);
  return bench;
}

async function withFile(bench: RoleBench, storePath = 0): Promise<void> {
  const before = bench.ready.length;
  bench.want(storePath);
  await bench.until("a trunk file", () => bench.ready.length > before);
  expect(bench.ready.at(-1)).toBe(`${storePath} 0`);
}

const allocated = (bench: RoleBench, size = 300): Allocation => {
  const found = bench.space().allocate(0, size);
  if (typeof found === "string") throw new Error(`no slot: ${found}`);
  return found;
};
const binlogOf = (bench: RoleBench): string => {
  bench.keeper.tick();
  return readFileSync(bench.paths.binlog, "utf8");
};

/** A storage of the group that keeps a copy. */
async function newPeer(): Promise<{ peer: Harness; member: Member; binlog(): string }> {
  const peer = await Harness.start(HOST);
  peers.push(peer);
  const server = { id: OWN, ipAddress: OWN, port: 1 };
  peer.scoreboard.publish("trunk", formatTrunkNotice({ term: 1, isSelf: false, server, binlogMaxBackups: 0 }));
  const { hostname, port } = peer.config.listen[0]!;
  const member = { id: OTHER, ipAddress: hostname, port, status: StorageStatus.ACTIVE };
  const { binlog } = trunkPaths(peer.folder);
  return { peer, member, binlog: () => (existsSync(binlog) ? readFileSync(binlog, "utf8") : "") };
}

describe("the trunk server", () => {
  test("tells the workers who it is, in which term", async () => {
    const bench = newBench();
    expect(bench.notice()).toEqual({ term: 0, isSelf: false, server: null, binlogMaxBackups: 0 });
    bench.announce(OTHER);
    expect(bench.notice()?.server?.id).toBe(OTHER);
    expect(bench.report()).toMatchObject({ role: "other", server: OTHER, term: 1 });
    bench.announce(OWN);
    expect(bench.notice()).toMatchObject({ term: 2, isSelf: true });
    await bench.until("the role", () => bench.space().term === 2);
    expect(bench.report()).toMatchObject({ role: "serving", server: OWN });
  });

  test("makes a trunk file when a worker wants one: the id is saved and told before", async () => {
    const bench = await serving();
    expect(bench.space().allocate(0, 300)).toBe("no-space");
    bench.leadersFileId = 0;
    await withFile(bench);
    expect(bench.told).toEqual(["FETCH_TRUNK_FID", "REPORT_TRUNK_FID 1"]);
    expect(bench.flag.value.currentTrunkFileId).toBe(1);
    const path = join(bench.folder, "p0/data/00/00/000001");
    expect(statSync(path).size).toBe(4 * 1_048_576);
    const { block } = allocated(bench);
    expect(block).toEqual({ storePathIndex: 0, subPathHigh: 0, subPathLow: 0, trunkFileId: 1, offset: 0, size: 300 });
    const lines = binlogOf(bench).split("\n");
    expect(lines.map((line) => line.split(" ").slice(1).join(" "))).toEqual([
      "A 0 0 0 1 0 4194304",
      "D 0 0 0 1 0 4194304",
      "A 0 0 0 1 300 4194004",
      "",
    ]);
  });

  test("two wishes at once are one file; a wish that crossed with it is none", async () => {
    const bench = await serving();
    bench.want(0);
    bench.want(0);
    await bench.until("answers", () => bench.ready.length === 2);
    bench.want(0);
    await bench.until("an answer", () => bench.ready.length === 3);
    expect(bench.flag.value.currentTrunkFileId).toBe(1);
    await withFile(bench, 1);
    expect(bench.flag.value.currentTrunkFileId).toBe(2);
  });

  test("gives ids from above what the leader knows, and passes over files that are there", async () => {
    const bench = newBench();
    bench.leadersFileId = 41;
    mkdirSync(join(bench.folder, "p0/data/00/00"), { recursive: true });
    writeFileSync(join(bench.folder, "p0/data/00/00/000042"), "");
    bench.announce(OWN);
    await bench.until("the role", () => bench.space().term > 0);
    await withFile(bench);
    expect(bench.flag.value.currentTrunkFileId).toBe(43);
    expect(allocated(bench).block.trunkFileId).toBe(43);
  });

  test("begins when the leader can be asked, not before", async () => {
    const bench = newBench();
    bench.leadersFileId = null;
    bench.announce(OWN);
    await bench.until("a question", () => bench.told.length > 0);
    expect(bench.space().term).toBe(0);
    expect(bench.report().role).toBe("loading");
    bench.want(0);
    await bench.until("an answer", () => bench.ready.length === 1);
    expect(bench.ready).toEqual(["0 11"]);
    bench.leadersFileId = 7;
    await bench.until("the role", () => bench.space().term > 0);
  });

  test("tells each tracker the id and the free megabytes, when they change", async () => {
    const bench = await serving();
    await withFile(bench);
    bench.keeper.tick();
    bench.told.length = 0;
    await bench.keeper.reportTo(0, bench.link);
    await bench.keeper.reportTo(0, bench.link);
    expect(bench.told).toEqual(["REPORT_TRUNK_FID 1", "REPORT_TRUNK_FREE 4"]);
    allocated(bench);
    bench.keeper.tick();
    await bench.keeper.reportTo(0, bench.link);
    expect(bench.told.at(-1)).toBe("REPORT_TRUNK_FREE 3");
  });

  test("finds after a restart what was free, without a quarantine", async () => {
    const bench = await serving();
    await withFile(bench);
    const { block } = allocated(bench);
    bench.space().release(block);
    bench.keeper.tick();
    await bench.keeper.stop();
    const again = await serving({ folder: bench.folder });
    expect(again.report()).toMatchObject({ freeBlocks: 2, quarantinedBlocks: 0, files: 1 });
    expect(existsSync(again.paths.snapshot)).toBe(true);
    expect(allocated(again).block).toEqual(block);
  });

  test("a file that cannot be read ends the beginning with a reason", async () => {
    const bench = newBench();
    writeFileSync(bench.paths.binlog, "1 A 9 0 0 1 0 4194304\n");
    bench.announce(OWN);
    await bench.until("the failure", () => bench.report().reason !== "");
    expect(bench.report().role).toBe("suspended");
    expect(bench.space().term).toBe(0);
    bench.want(0);
    await bench.until("an answer", () => bench.ready.length > 0);
    expect(bench.ready).toEqual(["0 11"]);
  });
});

describe("two that might both be the trunk server", () => {
  test("another one is named: nobody gets a slot any more", async () => {
    const bench = await serving();
    await withFile(bench);
    bench.announce(OTHER);
    expect(bench.space().term).toBe(0);
    expect(bench.notice()?.isSelf).toBe(false);
    await bench.until("the end", () => bench.logged.some((text) => text.includes("has ended")));
    expect(bench.told.at(-1)).toBe("REPORT_TRUNK_FID 1");
    expect(bench.space().allocate(0, 300)).toBe("not-server");
  });

  test("named again: inherited space rests while the other one is away, new files serve", async () => {
    const member = { id: OTHER, ipAddress: NOBODY, port: 23000, status: StorageStatus.OFFLINE };
    const bench = await serving({ members: [member] });
    await withFile(bench);
    bench.announce(OTHER);
    bench.announce(OWN);
    await bench.until("the role", () => bench.space().term === 3);
    expect(bench.report()).toMatchObject({ freeBlocks: 1, quarantinedBlocks: 1 });
    await bench.until("the reason", () => bench.report().reason.includes(OTHER));
    expect(bench.space().allocate(0, 300)).toBe("no-space");
    await withFile(bench);
    expect(allocated(bench).block.trunkFileId).toBe(2);
    expect(bench.report()).toMatchObject({ role: "serving", quarantinedBlocks: 1 });
  });

  test("none is named: the role ends", async () => {
    const bench = await serving();
    bench.announce(null);
    expect(bench.space().term).toBe(0);
    expect(bench.report().role).toBe("none");
  });

  test("a leader that is silent for two heartbeats: slots wait until it is heard", async () => {
    const bench = await serving({ heartBeatIntervalSeconds: 0.05 });
    await withFile(bench);
    await bench.until("silence", () => bench.report().role === "suspended");
    expect(bench.report()).toMatchObject({ role: "suspended", reason: "the leading tracker is silent" });
    // An answer to a question of long ago proves nothing.
    bench.keeper.heard(0, performance.now() - 1000);
    expect(bench.space().term).toBe(0);
    bench.keeper.heard(0, performance.now());
    expect(bench.space().term).toBe(1);
  });

  test("a leader that names another one when it is heard again: not one more slot", async () => {
    const member = { id: OTHER, ipAddress: NOBODY, port: 23000, status: StorageStatus.OFFLINE };
    const bench = await serving({ heartBeatIntervalSeconds: 0.05, members: [member] });
    await withFile(bench);
    await bench.until("silence", () => bench.space().term === 0);
    bench.announce(OTHER);
    expect(bench.space().term).toBe(0);
    bench.announce(OWN);
    expect(bench.space().term).toBe(0);
    await bench.until("the new term", () => {
      bench.keeper.heard(0, performance.now());
      return bench.space().term === 3;
    });
    expect(bench.report().quarantinedBlocks).toBe(1);
  });

  test("a leader that names the same one after its silence: another may have had the role meanwhile", async () => {
    const member = { id: OTHER, ipAddress: NOBODY, port: 23000, status: StorageStatus.OFFLINE };
    const bench = await serving({ heartBeatIntervalSeconds: 0.05, members: [member] });
    await withFile(bench);
    await bench.until("silence", () => bench.report().role === "suspended");
    bench.announce(OWN);
    await bench.until("the new term", () => {
      bench.keeper.heard(0, performance.now());
      return bench.space().term === 2;
    });
    expect(bench.report().quarantinedBlocks).toBe(1);
  });

  test("the same word again changes nothing", async () => {
    const bench = await serving();
    bench.announce(OWN);
    expect(bench.space().term).toBe(1);
  });
});

describe("copies of the trunk binlog", () => {
  test("another storage gets all lines as they are, and a mark tells how far", async () => {
    const { member, binlog } = await newPeer();
    const bench = await serving({ members: [member] });
    await withFile(bench);
    allocated(bench);
    await bench.until("the copy", () => binlog() !== "" && binlog() === binlogOf(bench));
    await bench.until("the mark", () => existsSync(join(bench.paths.folder, `${OTHER}_23000.mark`)));
    expect(bench.report().copies).toEqual([{ id: OTHER, isConnected: true, lastError: "", behindBytes: 0 }]);
  });

  test("a new copy begins with nothing, whatever the peer had", async () => {
    const { peer, member, binlog } = await newPeer();
    const { folder, binlog: path, snapshot } = trunkPaths(peer.folder);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, "1 A 0 0 0 9 0 4194304\n");
    writeFileSync(snapshot, "0\n");
    const bench = await serving({ members: [member] });
    await withFile(bench);
    await bench.until("the copy", () => binlog() !== "" && binlog() === binlogOf(bench));
    expect(existsSync(snapshot)).toBe(false);
    expect(readdirSync(folder)).toEqual(["binlog"]);
  });

  test("a binlog that was replaced by a shorter one goes as a whole", async () => {
    const { peer, member, binlog } = await newPeer();
    const paths = trunkPaths(mkdtempSync(join(peer.folder, "own-")));
    mkdirSync(paths.folder, { recursive: true });
    writeFileSync(paths.binlog, "1 A 0 0 0 1 0 4194304\n2 D 0 0 0 1 0 4194304\n");
    const copies = new Copies({
      ownId: OWN,
      paths,
      linkOptions: { localAddresses: [], connectTimeoutMs: 1000, networkTimeoutMs: 2000 },
      heartBeatIntervalMs: 50,
      log: new Proxy({} as Logger, { get: () => () => {} }),
      member: () => member,
      addressOf: ({ ipAddress, port }) => ({ hosts: [ipAddress], port }),
      markName: (id) => `${id}.mark`,
      oldMarkName: () => null,
    });
    copies.groupChanged([member]);
    await until("the copy", () => binlog() === readFileSync(paths.binlog, "utf8"));
    writeFileSync(`${paths.binlog}.tmp`, "3 A 0 0 0 1 512 4193792\n");
    renameSync(`${paths.binlog}.tmp`, paths.binlog);
    copies.beginAnew();
    await until("the new copy", () => binlog() === readFileSync(paths.binlog, "utf8"));
    // A connection that is idle is kept alive.
    await until("an idle connection", () => copies.states()[0]?.offset === readFileSync(paths.binlog).length);
    await copies.end();
    expect(copies.states()).toEqual([]);
    expect(readFileSync(join(paths.folder, `${OTHER}.mark`), "utf8")).toBe("binlog_offset=24\n");
  });

  test("a peer that takes itself for the trunk server refuses, and is named", async () => {
    const { peer, member } = await newPeer();
    peer.scoreboard.publish(
      "trunk",
      formatTrunkNotice({
        term: 9,
        isSelf: true,
        server: { id: OTHER, ipAddress: HOST, port: 1 },
        binlogMaxBackups: 0,
      }),
    );
    const bench = await serving({ members: [member] });
    await bench.until("the refusal", () => bench.report().copies[0]?.lastError.includes("status 22") === true);
  });
});
