// findTrackers: the order of the five sources, and the sentence when there is none.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../cmd/command.ts";
import { findTrackers } from "../../../cmd/trackers.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-trackers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const conf = (name: string, host: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `base_path = ${folder}\ntracker_server = ${host}:22122\n`);
  return path;
};
mkdirSync(join(folder, "with"));
mkdirSync(join(folder, "without"));
conf("given.conf", "10.0.0.1");
conf("with/client.conf", "10.0.0.4");
const system = conf("system.conf", "10.0.0.5");
const nowhere = join(folder, "nowhere.conf");

const everything = {
  options: { conf: join(folder, "given.conf"), tracker: ["10.0.0.2:22122"] },
  env: { FDFS_TRACKERS: "10.0.0.3:22122" },
  cwd: join(folder, "with"),
};
type Context = Parameters<typeof findTrackers>[0];

async function first(context: Context, systemConf: string): Promise<string | undefined> {
  return (await findTrackers(context, systemConf)).settings.trackerServers[0]?.hosts[0];
}

test("each source counts only when those before it are not there", async () => {
  let context: Context = everything;
  expect(await first(context, system)).toBe("10.0.0.1");
  context = { ...context, options: { tracker: everything.options.tracker } };
  expect(await first(context, system)).toBe("10.0.0.2");
  context = { ...context, options: {} };
  expect(await first(context, system)).toBe("10.0.0.3");
  context = { ...context, env: {} };
  expect(await first(context, system)).toBe("10.0.0.4");
  context = { ...context, cwd: join(folder, "without") };
  expect(await first(context, system)).toBe("10.0.0.5");
  expect(findTrackers(context, nowhere)).rejects.toThrow(
    "No tracker is known: give --conf FILE or --tracker HOST:PORT, set FDFS_TRACKERS, " +
      `or write ./client.conf or ${nowhere}`,
  );
});

test("lists are separated by commas or blanks, the port may be left out", async () => {
  const context = { options: {}, env: { FDFS_TRACKERS: " 10.0.0.1:1, 10.0.0.2 10.0.0.3:3 " }, cwd: folder };
  const { settings } = await findTrackers(context, nowhere);
  expect(settings.trackerServers).toEqual([
    { hosts: ["10.0.0.1"], port: 1 },
    { hosts: ["10.0.0.2"], port: 22122 },
    { hosts: ["10.0.0.3"], port: 3 },
  ]);
});

test("an address that is none names itself and where it came from", async () => {
  const context = { options: { tracker: ["10.0.0.1:99999"] }, env: {}, cwd: folder };
  expect(findTrackers(context, nowhere)).rejects.toThrow(UsageError);
  expect(findTrackers(context, nowhere)).rejects.toThrow('Cannot use "10.0.0.1:99999" from --tracker as a tracker');
});

test("a file named by --conf must be there", async () => {
  const context = { options: { conf: "missing.conf" }, env: { FDFS_TRACKERS: "10.0.0.1" }, cwd: folder };
  expect(findTrackers(context, system)).rejects.toThrow("missing.conf");
});
