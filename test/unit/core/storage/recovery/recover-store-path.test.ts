// The recovery of a store path from the first question to the last report, with trackers that are played and sources in
// this process.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Candidate, Need } from "../../../../../core/storage/recovery/group-questions.ts";
import { PathRecovery } from "../../../../../core/storage/recovery/recover-store-path.ts";
import { RecoveryFiles } from "../../../../../core/storage/recovery/recovery-files.ts";
import { SourceChoice } from "../../../../../core/storage/recovery/source-choice.ts";
import { Disk } from "./folder.ts";
import { nameOf, TIME } from "./names.ts";
import { openAnswer, Source } from "./source.ts";

const [RECOVERY, OFFLINE, ACTIVE] = [9, 5, 7];
let disk: Disk;
let files: RecoveryFiles;
let sources: Source[];
let abort: AbortController;
let reports: number[];
let need: Need;

beforeEach(async () => {
  disk = new Disk();
  files = new RecoveryFiles(disk.storePaths[0]!, undefined);
  sources = [await new Source("a").start(), await new Source("b").start()];
  abort = new AbortController();
  reports = [];
  need = { isNeeded: true, savedStatus: OFFLINE };
});
afterEach(async () => {
  abort.abort(new Error("the test is over"));
  await Promise.all(sources.map((source) => source.close()));
  disk.remove();
});

function recoveryOf(wantedThreads = 2): PathRecovery {
  const { log, progress, storePaths } = disk;
  const { signal } = abort;
  const candidates = async (): Promise<Candidate[]> => sources.map(({ candidate }) => candidate);
  return new PathRecovery({
    storePaths,
    source: {
      linkOptions: { localAddresses: [], connectTimeoutMs: 1000, networkTimeoutMs: 2000 },
      groupName: "group1",
      ownId: "me",
      signal,
    },
    choice: new SourceChoice({ candidates, log, signal, waiting: () => {}, what: "p0" }),
    deleted: { has: () => false, names: () => [] },
    progress,
    log,
    owner: undefined,
    flushesToDisk: false,
    files,
    storePathIndex: 0,
    storePath: storePaths[0]!,
    wantedThreads,
    isEmptied: true,
    questions: { need: async () => need, candidates },
    report: async (status) => {
      reports.push(status);
    },
  });
}

const names = Array.from({ length: 30 }, (_, serial) => nameOf(serial));
const binlogOf = (some: readonly string[]): Buffer => openAnswer(some.map((name) => `${TIME} C ${name}\n`).join(""));
const listOf = (some: readonly string[]): Buffer =>
  openAnswer(some.map((name) => `${TIME} C ${name} ${name.length}\n`).join(""));
const give = (source: Source, some: readonly string[]): void => {
  for (const name of some) source.files.set(name, Buffer.from(name));
};
const isWhole = (some: readonly string[]): boolean =>
  some.every((name) => existsSync(disk.pathOf(name)) && readFileSync(disk.pathOf(name), "latin1") === name);
const hidden = (): string[] => readdirSync(join(disk.storePaths[0]!, "data")).filter((name) => name.startsWith("."));

test("from the flag of start-up to the end: files, reports, nothing left behind", async () => {
  files.begin();
  for (const source of sources) give(source, names);
  sources[0]!.binlog = binlogOf(names);
  sources[1]!.binlog = binlogOf(names);
  await recoveryOf().run();
  expect(isWhole(names)).toBeTrue();
  expect(reports).toEqual([RECOVERY, OFFLINE]);
  expect(hidden()).toEqual([]);
  expect(disk.progress).toMatchObject({ restored: 30, missing: 0, failed: 0 });
});

test("not needed: the flag goes, nothing is reported", async () => {
  files.begin();
  need = { isNeeded: false, reason: "the group has no other storage" };
  await recoveryOf().run();
  expect(hidden()).toEqual([]);
  expect(reports).toEqual([]);
  expect(disk.logged.join("\n")).toContain("is not recovered, because the group has no other storage");
});

describe("the list of files", () => {
  test("of a source that breaks off comes from the next one", async () => {
    for (const source of sources) give(source, names);
    sources[0]!.binlog = binlogOf(names).subarray(0, 100);
    sources[1]!.binlog = binlogOf(names);
    await recoveryOf().run();
    expect(isWhole(names)).toBeTrue();
    expect(disk.logged.join("\n")).toContain("does not tell which files there were");
  });
  test("when nobody has a binlog is that of a tree", async () => {
    give(sources[1]!, names);
    sources[1]!.list = listOf(names);
    disk.put(names[0]!, names[0]!, TIME);
    await recoveryOf(1).run();
    expect(isWhole(names)).toBeTrue();
    expect(disk.progress.restored).toBe(29);
  });
  test("is made whole by the trees of all that tell", async () => {
    for (const source of sources) give(source, names);
    sources[0]!.binlog = sources[1]!.binlog = binlogOf(names.slice(0, 10));
    sources[0]!.list = listOf(names.slice(5, 20));
    sources[1]!.list = listOf(names.slice(15));
    await recoveryOf().run();
    expect(isWhole(names)).toBeTrue();
    expect(hidden()).toEqual([]);
  });
});

describe("after a crash", () => {
  const record = (name: string): string => `${TIME} C ${name}\n`;
  test("it goes on at the marks and tells the status that was saved", async () => {
    for (const source of sources) give(source, names);
    writeFileSync(files.binlogPath(0), names.slice(0, 20).map(record).join(""));
    writeFileSync(files.binlogPath(1), names.slice(20).map(record).join(""));
    files.writeMark(0, record(names[0]!).length * 20);
    files.writeFlag({ savedStatus: ACTIVE, isFetched: true, threads: 2 });
    await recoveryOf().run();
    expect(isWhole(names.slice(20))).toBeTrue();
    expect(existsSync(disk.pathOf(names[0]!))).toBeFalse();
    expect(reports).toEqual([RECOVERY, ACTIVE]);
  });
  test("with another number of fetchers the rest is dispatched anew", async () => {
    for (const source of sources) give(source, names);
    writeFileSync(files.binlogPath(0), names.map(record).join(""));
    files.writeMark(0, record(names[0]!).length);
    files.writeFlag({ savedStatus: OFFLINE, isFetched: true, threads: 1 });
    await recoveryOf(3).run();
    expect(isWhole(names.slice(1))).toBeTrue();
    expect(existsSync(disk.pathOf(names[0]!))).toBeFalse();
  });
  test("without the records they are fetched again", async () => {
    for (const source of sources) give(source, names);
    sources[0]!.binlog = sources[1]!.binlog = binlogOf(names);
    files.writeFlag({ savedStatus: OFFLINE, isFetched: true, threads: 2 });
    writeFileSync(files.binlogPath(0), "");
    await recoveryOf().run();
    expect(isWhole(names)).toBeTrue();
  });
});

test("while it waits for somebody who tells, the end of the storage ends it and leaves the flag", async () => {
  files.begin();
  const running = recoveryOf().run();
  const deadline = Date.now() + 5000;
  while (!disk.logged.some((line) => line.includes("no storage of the group tells")) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  abort.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
  expect(files.readFlag()).toEqual({ savedStatus: OFFLINE, isFetched: false, threads: -1 });
});
