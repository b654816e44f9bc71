// The binlog's writing: records of one turn in one append, answers only behind their record, rotation, failures, and the
// torn line of a crash.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  binlogPath,
  readBinlogIndex,
  repairBinlogTail,
  writeBinlogIndex,
} from "../../../../../core/storage/binlog/binlog-files.ts";
import { CommitQueue } from "../../../../../core/storage/binlog/commit-queue.ts";
import { formatRecord, Op } from "../../../../../core/storage/binlog/record.ts";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";

let folder: string;
let scoreboard: Scoreboard;
const reported: string[] = [];
const text = (index = 0): string => readFileSync(binlogPath(folder, index), "latin1");
const queue = (power = false): CommitQueue =>
  new CommitQueue(scoreboard, folder, {
    worker: 0,
    flushesToDisk: power,
    report: (line) => void reported.push(line),
    grown: () => void reported.push("grown"),
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-binlog-"));
  scoreboard = new Scoreboard();
  reported.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("records", () => {
  test("are C's lines (storage.md §6.1)", () => {
    const name = "M01/01/03/fwAASGsBFeCEMIQ8AAAAAKaEx8Y080.log";
    expect(formatRecord(1795233250, Op.APPEND, `${name} 10 5`)).toBe(`1795233250 A ${name} 10 5\n`);
  });

  for (const power of [false, true]) {
    test(`of one turn are in the file before anyone hears of it (power: ${power})`, async () => {
      const commits = queue(power);
      const heard: string[] = [];
      await new Promise<void>((resolve) => {
        for (let index = 0; index < 100; index++) {
          commits.push(`${index} C name\n`, {
            committed(status) {
              heard.push(`${index}:${status}:${text().split("\n").length - 1}`);
              if (index === 99) resolve();
            },
          });
        }
        expect(heard).toEqual([]);
      });
      expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => `${index}:0:100`));
      expect(scoreboard.binlogSize).toBe(text().length);
      commits.close();
    });
  }

  test("of several workers go to one file in whole lines", async () => {
    const workers = [0, 1, 2].map(() => queue());
    await Promise.all(
      workers.map(async (commits, worker) => {
        for (let index = 0; index < 200; index++) {
          await new Promise<void>((resolve) =>
            commits.push(`${worker} C ${"n".repeat(index)}\n`, {
              committed: () => resolve(),
            }),
          );
        }
      }),
    );
    expect(
      text()
        .split("\n")
        .filter((line) => /^[012] C n*$/.test(line)).length,
    ).toBe(600);
    for (const commits of workers) commits.close();
  });

  test("one waiter's mistake does not keep the others from hearing", async () => {
    const commits = queue();
    const status = await new Promise<number>((resolve) => {
      commits.push("1 C a\n", {
        committed() {
          throw new Error("a mistake");
        },
      });
      commits.push("2 C b\n", { committed: resolve });
    });
    expect(status).toBe(0);
    expect(reported).toEqual(["An operation could not be ended: Error: a mistake"]);
    commits.close();
  });

  test("that wait are written by close", () => {
    const commits = queue();
    commits.push("1 C a\n", { committed() {} });
    commits.close();
    expect(text()).toBe("1 C a\n");
  });
});

describe("rotation", () => {
  test("after 1 GiB: the index first, then the next file, for all workers", () => {
    writeBinlogIndex(folder, { currentWrite: 0, currentCompress: 0 });
    const [one, two] = [queue(), queue()];
    writeFileSync(binlogPath(folder, 1), "a leftover\n");
    one.push("1 C a\n", { committed() {} });
    two.push("1 C b\n", { committed() {} });
    one.flush();
    two.flush();
    scoreboard.setBinlog(0, 1_073_741_824 - 3);
    one.push("2 C a\n", { committed() {} });
    one.flush();
    expect(readBinlogIndex(folder)).toEqual({
      currentWrite: 1,
      currentCompress: 0,
    });
    two.push("3 C b\n", { committed() {} });
    two.flush();
    one.push("4 C a\n", { committed() {} });
    one.flush();
    expect([text(0), text(1)]).toEqual(["1 C a\n1 C b\n2 C a\n", "3 C b\n4 C a\n"]);
    expect([scoreboard.binlogIndex, scoreboard.binlogSize]).toEqual([1, 12]);
    one.close();
    two.close();
  });

  test("that fails is told; the record counts, and the next append tries again", () => {
    const commits = queue();
    scoreboard.setBinlog(0, 1_073_741_824 - 3);
    mkdirSync(join(folder, "binlog_index.dat"));
    const statuses: number[] = [];
    const waiter = {
      committed: (status: number) => void statuses.push(status),
    };
    commits.push("1 C a\n", waiter);
    commits.flush();
    expect([statuses, scoreboard.binlogIndex, reported.length]).toEqual([[0], 0, 1]);
    rmSync(join(folder, "binlog_index.dat"), { recursive: true });
    commits.push("2 C a\n", waiter);
    commits.flush();
    expect([statuses, scoreboard.binlogIndex]).toEqual([[0, 0], 1]);
    expect(text()).toBe("1 C a\n2 C a\n");
    commits.close();
  });
});

test("a binlog that cannot be written answers its errno, and the next records are written when it can be", () => {
  const commits = queue();
  mkdirSync(binlogPath(folder, 0));
  const statuses: number[] = [];
  const waiter = { committed: (status: number) => void statuses.push(status) };
  commits.push("1 C a\n", waiter);
  commits.flush();
  expect(statuses).toEqual([21]);
  expect(reported[0]).toStartWith(`Cannot append 1 records to ${binlogPath(folder, 0)}: `);
  rmSync(binlogPath(folder, 0), { recursive: true });
  commits.push("2 C b\n", waiter);
  commits.flush();
  expect(statuses).toEqual([21, 0]);
  expect(text()).toBe("2 C b\n");
  commits.close();
});

describe("binlog_index.dat", () => {
  test("as C writes it (storage.md §5.3)", () => {
    writeBinlogIndex(folder, { currentWrite: 12, currentCompress: 3 });
    expect(readFileSync(join(folder, "binlog_index.dat"), "latin1")).toBe("current_write=12\ncurrent_compress=3\n");
    expect(readBinlogIndex(folder)).toEqual({
      currentWrite: 12,
      currentCompress: 3,
    });
  });
  test("the bare number of older versions, or nothing", () => {
    expect(readBinlogIndex(folder)).toEqual({
      currentWrite: 0,
      currentCompress: 0,
    });
    writeFileSync(join(folder, "binlog.index"), "7");
    expect(readBinlogIndex(folder)).toEqual({
      currentWrite: 7,
      currentCompress: 0,
    });
  });
  test("names have three digits or more", () => {
    expect([binlogPath("/b", 7), binlogPath("/b", 1234)]).toEqual(["/b/binlog.007", "/b/binlog.1234"]);
  });
});

describe("the tail after a crash", () => {
  const path = (): string => binlogPath(folder, 0);
  test("a torn line is cut off and kept aside", () => {
    writeFileSync(path(), "1 C a\n2 C b\n3 C torn-of");
    expect(repairBinlogTail(path())).toEqual({ size: 12, cut: "3 C torn-of" });
    expect(text()).toBe("1 C a\n2 C b\n");
    expect(readFileSync(`${path()}.torn`, "latin1")).toBe("3 C torn-of\n");
    expect(repairBinlogTail(path())).toEqual({ size: 12, cut: "" });
  });
  test("a whole file, an empty file and no file stay as they are", () => {
    expect(repairBinlogTail(path())).toEqual({ size: 0, cut: "" });
    writeFileSync(path(), "");
    expect(repairBinlogTail(path())).toEqual({ size: 0, cut: "" });
    appendFileSync(path(), "1 C a\n");
    expect(repairBinlogTail(path())).toEqual({ size: 6, cut: "" });
    expect(readdirSync(folder)).toEqual(["binlog.000"]);
  });
  test("a file that is one torn line", () => {
    writeFileSync(path(), "1 C");
    expect(repairBinlogTail(path())).toEqual({ size: 0, cut: "1 C" });
    expect(text()).toBe("");
  });
});
