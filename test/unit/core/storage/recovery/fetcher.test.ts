// A fetcher against sources that refuse, break down and hang up.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fetcher, type FetcherHelp } from "../../../../../core/storage/recovery/fetcher.ts";
import type { Candidate } from "../../../../../core/storage/recovery/group-questions.ts";
import { SourceChoice } from "../../../../../core/storage/recovery/source-choice.ts";
import { Disk } from "./folder.ts";
import { nameOf, TIME, TRUNK_1_AT_0 } from "./names.ts";
import { Source } from "./source.ts";

let disk: Disk;
let sources: Source[];
let abort: AbortController;
let marks: number[];
const recordsPath = (): string => join(disk.folder, "records");

beforeEach(async () => {
  disk = new Disk();
  abort = new AbortController();
  marks = [];
  sources = [await new Source("a").start(), await new Source("b").start()];
});
afterEach(async () => {
  abort.abort(new Error("the test is over"));
  await Promise.all(sources.map((source) => source.close()));
  disk.remove();
});

function fetcherOf(lines: readonly string[], offset = 0, changes: Partial<FetcherHelp> = {}): Fetcher {
  writeFileSync(recordsPath(), lines.map((line) => `${line}\n`).join(""));
  const candidates = async (): Promise<Candidate[]> => sources.map(({ candidate }) => candidate);
  const { log, progress, storePaths } = disk;
  const { signal } = abort;
  const help: FetcherHelp = {
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
    ...changes,
  };
  return new Fetcher(help, recordsPath(), offset, (done) => marks.push(done));
}

const give = (name: string, content: string): void => {
  for (const source of sources) source.files.set(name, Buffer.from(content));
};
const read = (name: string): string => readFileSync(disk.pathOf(name), "latin1");

describe("files", () => {
  test("come with the time of their records; one that is gone at the source is counted", async () => {
    give(nameOf(1), "one");
    give(nameOf(2), "two");
    await fetcherOf([1, 2, 3].map((serial) => `${TIME + serial} C ${nameOf(serial)}`)).run();
    expect([read(nameOf(1)), read(nameOf(2))]).toEqual(["one", "two"]);
    expect(Math.floor(statSync(disk.pathOf(nameOf(2))).mtimeMs / 1000)).toBe(TIME + 2);
    expect(existsSync(disk.pathOf(nameOf(3)))).toBeFalse();
    expect(disk.progress).toMatchObject({ restored: 2, missing: 1, failed: 0, bytes: 6 });
    expect(marks.at(-1)).toBe(statSync(recordsPath()).size);
  });
  test("replace what is there in part", async () => {
    give(nameOf(1), "the whole content");
    disk.put(nameOf(1), "the who");
    await fetcherOf([`${TIME} C ${nameOf(1)}`]).run();
    expect(read(nameOf(1))).toBe("the whole content");
    expect(existsSync(`${disk.pathOf(nameOf(1))}.recovery.tmp`)).toBeFalse();
  });
  test("that an earlier attempt has brought are not asked for", async () => {
    disk.put(nameOf(1, { size: 5 }), "12345", TIME);
    await fetcherOf([`${TIME} C ${nameOf(1, { size: 5 })}`]).run();
    expect([...sources[0]!.asked, ...sources[1]!.asked]).toEqual([]);
    expect(disk.progress.present).toBe(1);
  });
  test("that are empty are made, whether the name tells or not: storages refuse to send them", async () => {
    const names = [nameOf(1, { size: 0 }), nameOf(2, { kind: "appender" }), `${nameOf(3)}-m`];
    for (const name of names) give(name, "");
    await fetcherOf(names.map((name) => `${TIME} C ${name}`)).run();
    for (const name of names) expect(read(name)).toBe("");
    expect(disk.progress).toMatchObject({ restored: 3, failed: 0 });
  });
  test("known to be deleted do not come back", async () => {
    give(nameOf(1), "one");
    await fetcherOf([`${TIME} C ${nameOf(1)}`], 0, {
      deleted: { has: (name) => name === nameOf(1), names: () => [] },
    }).run();
    expect(existsSync(disk.pathOf(nameOf(1)))).toBeFalse();
  });
  test("inside trunk files bring the trunk file", async () => {
    give("M00/00/00/000001", "F and all that follows");
    // One of its files may be gone, the others are not.
    await fetcherOf([`${TIME} C ${TRUNK_1_AT_0}`], 0, { deleted: { has: () => true, names: () => [] } }).run();
    expect(read("M00/00/00/000001")).toBe("F and all that follows");
  });
});

test("links are made here, absolute, and stay when they are there", async () => {
  const lines = [`${TIME} L ${nameOf(1)} ${nameOf(2)}`, `${TIME} l ${nameOf(5, { path: 1 })} ${nameOf(2)}`];
  await fetcherOf([...lines, ...lines]).run();
  expect(readlinkSync(disk.pathOf(nameOf(1)))).toBe(disk.pathOf(nameOf(2)));
  expect(readlinkSync(disk.pathOf(nameOf(5, { path: 1 })))).toBe(disk.pathOf(nameOf(2)));
  expect(disk.progress.failed).toBe(0);
});

test("records of something else are left out, and told", async () => {
  give(nameOf(1), "one");
  await fetcherOf([`${TIME} D ${nameOf(9)}`, `${TIME} l `, `${TIME} C ${nameOf(1)}`]).run();
  expect(read(nameOf(1))).toBe("one");
  expect(disk.progress.failed).toBe(2);
});

describe("sources", () => {
  test("one that hangs up is followed by the next", async () => {
    const names = Array.from({ length: 60 }, (_, serial) => nameOf(serial));
    for (const name of names) give(name, name);
    sources[0]!.diesAfter = 10;
    await fetcherOf(names.map((name) => `${TIME} C ${name}`)).run();
    for (const name of names) expect(read(name)).toBe(name);
    expect(sources[1]!.asked.length).toBeGreaterThan(40);
    expect(disk.logged.join("\n")).toContain("Recovery tries another source than");
  });
  test("a file that nobody gives keeps none of the others from coming", async () => {
    for (const serial of [1, 2, 3]) give(nameOf(serial), "x");
    for (const source of sources) source.refusals.set(nameOf(2), 5);
    await fetcherOf([1, 2, 3].map((serial) => `${TIME} C ${nameOf(serial)}`)).run();
    expect([read(nameOf(1)), read(nameOf(3))]).toEqual(["x", "x"]);
    expect(disk.progress).toMatchObject({ restored: 2, failed: 1 });
    expect(disk.logged.join("\n")).toContain(`Cannot recover ${nameOf(2)}`);
  }, 20_000);
  test("the end of the storage ends it; the mark stands before what was not done", async () => {
    for (const serial of [1, 2, 3]) give(nameOf(serial), "x");
    const lines = [1, 2, 3].map((serial) => `${TIME} C ${nameOf(serial)}`);
    for (const source of sources) source.refusals.set(nameOf(2), 5);
    const running = fetcherOf(lines).run();
    while (!existsSync(disk.pathOf(nameOf(3)))) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort(new Error("it is over"));
    await expect(running).rejects.toThrow("it is over");
    expect(marks.at(-1)).toBe(lines[0]!.length + 1);
  });
});

test("a place that cannot be written ends it with the disk's error", async () => {
  give(nameOf(1), "x");
  writeFileSync(join(disk.storePaths[0]!, "data", "01"), "not a folder");
  const running = fetcherOf([`${TIME} C ${nameOf(1)}`]).run();
  await expect(running).rejects.toThrow("ENOTDIR");
  expect(marks).toEqual([]);
});
