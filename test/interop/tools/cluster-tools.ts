/**
 * Checks of the programs that show or change the cluster: fdfs_monitor and the stat programs
 * (http-config-tools.md sections 4.3, 4.4 and 7). Nothing is really removed from the cluster under test.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { matches, type ToolBox } from "./tool-box.ts";

const REPORT_TIMEOUT_MS = 15_000;
const POLL_MS = 200;

export async function checkClusterTools(box: ToolBox): Promise<void> {
  const { conf, cluster } = box;
  const [storage] = cluster.storages;
  assert.ok(storage !== undefined);
  const storageAddress = `${storage.host}:${storage.port}`;
  const trackerAddress = `${cluster.trackerHost}:${cluster.trackerPort}`;
  await checkMonitorList(box, storageAddress, trackerAddress);
  await box.check("fdfs_monitor", "-h with an unknown tracker", async () => {
    const found = await box.run("fdfs_monitor", conf, "-h", "127.0.29.255");
    matches(found.stdout + found.stderr, /tracker server: 127\.0\.29\.255 not exists!/);
  });
  await box.check("fdfs_monitor", "delete of a live storage: 16", async () => {
    const { stdout, stderr } = await box.expect(0, "fdfs_monitor", conf, "delete", cluster.groupName, storage.host);
    matches(stdout + stderr, /fail, error no: 16, error info: Device or resource busy/);
  });
  await box.check("fdfs_monitor", "delete of an unknown group: 2", async () => {
    const { stdout, stderr } = await box.expect(0, "fdfs_monitor", conf, "delete", "nosuch");
    matches(stdout + stderr, /delete group: nosuch fail, error no: 2, error info: No such file or directory/);
  });
  await box.check("fdfs_monitor", "delete of a group with members: 16", async () => {
    const { stdout, stderr } = await box.expect(0, "fdfs_monitor", conf, "delete", cluster.groupName);
    matches(stdout + stderr, /fail, error no: 16, error info: Device or resource busy/);
  });
  await box.check("fdfs_monitor", "set_trunk_server without trunk mode: 95", async () => {
    const { stdout, stderr } = await box.expect(0, "fdfs_monitor", conf, "set_trunk_server", cluster.groupName);
    matches(stdout + stderr, /fail, error no: 95, error info: Operation not supported/);
  });
  await box.check("fdfs_tracker_stat", "shows the leader", async () => {
    const { stdout } = await box.expect(0, "fdfs_tracker_stat", "-c", conf, "-d");
    matches(stdout, new RegExp(`${trackerAddress}, is_leader: 1, is_active: 1, connections \\{alloc: \\d+`));
    matches(stdout, /version: \d+\.\d+\.\d+, up_time: \d{4}-/);
    matches(stdout, /tracker server count: 1/);
  });
  await box.check("fdfs_tracker_stat", "filters", async () => {
    matches((await box.expect(0, "fdfs_tracker_stat", "-c", conf, "-L")).stdout, /tracker server count: 1/);
    assert.ok(!(await box.expect(0, "fdfs_tracker_stat", "-c", conf, "-F")).stdout.includes(trackerAddress));
  });
  await box.check("fdfs_storage_stat", "shows the storage", async () => {
    const { stdout } = await box.expect(0, "fdfs_storage_stat", "-c", conf, "-d");
    matches(stdout, new RegExp(`${storageAddress} ACTIVE, connections \\{alloc: \\d+, current: \\d+, max: \\d+\\}`));
    matches(stdout, /storage server count: 1/);
  });
  await box.check("fdfs_storage_stat", "filters", async () => {
    matches((await box.expect(0, "fdfs_storage_stat", "-c", conf, "-A")).stdout, /storage server count: 1/);
    assert.ok(!(await box.expect(0, "fdfs_storage_stat", "-c", conf, "-N")).stdout.includes(storageAddress));
  });
  await box.check("fdfs_volumn_stat", "shows the group", async () => {
    const { stdout } = await box.expect(0, "fdfs_volumn_stat", "-c", conf);
    const line = `${cluster.groupName} disk_available: 1, disk space \\{total: .*, free: .*, reserved: .*, avail: .*, util: `;
    matches(stdout, new RegExp(line));
    matches(stdout, /storage volumn \/ group count: 1/);
  });
  await box.check("fdfs_volumn_stat", "filters", async () => {
    matches((await box.expect(0, "fdfs_volumn_stat", "-c", conf, "-A")).stdout, /group count: 1/);
    assert.ok(!(await box.expect(0, "fdfs_volumn_stat", "-c", conf, "-N")).stdout.includes("disk_available"));
  });
}

async function checkMonitorList(box: ToolBox, storageAddress: string, trackerAddress: string): Promise<void> {
  await box.check("fdfs_monitor", "list shows the cluster", async () => {
    const { stdout } = await box.expect(0, "fdfs_monitor", box.conf);
    matches(stdout, new RegExp(`tracker server is ${trackerAddress}`));
    matches(stdout, /group count: 1/);
    matches(stdout, new RegExp(`group name = ${box.cluster.groupName}\n`));
    matches(stdout, /disk available space = +\S+ [KMGTP]B/);
    matches(stdout, /storage server count = 1\nreadable server count = 1\nwritable server count = 1\n/);
    matches(stdout, /subdir count per path = 4\n/);
    matches(stdout, new RegExp(`host = ${storageAddress} {2}ACTIVE`));
    matches(stdout, /read write mode = both \(normal\)/);
    matches(stdout, /\tversion = \d+\.\d+\.\d+\n/);
    matches(stdout, /stotal_download_bytes = \d+/);
  });
  await box.check("fdfs_monitor", "list of one group", async () => {
    const { stdout } = await box.expect(0, "fdfs_monitor", box.conf, "list", box.cluster.groupName);
    matches(stdout, new RegExp(`host = ${storageAddress}`));
    assert.ok(!stdout.includes("group count"), "group count is printed");
  });
  await box.check("fdfs_monitor", "counters arrive from the storage", async () => {
    const wanted = ["upload", "append", "set_meta", "delete", "download", "get_meta", "truncate", "modify"];
    const deadline = Date.now() + REPORT_TIMEOUT_MS;
    for (;;) {
      const { stdout } = await box.expect(0, "fdfs_monitor", box.conf);
      const zero = wanted.filter((name) => !new RegExp(`success_${name}_count = [1-9]`).test(stdout));
      if (zero.length === 0) return;
      if (Date.now() > deadline) assert.fail(`still 0 after ${REPORT_TIMEOUT_MS} ms: ${zero.join(", ")}`);
      await pause(POLL_MS);
    }
  });
}
