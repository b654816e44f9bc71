// A worker as the source of a recovery: its binlog of one path, and the list of what it holds.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { binlogFolder } from "../../../../../core/storage/binlog/binlog-files.ts";
import { fetchList, type SourceHelp } from "../../../../../core/storage/recovery/source-link.ts";
import { listStoredFiles } from "../../../../../core/wire/own-commands.ts";
import { fetchOnePathBinlog } from "../../../../../core/wire/storage-sync.ts";
import { writeFiles } from "../binlog/folder.ts";
import { Harness } from "../service/harness.ts";
import { nameOf, TIME, TRUNK_1_AT_0 } from "./names.ts";

const HOST = "127.0.92.63";
let worker: Harness;
const help: SourceHelp = {
  linkOptions: { localAddresses: [], connectTimeoutMs: 1000, networkTimeoutMs: 5000 },
  groupName: "group1",
  ownId: "127.0.0.7",
  signal: new AbortController().signal,
};
const pathOf = (name: string): string => join(worker.config.storePaths[Number(name[2])]!.path, "data", name.slice(4));

function put(name: string, content: string, seconds: number): void {
  mkdirSync(dirname(pathOf(name)), { recursive: true });
  writeFileSync(pathOf(name), content);
  utimesSync(pathOf(name), seconds, seconds);
}

async function fetched(
  list: typeof fetchOnePathBinlog,
  storePathIndex: number,
  groupName = "group1",
): Promise<string[]> {
  const candidate = { id: "x", host: HOST, port: worker.config.listen[0]!.port };
  const path = join(worker.folder, "fetched");
  await fetchList(candidate, list, storePathIndex, path, { ...help, groupName });
  return readFileSync(path, "latin1").split("\n").slice(0, -1);
}

beforeAll(async () => {
  worker = await Harness.start(HOST);
  for (const serial of [1, 2]) put(nameOf(serial), "content", TIME);
  put(nameOf(3, { path: 1 }), "content", TIME);
  put(nameOf(4), "", TIME);
  put(`${nameOf(1)}-m`, "a\x02b", TIME + 7);
  put("M00/00/00/000001", "trunk", TIME);
  put(`${nameOf(8)}.recovery.tmp`, "half", TIME);
  mkdirSync(dirname(pathOf(nameOf(5))), { recursive: true });
  symlinkSync(pathOf(nameOf(1)), pathOf(nameOf(5)));
  symlinkSync(pathOf(nameOf(9)), pathOf(nameOf(6)));
  writeFiles(
    binlogFolder(worker.folder),
    [`${TIME} C ${nameOf(1)}`, `${TIME} C ${nameOf(7)}`, `${TIME} l `, `${TIME} D ${nameOf(7)}`],
    [
      `${TIME} c ${nameOf(2)}`,
      `${TIME} C ${nameOf(3, { path: 1 })}`,
      `${TIME} C ${nameOf(4)}`,
      `${TIME} L ${nameOf(5)} ${nameOf(1)}`,
      `${TIME} L ${nameOf(6)} ${nameOf(9)}`,
      `${TIME} C ${nameOf(1)}-m`,
      `${TIME} C ${TRUNK_1_AT_0}`,
    ],
  );
  worker.scoreboard.setBinlog(1, 0);
});
afterAll(() => worker.stop());

test("the binlog from its first file on: what is still there, of this path; broken records are passed over", async () => {
  expect(await fetched(fetchOnePathBinlog, 0)).toEqual([
    `${TIME} C ${nameOf(1)}`,
    `${TIME} c ${nameOf(2)}`,
    `${TIME} L ${nameOf(5)} ${nameOf(1)}`,
    `${TIME + 7} C ${nameOf(1)}-m`,
    `${TIME} C ${TRUNK_1_AT_0}`,
  ]);
  expect(await fetched(fetchOnePathBinlog, 1)).toEqual([`${TIME} C ${nameOf(3, { path: 1 })}`]);
});
test("the list of files: names, times, sizes, and what links lead to", async () => {
  const lines = await fetched(listStoredFiles as unknown as typeof fetchOnePathBinlog, 0);
  expect(lines.sort()).toEqual(
    [
      `${TIME} C ${nameOf(1)} 7`,
      `${TIME} C ${nameOf(2)} 7`,
      `${TIME} C ${nameOf(4)} 0`,
      `${TIME + 7} C ${nameOf(1)}-m 3`,
      `${TIME} C M00/00/00/000001 5`,
      `0 L ${nameOf(5)} ${nameOf(1)}`,
    ].sort(),
  );
});
test("another group, a path that there is not", async () => {
  await expect(fetched(fetchOnePathBinlog, 2)).rejects.toThrow("Invalid argument");
  await expect(fetched(fetchOnePathBinlog, 0, "group2")).rejects.toThrow("Invalid argument");
});
