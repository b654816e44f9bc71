// The file of debts survives a crash in any line; what it says is paid once, in the right steps, whatever fails meanwhile.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bookkeeping, type FileRef, formatFileRef } from "../../../../../core/storage/duplicates/bookkeeping.ts";
import { DebtFile } from "../../../../../core/storage/duplicates/debt-file.ts";
import { type Debt, formatClosed, formatDebt, parseDebts } from "../../../../../core/storage/duplicates/debt-lines.ts";
import { Settlement } from "../../../../../core/storage/duplicates/settlement.ts";
import { MemoryIndex } from "./memory-index.ts";

const ref = (fileName: string): FileRef => ({ groupName: "g1", fileName });
const signature = Uint8Array.from({ length: 24 }, (_, at) => at);
const hex = Buffer.from(signature).toString("hex");
const [source, first, second] = [ref("M00/source"), ref("M00/first"), ref("M00/second")];
const debt = (link: FileRef, step: Debt["step"] = "check"): Debt => ({
  step,
  link,
  source,
  signature: step === "check" ? "" : hex,
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fdfs-debts-"));
  path = join(folder, "duplicates.debts.0");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("lines", () => {
  test("the last one of a link counts", () => {
    const lines = [debt(first), debt(second), debt(first, "decrement"), debt(second, "retire")].map(formatDebt);
    expect([...parseDebts(lines.join("")).values()]).toEqual([debt(first, "decrement"), debt(second, "retire")]);
    expect([...parseDebts(lines.join("") + formatClosed(first)).keys()]).toEqual(["g1/M00/second"]);
  });

  test("cut at any byte they give what was whole", () => {
    const lines = [debt(first), debt(second, "decrement")].map(formatDebt).join("") + formatClosed(first);
    for (let length = 0; length <= lines.length; length++) {
      const whole = lines.slice(0, length).split("\n").length - 1;
      expect(parseDebts(lines.slice(0, length)).size).toBe([0, 1, 2, 1][whole]!);
    }
  });

  test("rubbish is left out", () => {
    expect(parseDebts("? a b c\n+ nothing g1/x -\n! g1/a g1/b -\n\n+ g1/a\n").size).toBe(0);
  });
});

describe("the file", () => {
  test("remembers, is read again, is not made before there is something", () => {
    const file = new DebtFile(path);
    file.strike(first);
    expect(() => statSync(path)).toThrow();
    file.note(debt(first));
    file.note(debt(second));
    file.strike(first);
    file.close();
    const again = new DebtFile(path);
    expect(again.debts).toEqual([debt(second)]);
    again.strike(second);
    again.close();
    expect(new DebtFile(path).count).toBe(0);
  });

  test("goes on behind a line that a crash has cut off", () => {
    writeFileSync(path, formatDebt(debt(first)).slice(0, -3));
    const file = new DebtFile(path);
    file.note(debt(second));
    file.close();
    expect(new DebtFile(path).debts).toEqual([debt(second)]);
  });

  test("does not grow for ever", () => {
    const file = new DebtFile(path);
    const stays = ref("M00/stays");
    file.note(debt(stays));
    for (let n = 0; n < 60_000; n++) {
      file.note(debt(ref(`M00/${n}`)));
      file.strike(ref(`M00/${n}`));
    }
    expect(statSync(path).size).toBeLessThan(5 * 1024 * 1024);
    file.close();
    const again = new DebtFile(path);
    expect(again.debts).toEqual([debt(stays)]);
    for (let n = 0; n < 1000; n++) again.note(debt(ref(`M00/${n}`)));
    for (let n = 0; n < 1000; n++) again.strike(ref(`M00/${n}`));
    again.strike(stays);
    expect(readFileSync(path, "utf8")).toBe("");
    again.note(debt(first));
    again.close();
    expect(new DebtFile(path).debts).toEqual([debt(first)]);
  });
});

describe("settling", () => {
  let index: MemoryIndex;
  let books: Bookkeeping;
  let links: Set<string>;
  let removed: string[];
  let settlement: Settlement;
  let owed: number;
  beforeEach(async () => {
    index = new MemoryIndex();
    books = new Bookkeeping(index);
    links = new Set([first, second].map(formatFileRef));
    removed = [];
    await books.registerSource(signature, source, first);
    await books.countLink(signature, source);
    await books.noteLink(signature, second);
    settlement = start();
  });
  afterEach(() => settlement.close());

  function start(): Settlement {
    return new Settlement(books, new DebtFile(path), {
      linkExists: (link) => links.has(formatFileRef(link)),
      removeSource: async (file) => void removed.push(formatFileRef(file)),
      whileAlone: (_, work) => work(),
      owedChanged: (count) => {
        owed = count;
      },
      log: { debug() {}, warn() {}, error() {} },
    });
  }

  function remove(link: FileRef): void {
    settlement.open(link, source);
    links.delete(formatFileRef(link));
    settlement.settle(link, source);
  }

  async function until(isTrue: () => boolean): Promise<void> {
    const deadline = Date.now() + 5000;
    while (!isTrue()) {
      if (Date.now() > deadline) throw new Error("waited in vain");
      settlement.wake();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  test("both links given up: the content goes", async () => {
    remove(first);
    remove(second);
    await until(() => owed === 0 && removed.length > 0);
    expect(removed).toEqual(["g1/M00/source"]);
    expect(index.entries.size).toBe(0);
  });

  test("a crash before the link was removed changes nothing", async () => {
    settlement.open(first, source);
    settlement.close();
    settlement = start();
    settlement.resume();
    await until(() => owed === 0);
    expect(index.value("g1/M00/source", "ref")).toBe("2");
  });

  test("a crash after it: the next process goes on", async () => {
    index.mishap = () => "refused";
    remove(first);
    remove(second);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(owed).toBe(2);
    settlement.close();
    index.mishap = () => "none";
    settlement = start();
    settlement.resume();
    await until(() => owed === 0 && removed.length > 0);
    expect(index.entries.size).toBe(0);
  });

  const calls = ["GET sig", "GET ref", "DEL sig", "INC- ref", "GET fid", "DEL fid", "DEL ref"];
  for (const call of calls) {
    test(`${call} refused at first: everything goes in the end`, async () => {
      let left = 3;
      index.mishap = (each) => (each === call && left-- > 0 ? "refused" : "none");
      remove(first);
      remove(second);
      await until(() => owed === 0 && removed.length > 0);
      expect(removed).toEqual(["g1/M00/source"]);
      expect(index.entries.size).toBe(0);
    });

    test(`${call} refused, then a crash: everything goes in the end`, async () => {
      index.mishap = (each) => (each === call ? "refused" : "none");
      remove(first);
      remove(second);
      await new Promise((resolve) => setTimeout(resolve, 5));
      settlement.close();
      index.mishap = () => "none";
      settlement = start();
      settlement.resume();
      await until(() => owed === 0 && removed.length > 0);
      expect(removed).toEqual(["g1/M00/source"]);
      expect(index.entries.size).toBe(0);
    });

    test(`an answer to ${call} lost: never too low a count`, async () => {
      let left = 1;
      index.mishap = (each) => (each === call && left-- > 0 ? "answer-lost" : "none");
      remove(first);
      await until(() => owed === 0);
      expect(removed).toEqual([]);
      expect(Number(index.value("g1/M00/source", "ref"))).toBeGreaterThanOrEqual(1);
    });
  }

  test("a count without a link is lowered", async () => {
    await books.countLink(signature, source);
    settlement.settleCount(source, signature);
    await until(() => owed === 0);
    expect(index.value("g1/M00/source", "ref")).toBe("2");
    appendFileSync(path, "");
  });
});
