// The stat tools' tables against the protocol document's captures (http-config-tools.md §4.4, §7).

import { expect, test } from "bun:test";
import { storageStatText, trackerStatText, volumeStatText } from "../../../../cmd/render/stat-text.ts";
import { formatTime } from "../../../../cmd/render/units.ts";
import { at } from "./fixtures.ts";

const noConnections = { allocCount: 0, currentCount: 0, maxCount: 0 };
const epoch = formatTime(0);

test("fdfs_tracker_stat -d", () => {
  const trackers = [
    {
      host: "127.0.0.91:22801",
      isLeader: false,
      isActive: false,
      ...noConnections,
      version: "",
      upTime: 0,
      lastHeartbeatTime: 0,
    },
    {
      host: "127.0.0.92:22801",
      isLeader: true,
      isActive: true,
      allocCount: 64,
      currentCount: 2,
      maxCount: 3,
      version: "6.16.1",
      upTime: at("03:49:27"),
      lastHeartbeatTime: 0,
    },
  ];
  expect(trackerStatText(trackers, true)).toBe(`
127.0.0.91:22801, is_leader: 0, is_active: 0, connections {alloc: 0, current: 0, max: 0}
  version: , up_time: ${epoch}, last_heartbeat_time: ${epoch}

127.0.0.92:22801, is_leader: 1, is_active: 1, connections {alloc: 64, current: 2, max: 3}
  version: 6.16.1, up_time: 2026-11-21 03:49:27


tracker server count: 2

`);
});

const storage = {
  id: "100001",
  host: "127.0.0.93:23803",
  isTrunkServer: true,
  status: 7,
  allocCount: 128,
  currentCount: 0,
  maxCount: 1,
  version: "6.16.1",
  upTime: at("03:54:32"),
  lastHeartbeatTime: at("03:54:40"),
};

test("fdfs_storage_stat -d with storage ids and trunk mode", () => {
  expect(storageStatText({ useStorageId: true, useTrunkFile: true, storages: [storage] }, true)).toBe(`
100001 127.0.0.93:23803 ACTIVE, is_trunk_server: 1, connections {alloc: 128, current: 0, max: 1}
  version: 6.16.1, up_time: 2026-11-21 03:54:32, last_heartbeat_time: 2026-11-21 03:54:40


storage server count: 1

`);
});

test("fdfs_storage_stat without either", () => {
  const deleted = { ...storage, host: "127.0.0.94:23801", status: 4, ...noConnections };
  expect(storageStatText({ useStorageId: false, useTrunkFile: false, storages: [deleted] }, false)).toBe(`
127.0.0.94:23801 DELETED, connections {alloc: 0, current: 0, max: 0}

storage server count: 1

`);
});

const volume = {
  groupName: "group2",
  totalMb: 252 * 1024,
  freeMb: 64 * 1024 + 500,
  reservedMb: 2560,
  availableMb: Math.round((252 * 1024 - 2560) * 0.24671),
  trunkFreeMb: 3,
  isDiskAvailable: true,
  isTrunkAvailable: true,
};

test("fdfs_volumn_stat in trunk mode", () => {
  expect(volumeStatText({ useTrunkFile: true, groups: [volume] })).toBe(
    "\ngroup2 disk_available: 1, trunk_available: 1, disk space {total: 252 GB, free: 64 GB, reserved: 2.5 GB, " +
      "avail: 62 GB, util: 75.33%}, trunk free space: 3.0 MB, total available {space: 62 GB, ratio: 24.67%}\n\n" +
      "storage volumn / group count: 1\n\n",
  );
});

test("fdfs_volumn_stat sums several groups up", () => {
  const other = { ...volume, groupName: "g", isDiskAvailable: false, isTrunkAvailable: false, reservedMb: 252 * 1024 };
  const text = volumeStatText({ useTrunkFile: false, groups: [volume, other] });
  const rule = "=".repeat(32);
  expect(text).toContain(`\n\n${rule} VOLUMNS SUMMARY ${rule}\n disk_available: 1, disk space {total: 504 GB,`);
  expect(text).toEndWith("}\n\nvolumn / group counts {total: 2, available: 1}\n\n");
  expect(text).toContain(
    "g disk_available: 0, disk space {total: 252 GB, free: 64 GB, reserved: 252 GB, avail: 62 GB, util: 0.00%}",
  );
});

test("an empty result prints nothing", () => {
  expect(trackerStatText([], true)).toBe("");
  expect(storageStatText({ useStorageId: false, useTrunkFile: false, storages: [] }, true)).toBe("");
  expect(volumeStatText({ useTrunkFile: false, groups: [] })).toBe("");
});
