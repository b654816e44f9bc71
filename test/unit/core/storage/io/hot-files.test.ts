// What a worker keeps of files that are asked for again: only what does not change, only until something is done to it or a
// second is over, and no open file longer than somebody reads it.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HotFile, HotFiles, KEPT_CONTENT_MAX } from "../../../../../core/storage/io/hot-files.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import { nameOf } from "../replication/names.ts";
import { until } from "../service/harness.ts";

const NAME = nameOf(10);
let scoreboard: Scoreboard;
let files: HotFiles;
let folder: string;

beforeEach(() => {
  scoreboard = new Scoreboard();
  files = new HotFiles(scoreboard);
  folder = mkdtempSync(join(tmpdir(), "fdfs-hot-"));
});

afterEach(() => {
  files.close();
  rmSync(folder, { recursive: true, force: true });
});

function openFile(): number {
  const path = join(folder, "file");
  writeFileSync(path, "content");
  return openSync(path, "r");
}

const isOpen = (fd: number): boolean => {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
};

test("a file is wanted when it is asked for a second time", () => {
  expect(files.wants(NAME)).toBe(false);
  expect(files.wants(NAME)).toBe(true);
});

test.each([
  ["metadata", `${NAME}-m`],
  ["an appender", nameOf(10, "appender")],
  ["a name that is not ours", "M00/00/00/strange"],
])("%s is never wanted", (_, name) => {
  for (let time = 0; time < 3; time++) expect(files.wants(name)).toBe(false);
});

test("what is kept is found until the name's file changes", () => {
  const answer = new Uint8Array([1, 2, 3]);
  files.keep(NAME, scoreboard.epochOf(NAME), answer);
  expect(files.find(NAME)).toBe(answer);
  expect(files.find(nameOf(11))).toBeNull();
  new Scoreboard(scoreboard.buffer, 0).contentChanged(NAME);
  expect(files.find(NAME)).toBeNull();
});

test("what changed while it was being read is not found", () => {
  const epoch = scoreboard.epochOf(NAME);
  scoreboard.contentChanged(NAME);
  files.keep(NAME, epoch, new Uint8Array(3));
  expect(files.find(NAME)).toBeNull();
});

test("a second later nothing is kept and an open file is closed", async () => {
  const fd = openFile();
  files.keep(NAME, scoreboard.epochOf(NAME), new HotFile(fd, 7));
  await until("the file is closed", () => !isOpen(fd));
  expect(files.find(NAME)).toBeNull();
});

test("an open file stays open for those who read it", () => {
  const fd = openFile();
  const file = new HotFile(fd, 7);
  files.keep(NAME, scoreboard.epochOf(NAME), file);
  file.use();
  files.close();
  expect(isOpen(fd)).toBe(true);
  file.release();
  expect(isOpen(fd)).toBe(false);
});

test("there is room for a bounded number of bytes and of open files", () => {
  let kept = 0;
  for (; files.hasRoomFor(KEPT_CONTENT_MAX); kept++) {
    files.keep(nameOf(kept), scoreboard.epochOf(nameOf(kept)), new Uint8Array(KEPT_CONTENT_MAX));
  }
  expect(kept * KEPT_CONTENT_MAX).toBe(16 * 1024 * 1024);
  expect(files.hasRoomFor(KEPT_CONTENT_MAX + 1)).toBe(true);
  // In another's place: no more than before.
  files.keep(nameOf(0), scoreboard.epochOf(nameOf(0)), new Uint8Array(1));
  expect(files.hasRoomFor(1)).toBe(true);
});
