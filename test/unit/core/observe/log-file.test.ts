// A log file keeps whole lines in order, follows a rotation done elsewhere, and survives a disk that takes nothing.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogFile } from "../../../../core/observe/log-file.ts";
import { createLogger, logFileSink } from "../../../../core/observe/logger.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-log-"));
  path = join(folder, "storaged.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(file, "utf8");
const never = 3_600_000;

describe("writing", () => {
  test("lines wait for the flush, the last ones for the close", () => {
    const file = new LogFile({ path, flushIntervalMs: never });
    file.append("one");
    expect(existsSync(path)).toBe(false);
    file.flush();
    file.append("two");
    file.close();
    expect(read(path)).toBe("one\ntwo\n");
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });
  test("64 KB of lines are written without waiting", () => {
    const file = new LogFile({ path, flushIntervalMs: never });
    const line = "x".repeat(1023);
    for (let n = 0; n < 63; n++) file.append(line);
    expect(existsSync(path)).toBe(false);
    file.append(line);
    expect(statSync(path).size).toBe(64 * 1024);
    file.close();
  });
  test("the interval writes too", async () => {
    const file = new LogFile({ path, flushIntervalMs: 5 });
    file.append("one");
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(read(path)).toBe("one\n");
    file.close();
  });
  test("a line after the close is not lost", () => {
    const file = new LogFile({ path, flushIntervalMs: never });
    file.close();
    file.append("late");
    expect(read(path)).toBe("late\n");
  });
  test("what is critical is written at once", () => {
    const file = new LogFile({ path, flushIntervalMs: never });
    const log = createLogger("INFO", logFileSink(file));
    log.error("waits");
    expect(existsSync(path)).toBe(false);
    log.crit("dies");
    expect(read(path)).toMatch(/ ERROR - waits\n.* CRIT - dies\n$/);
    file.close();
  });
  test("an existing file gets no second header, an empty one its first", () => {
    const options = { path, flushIntervalMs: never, header: () => "header" };
    for (const line of ["one", "two"]) {
      const file = new LogFile(options);
      file.append(line);
      file.close();
    }
    expect(read(path)).toBe("header\none\ntwo\n");
  });
});

describe("rotation by another thread", () => {
  test("the file is reopened when the generation changes, not before", () => {
    let generation = 0;
    const file = new LogFile({ path, flushIntervalMs: never, generation: () => generation });
    file.append("one");
    file.flush();
    renameSync(path, `${path}.old`);
    file.append("two");
    file.flush();
    generation++;
    file.append("three");
    file.flush();
    expect(read(`${path}.old`)).toBe("one\ntwo\n");
    expect(read(path)).toBe("three\n");
    file.close();
  });
});

describe("a disk that takes nothing", () => {
  test("loses and counts lines, complains once, and recovers", () => {
    const notes: string[] = [];
    const target = join(folder, "missing", "storaged.log");
    const file = new LogFile({ path: target, flushIntervalMs: never, complain: (note) => notes.push(note) });
    for (const line of ["a", "b"]) file.append(line);
    file.flush();
    file.append("c");
    file.flush();
    expect(file.lostLines).toBe(3);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(target);
    file.close();
  });
  test.skipIf(!existsSync("/dev/full"))("ENOSPC is no exception", () => {
    const notes: string[] = [];
    const file = new LogFile({ path: "/dev/full", flushIntervalMs: never, complain: (note) => notes.push(note) });
    file.append("a");
    expect(() => file.flush()).not.toThrow();
    expect(file.lostLines).toBe(1);
    expect(notes[0]).toContain("ENOSPC");
    file.close();
  });
});
