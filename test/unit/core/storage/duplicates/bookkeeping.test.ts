// What stands in the index after each step, against the traffic of C storages (trunk-dedup-recovery.md §2.4, §2.5), and what
// failures leave behind.

import { beforeEach, describe, expect, test } from "bun:test";
import {
  Bookkeeping,
  type FileRef,
  LinkNotCounted,
  parseFileRef,
  SourceNotRegistered,
} from "../../../../../core/storage/duplicates/bookkeeping.ts";
import { bytes, MemoryIndex, text } from "./memory-index.ts";

const signature = Uint8Array.from({ length: 24 }, (_, at) => at * 11);
const ref = (fileName: string): FileRef => ({ groupName: "g1", fileName });
const [source, first, second] = [ref("M00/00/00/source"), ref("M00/00/00/first"), ref("M00/00/00/second")];

let index: MemoryIndex;
let books: Bookkeeping;
beforeEach(() => {
  index = new MemoryIndex();
  books = new Bookkeeping(index);
});

/** Gives a link up as Settlement does. True: its content has to go. */
async function drop(link: FileRef): Promise<boolean> {
  const taken = await books.takeLink(link, source);
  if (taken === null || !(await books.lowerCount(source))) return false;
  return books.retireSource(taken, source);
}

describe("a content", () => {
  test("is announced with its first link, as C leaves it after a first upload", async () => {
    await books.registerSource(signature, source, first);
    expect(index.value(signature, "fid")).toBe("g1/M00/00/00/source");
    expect(index.value("g1/M00/00/00/source", "ref")).toBe("1");
    expect(index.value("g1/M00/00/00/first", "sig")).toBe(text(signature));
    expect(index.entries.size).toBe(3);
    expect(await books.findSource(signature)).toEqual(source);
    expect(index.calls.indexOf("SET fid")).toBeGreaterThan(index.calls.indexOf("SET ref"));
  });

  test("gets more links, loses them, and goes with the last one", async () => {
    await books.registerSource(signature, source, first);
    expect(await books.countLink(signature, source)).toBe(true);
    await books.noteLink(signature, second);
    expect(index.value("g1/M00/00/00/source", "ref")).toBe("2");
    expect(await drop(first)).toBe(false);
    expect(await drop(first)).toBe(false);
    expect(index.value("g1/M00/00/00/source", "ref")).toBe("1");
    expect(await drop(second)).toBe(true);
    expect(index.entries.size).toBe(0);
  });

  test("a file that is no link of ours changes nothing", async () => {
    await books.registerSource(signature, source, first);
    expect(await drop(second)).toBe(false);
    expect(index.value("g1/M00/00/00/source", "ref")).toBe("1");
  });

  test("of two uploads at once each link counts for the file it leads to; C would count both for the last one", async () => {
    const other = ref("M00/00/00/other");
    await books.registerSource(signature, source, first);
    await books.registerSource(signature, other, second);
    expect(await books.findSource(signature)).toEqual(other);
    expect(await drop(first)).toBe(true);
    expect(await books.findSource(signature)).toEqual(other);
    expect(index.value("g1/M00/00/00/other", "ref")).toBe("1");
  });

  test("is not removed when a link came between count 0 and removal", async () => {
    await books.registerSource(signature, source, first);
    const taken = await books.takeLink(first, source);
    expect(await books.lowerCount(source)).toBe(true);
    expect(await books.countLink(signature, source)).toBe(true);
    expect(await books.retireSource(taken!, source)).toBe(false);
    // And the one who comes a moment later hears that it is being removed.
    expect(await books.countLink(signature, source)).toBe(false);
  });

  test("that does not exist any more is forgotten, another one of the same content is not", async () => {
    await books.registerSource(signature, source, first);
    await books.forgetSource(signature, ref("M00/00/00/other"));
    expect(await books.findSource(signature)).toEqual(source);
    await books.forgetSource(signature, source);
    expect(await books.findSource(signature)).toBeNull();
    expect(await drop(first)).toBe(false);
  });

  test("an entry that is no file id is as good as none", async () => {
    for (const value of ["", "g1", "g1/", "/M00"]) {
      await index.set(signature, "fid", bytes(value));
      expect(await books.findSource(signature)).toBeNull();
      expect(parseFileRef(value)).toBeNull();
    }
  });
});

describe("when a call fails", () => {
  const failing = async (call: string, mishap: "refused" | "answer-lost", work: () => Promise<unknown>) => {
    index.mishap = (each) => (each === call ? mishap : "none");
    const error = await work().then(
      () => null,
      (reason: unknown) => reason,
    );
    index.mishap = () => "none";
    return error;
  };

  test("a count that may have been raised is left too high, one that was is taken back", async () => {
    await books.registerSource(signature, source, first);
    const count = () => books.countLink(signature, source);
    for (const mishap of ["refused", "answer-lost"] as const) {
      expect(await failing("INC+ ref", mishap, count)).toMatchObject({ name: "LinkNotCounted", isRaised: false });
      const error = await failing("GET fid", mishap, count);
      expect(error instanceof LinkNotCounted && error.isRaised).toBe(true);
    }
  });

  test("who announced a content knows whether others may find it", async () => {
    const register = () => books.registerSource(signature, source, first);
    for (const call of ["SET ref", "SET sig"]) {
      expect(await failing(call, "answer-lost", register)).toMatchObject({ mayBeFound: false });
    }
    expect(await failing("SET fid", "refused", register)).toMatchObject({ mayBeFound: false });
    const error = await failing("SET fid", "answer-lost", register);
    expect(error instanceof SourceNotRegistered && error.mayBeFound).toBe(true);
  });
});
