// The tracker's data files: those in `captured/` were written by fdfs_trackerd 6.16.1 for two C storages in trunk mode
// while both were ACTIVE. What we read of them and write again must be the same text, except for what a start changes.

import { afterEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../../../../../core/tracker/cluster/cluster.ts";
import { deleteStorage } from "../../../../../core/tracker/cluster/life.ts";
import { StateFolder } from "../../../../../core/tracker/state-files/state-folder.ts";
import { formatTrunkServerChange } from "../../../../../core/tracker/state-files/trunk-change-log.ts";
import { StorageStatus } from "../../../../../core/wire/storage-status.ts";
import { addStorage, groupOf, makeCluster } from "../cluster/fixture.ts";

const captured = (name: string): string => readFileSync(join(import.meta.dir, "captured", name), "utf8");
const FILES = ["storage_groups_new.dat", "storage_servers_new.dat", "storage_sync_timestamp.dat"] as const;
const [GROUPS, SERVERS, TIMESTAMPS] = FILES;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Scene {
  cluster: Cluster;
  files: StateFolder;
  base: string;
  said: string[];
  read(name: string): string;
}

function scene(contents: Partial<Record<string, string>> = {}, cluster = makeCluster(), existing?: string): Scene {
  const base = existing ?? mkdtempSync(join(tmpdir(), "fdfs-state-"));
  if (existing === undefined) {
    folders.push(base);
    mkdirSync(join(base, "data"));
  }
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(base, "data", name), text ?? "");
  const said: string[] = [];
  const log = { warn: (text: string) => void said.push(text), error: (text: string) => void said.push(text) };
  const files = new StateFolder(base, cluster, log);
  return { cluster, files, base, said, read: (name) => readFileSync(join(base, "data", name), "utf8") };
}

const allCaptured = () => Object.fromEntries(FILES.map((name) => [name, captured(name)]));

describe("files of a C tracker", () => {
  test("are read and written the same; nobody is connected after a start", () => {
    const { files, read, cluster } = scene(allCaptured());
    files.load();
    expect(cluster.stale).toEqual({ groups: false, servers: false, syncTimestamps: false });
    files.save(true);
    expect(read(GROUPS)).toBe(captured(GROUPS));
    expect(read(SERVERS)).toBe(captured(SERVERS).replaceAll("status=7", "status=5"));
    expect(read(TIMESTAMPS)).toBe(captured(TIMESTAMPS));
  });

  test("a trunk server that was known before the start is told to the storages again", () => {
    const { files, cluster } = scene(allCaptured());
    files.load();
    for (const group of cluster.groups) expect(group.trunkChanges).toBe(group.trunkServerId === "" ? 0 : 1);
    expect(cluster.groups.some((group) => group.trunkServerId !== "")).toBe(true);
  });

  test("carry what the state machines need", () => {
    const { files, cluster } = scene(allCaptured());
    files.load();
    const group = groupOf(cluster);
    expect(group).toMatchObject({ storagePort: 23431, storePathCount: 1, trunkServerId: "127.0.31.12" });
    const [first, second] = group.storages;
    expect(first).toMatchObject({ id: "127.0.31.12", version: "6.16.1", uploadPriority: 10, freeMb: 73682 });
    expect(first?.syncedFrom.get("127.0.31.11")).toBe(1795246234);
    expect(first?.stat.lastSyncedTimestamp).toBe(1795246234);
    expect(second).toMatchObject({ syncSourceId: "127.0.31.12", status: StorageStatus.OFFLINE, port: 23431 });
  });

  for (const [saved, loaded] of [
    [0, 0],
    [1, 1],
    [2, 2],
    [5, 5],
    [6, 5],
    [7, 5],
    [9, 5],
  ]) {
    test(`the status ${saved} is ${loaded} after a start`, () => {
      const text = captured(SERVERS).replaceAll("status=7", `status=${saved}`);
      const { files, cluster } = scene({ ...allCaptured(), [SERVERS]: text });
      files.load();
      expect(groupOf(cluster).storages.map(({ status }) => status)).toEqual([loaded!, loaded!]);
    });
  }

  test("offsets beyond the changelog are cut to its size", () => {
    const text = captured(SERVERS).replaceAll("changelog_offset=0", "changelog_offset=900");
    const { files, cluster } = scene({ ...allCaptured(), [SERVERS]: text, "storage_changelog.dat": "x".repeat(40) });
    files.load();
    expect(groupOf(cluster).storages.map(({ changelogOffset }) => changelogOffset)).toEqual([40, 40]);
  });
});

describe("trouble", () => {
  test("a first start has no files", () => {
    const { files, cluster } = scene();
    files.load();
    expect(cluster.groups).toEqual([]);
    expect(files.readLastCheckTime()).toBe(0);
  });

  test("a torn or foreign file stops the start with its name", () => {
    expect(() => scene({ [GROUPS]: "[Glo" }).files.load()).toThrow(GROUPS);
    expect(() => scene({ ...allCaptured(), [SERVERS]: "[Global]\n" }).files.load()).toThrow(SERVERS);
    expect(() => scene({ [SERVERS]: captured(SERVERS) }).files.load()).toThrow("group1");
  });

  test("timestamps that do not fit the storages are left out with a warning", () => {
    const { files, cluster, said } = scene({ ...allCaptured(), [TIMESTAMPS]: "group1,127.0.31.12,0\n" });
    files.load();
    expect(said).toEqual([expect.stringContaining(TIMESTAMPS)]);
    expect(groupOf(cluster).storages.map(({ syncedFrom }) => syncedFrom.size)).toEqual([0, 0]);
  });

  test("what a call leaves out because the last one took long is written by one of the next", async () => {
    const { files, cluster, read } = scene();
    for (let index = 0; index < 3000; index++) addStorage(cluster, "group1", `10.0.${index >> 8}.${index & 255}`);
    for (let index = 0; index < 20; index++) {
      addStorage(cluster, "group2", `10.1.0.${index}`);
      cluster.stale.servers = true;
      files.save();
    }
    const deadline = Date.now() + 10_000;
    while (!read(SERVERS).includes("10.1.0.19") && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      files.save();
    }
    expect(read(SERVERS)).toContain("10.1.0.19");
    expect(read(GROUPS)).toContain("group_count=2");
  });

  test("a folder that takes nothing is told once, and what waits is written later", () => {
    const { files, cluster, said, base, read } = scene();
    addStorage(cluster, "group1", "10.0.0.1", { status: StorageStatus.OFFLINE });
    deleteStorage(cluster, "group1", "10.0.0.1", 60);
    const data = join(base, "data");
    rmSync(data, { recursive: true });
    writeFileSync(data, "in the way");
    files.save();
    files.save();
    files.writeStatus(1, 2);
    expect(said.length).toBe(1);
    rmSync(data);
    mkdirSync(data);
    files.save();
    expect(read("storage_changelog.dat")).toBe("60 group1 10.0.0.1 4 \n");
    expect(read(GROUPS)).toContain("group_count=1");
  });
});

describe("files of the old names", () => {
  const counters = "30,29,28,27,26,25,24,23,22,21,1000,2000";

  test("are read when those of today are missing, and written as those", () => {
    const { files, cluster, read } = scene({
      "storage_groups.dat": "group1,23000\ngroup2, 23001, 2, 256\n",
      "storage_servers.dat": [
        `group1,10.0.0.1,7,,0,${counters}`,
        `group1,10.0.0.2,1,10.0.0.1,500,${counters},900`,
        `group2,10.0.0.3,5,,0,${counters},8,23001,8888`,
        `group2,10.0.0.4,5,,0,${counters},0,23001,8888,700,2.12\n`,
      ].join("\n"),
      "storage_changelog.dat": "x".repeat(40),
    });
    files.load();
    const [first, second, third, fourth] = cluster.groups.flatMap(({ storages }) => storages);
    expect(groupOf(cluster, "group2")).toMatchObject({ storePathCount: 2, subdirCountPerPath: 256 });
    expect(first).toMatchObject({ id: "10.0.0.1", status: 5, port: 23000 });
    expect(first?.stat).toMatchObject({ totalUploadCount: 30, successGetMetaCount: 21, lastSyncUpdate: 2000 });
    expect(second).toMatchObject({ status: 1, syncSourceId: "10.0.0.1", syncUntilTimestamp: 500, changelogOffset: 40 });
    expect(third).toMatchObject({ port: 23001, changelogOffset: 8 });
    expect(fourth).toMatchObject({ joinTime: 700, version: "2.12" });
    files.save();
    expect(read(SERVERS)).toContain("storage_count=4");
    expect(read(GROUPS)).toContain("group_count=2");
  });

  test("with another number of columns they stop the start", () => {
    expect(() => scene({ "storage_groups.dat": "group1,23000,2\n" }).files.load()).toThrow("3 columns");
    const servers = `group1,10.0.0.1,7,,0,${counters},1,2\n`;
    const load = () => scene({ "storage_groups.dat": "group1,1\n", "storage_servers.dat": servers }).files.load();
    expect(load).toThrow("19 columns");
  });
});

describe("our files", () => {
  test("only what changed is written", () => {
    const { files, cluster, read } = scene();
    const storage = addStorage(cluster, "group1", "10.0.0.1");
    files.save();
    expect(() => read(SERVERS)).toThrow("ENOENT");
    cluster.setStatus(groupOf(cluster), storage, StorageStatus.OFFLINE);
    files.save();
    expect(read(SERVERS)).toContain("\tstatus=5\n");
  });

  test("tombstones are left out, and a new start takes the files without complaint", () => {
    const first = scene();
    for (const number of [2, 1, 3]) {
      addStorage(first.cluster, "group1", `10.0.0.${number}`, { status: StorageStatus.OFFLINE });
    }
    first.files.save(true);
    deleteStorage(first.cluster, "group1", "10.0.0.1", 60);
    first.files.save();
    const second = scene({}, makeCluster(), first.base);
    second.files.load();
    expect(second.said).toEqual([]);
    // In order of first appearance, not sorted.
    expect(groupOf(second.cluster).storages.map(({ id }) => id)).toEqual(["10.0.0.2", "10.0.0.3"]);
    expect(first.read(TIMESTAMPS)).toBe("group1,10.0.0.2,0,0\ngroup1,10.0.0.3,0,0\n");
  });

  test("with storage ids each storage has its id, and the address it joined from", () => {
    const storageIds = [
      { id: "100001", groupName: "group1", hosts: ["10.0.0.1", "1.2.3.45"], port: 23000, rwMode: 4 as const },
    ];
    const cluster = makeCluster({ useStorageId: true, storageIds });
    const storage = addStorage(cluster, "group1", "100001");
    Object.assign(storage, { addresses: ["10.0.0.1", "1.2.3.45"], currentIp: "1.2.3.45" });
    const first = scene({}, cluster);
    first.files.save(true);
    expect(first.read(SERVERS)).toStartWith(
      "# storage: 1.2.3.45:23000\n[Storage001]\n\tid=100001\n\tgroup_name=group1\n\tip_addr=1.2.3.45\n",
    );
    const second = scene({}, makeCluster({ useStorageId: true, storageIds }), first.base);
    second.files.load();
    expect(groupOf(second.cluster).find("100001")).toMatchObject({ rwMode: 4, currentIp: "1.2.3.45" });
  });

  test(".tracker_status", () => {
    const { files, read } = scene();
    files.writeStatus(1795232560, 1795232860);
    expect(read(".tracker_status")).toBe("up_time=1795232560\nlast_check_time=1795232860\n");
    expect(files.readLastCheckTime()).toBe(1795232860);
  });

  test("the changelog is appended to and read in parts", () => {
    const { files, cluster, base, read } = scene({ "storage_changelog.dat": "1 g 10.0.0.9 4 \n" });
    cluster.changelog.push("2 g 10.0.0.8 3 10.0.0.7\n");
    files.save();
    expect(read("storage_changelog.dat")).toBe("1 g 10.0.0.9 4 \n2 g 10.0.0.8 3 10.0.0.7\n");
    expect(Buffer.from(files.readChangelog(16, 5)).toString()).toBe("2 g 1");
    expect(files.readChangelog(400, 5).length).toBe(0);
    appendFileSync(join(base, "data", "storage_changelog.dat"), "x");
    expect(files.changelogSize).toBe(41);
  });
});

describe("the log of trunk servers", () => {
  const moment = new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000;
  const cluster = makeCluster();
  const before = addStorage(cluster, "group1", "10.0.0.1");
  const after = addStorage(cluster, "group1", "10.0.0.2");
  const rows: [change: Parameters<typeof formatTrunkServerChange>[0], ids: boolean, text: string][] = [
    [{ groupName: "group1", before: undefined, beforeId: "", after }, false, "-  =>  10.0.0.2:23000"],
    [{ groupName: "group1", before, beforeId: "10.0.0.1", after }, false, "10.0.0.1:23000  =>  10.0.0.2:23000"],
    [{ groupName: "group1", before, beforeId: "10.0.0.1", after: undefined }, false, "10.0.0.1:23000  =>  -"],
    [{ groupName: "group1", before: undefined, beforeId: "", after }, true, "-/-  =>  10.0.0.2/10.0.0.2:23000"],
  ];
  for (const [change, useStorageId, text] of rows) {
    test(text, () => {
      expect(formatTrunkServerChange(change, useStorageId, moment)).toBe(`[2026-01-02 03:04:05] group1  ${text}\n`);
    });
  }
});
