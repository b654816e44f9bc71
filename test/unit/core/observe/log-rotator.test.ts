// Rotation on real files: no line is lost or torn, no old file is overwritten, trouble is told and survived.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { gunzipSync } from "node:zlib";
import { LogFile } from "../../../../core/observe/log-file.ts";
import { LogRotator, type LogRotatorOptions } from "../../../../core/observe/log-rotator.ts";
import type { RotationRules } from "../../../../core/observe/rotation.ts";

const at = (day: number, hours: number, minutes: number, seconds = 0): number =>
  new Date(2026, 10, day, hours, minutes, seconds).getTime();
const rules: RotationRules = {
  rotateEveryday: true,
  rotateAtSeconds: 0,
  rotateOnSizeBytes: 0,
  compressOld: false,
  compressDaysBefore: 1,
  keepDays: 15,
  deleteAtSeconds: 5400,
};

let folder = "";
let path = "";
let reports: string[] = [];
let file: LogFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-rotate-"));
  path = join(folder, "a.log");
  reports = [];
  file = new LogFile({ path, flushIntervalMs: 3_600_000, header: () => "header" });
});
afterEach(() => {
  file.close();
  rmSync(folder, { recursive: true, force: true });
});

const read = (name: string): string => readFileSync(join(folder, name), "utf8");
function rotator(options: Partial<LogRotatorOptions> = {}): LogRotator {
  return new LogRotator({ file, rules, report: (text) => reports.push(text), nowMs: at(20, 23, 59, 59), ...options });
}

describe("rotating", () => {
  test("at midnight, under the name of the day before, even when the tick comes late", () => {
    const late = rotator();
    file.append("one");
    late.tick(at(21, 0, 7));
    file.append("two");
    file.flush();
    expect(read("a.log.20261120")).toBe("header\none\n");
    expect(read("a.log")).toBe("header\ntwo\n");
    late.tick(at(21, 0, 8));
    expect(readdirSync(folder).sort()).toEqual(["a.log", "a.log.20261120"]);
  });
  test("on size, with the time in the name, twice a day", () => {
    const bySize = rotator({ rules: { ...rules, rotateEveryday: false, rotateOnSizeBytes: 100 } });
    for (const minute of [1, 2]) {
      file.append("x".repeat(120));
      file.flush();
      bySize.tick(at(21, 10, minute));
    }
    expect(readdirSync(folder).sort()).toEqual(["a.log", "a.log.20261121_100100", "a.log.20261121_100200"]);
  });
  test("by hand", () => {
    let bumps = 0;
    const byHand = rotator({ alwaysLongNames: true, bumpGeneration: () => bumps++ });
    file.append("one");
    byHand.rotateNow(at(21, 10, 0));
    expect(read("a.log.20261121_100000")).toBe("header\none\n");
    expect(read("a.log")).toBe("header\n");
    expect(bumps).toBe(1);
  });
  test("an existing name is not overwritten: the lines stay where they are", () => {
    for (const existing of ["a.log.20261120", "a.log.20261120.gz"]) {
      writeFileSync(join(folder, existing), "precious");
      const blocked = rotator();
      file.append("one");
      blocked.tick(at(21, 0, 0));
      expect(read(existing)).toBe("precious");
      expect(read("a.log")).toContain("one\n");
      expect(reports.at(-1)).toContain("20261120");
      rmSync(join(folder, existing));
    }
  });
  test("an empty log is left alone", () => {
    rotator().tick(at(21, 0, 0));
    expect(readdirSync(folder)).toEqual([]);
  });
  test("the same trouble is told once", () => {
    const stuck = rotator({ rules: { ...rules, rotateOnSizeBytes: 1 } });
    file.append("one");
    file.flush();
    writeFileSync(join(folder, "a.log.20261121_100000"), "in the way");
    for (let n = 0; n < 3; n++) stuck.rotateNow(at(21, 10, 0));
    expect(reports).toHaveLength(1);
    stuck.rotateNow(at(21, 10, 0, 1));
    expect(read("a.log.20261121_100001")).toBe("header\none\n");
  });
});

describe("old files", () => {
  test("are compressed a minute after the rotation, when every thread has left them", async () => {
    const compressing = rotator({ rules: { ...rules, compressOld: true } });
    file.append("one");
    compressing.tick(at(21, 0, 0));
    compressing.tick(at(21, 0, 0, 59));
    await compressing.settled();
    expect(existsSync(`${path}.20261120`)).toBe(true);
    compressing.tick(at(21, 0, 1, 0));
    await compressing.settled();
    expect(gunzipSync(readFileSync(`${path}.20261120.gz`)).toString()).toBe("header\none\n");
    expect(readdirSync(folder).sort()).toEqual(["a.log", "a.log.20261120.gz"]);
  });
  test("left by an earlier process are compressed too; a compression given up leaves the file", async () => {
    writeFileSync(`${path}.20261101`, Buffer.alloc(8 << 20, "line\n"));
    const closing = rotator({ rules: { ...rules, compressOld: true, keepDays: 0 } });
    closing.tick(at(21, 0, 1));
    await closing.close();
    const left = readdirSync(folder).filter((name) => name !== "a.log");
    expect(left).toEqual(["a.log.20261101"]);
    const finishing = rotator({ rules: { ...rules, compressOld: true, keepDays: 0 } });
    finishing.tick(at(21, 0, 1));
    await finishing.settled();
    expect(readdirSync(folder)).toContain("a.log.20261101.gz");
  });
  test("are deleted at log_file_delete_old_time", () => {
    for (const day of ["20261104", "20261106"]) writeFileSync(`${path}.${day}`, "old");
    const deleting = rotator();
    deleting.tick(at(21, 1, 29, 59));
    expect(readdirSync(folder).sort()).toEqual(["a.log.20261104", "a.log.20261106"]);
    deleting.tick(at(21, 1, 30));
    expect(readdirSync(folder)).toEqual(["a.log.20261106"]);
    expect(reports).toEqual([]);
  });
  test("in a folder that is gone are told about, not died of", () => {
    const lost = rotator();
    rmSync(folder, { recursive: true });
    expect(() => lost.tick(at(21, 1, 30))).not.toThrow();
    expect(reports[0]).toContain(folder);
  });
});

test("threads that write while another rotates lose and tear no line", async () => {
  const shared = new SharedArrayBuffer(4);
  const generation = new Int32Array(shared);
  const count = 2000;
  const rotating = rotator({ alwaysLongNames: true, bumpGeneration: () => Atomics.add(generation, 0, 1) });
  const entry = new URL("./log-writer-thread.ts", import.meta.url);
  const threads = ["w1", "w2", "w3"].map((name) => new Worker(entry, { workerData: { path, name, count, shared } }));
  let second = 0;
  // Every name is another second, so that every rotation happens.
  const timer = setInterval(() => rotating.rotateNow(at(21, 10, 0) + second++ * 1000), 2);
  const lost = await Promise.all(
    threads.map((thread) => new Promise<number>((resolve) => thread.once("message", (n: number) => resolve(n)))),
  );
  clearInterval(timer);
  expect(lost).toEqual([0, 0, 0]);
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(3);
  const seen = new Map<string, number>();
  for (const name of files) {
    const lines = read(name).split("\n");
    expect(lines.pop()).toBe("");
    for (const line of lines) {
      if (line === "header") continue;
      const match = /^(w\d) (\d+) (x*)\|$/.exec(line);
      expect(match).not.toBeNull();
      expect(match![3]!.length).toBe((Number(match![2]) + 1) % 90);
      seen.set(match![1]!, (seen.get(match![1]!) ?? 0) + 1);
    }
  }
  expect([...seen.values()]).toEqual([count, count, count]);
});
