// What every index of duplicates has to do, run against each kind.

import { expect } from "bun:test";
import type { DuplicateIndex } from "../../../../../core/storage/duplicates/duplicate-index.ts";
import { bytes } from "./memory-index.ts";

/** `others`: connections of other workers to the same index. */
export async function checkIndex(index: DuplicateIndex, others: readonly DuplicateIndex[]): Promise<void> {
  const binary = Uint8Array.from({ length: 24 }, (_, at) => (at * 37) & 0xff);
  const name = bytes("g1/M00/00/00/fwAAPWsBFa2IfiHYAAALuEU5PzAAAAAAQAAAAAAAAwA004.bin");
  expect(await index.get(binary, "fid")).toBeNull();
  expect(await index.remove(binary, "fid")).toBe(false);
  await index.set(binary, "fid", name);
  expect(await index.get(binary, "fid")).toEqual(name);
  expect(await index.get(binary, "ref")).toBeNull();
  await index.set(binary, "fid", binary);
  expect(await index.get(binary, "fid")).toEqual(binary);
  expect(await index.remove(binary, "fid")).toBe(true);
  expect(await index.get(binary, "fid")).toBeNull();
  expect(await index.increment(name, "ref", 1)).toBe(1);
  expect(await index.increment(name, "ref", -1)).toBe(0);
  expect(await index.get(name, "ref")).toEqual(bytes("0"));
  await index.set(name, "ref", bytes("41"));
  expect(await index.increment(name, "ref", 1)).toBe(42);
  expect(await index.get(name, "ref")).toEqual(bytes("42"));
  await index.remove(name, "ref");
  // Many at once, from several workers: no addition is lost.
  const all = [index, ...others];
  const sums = await Promise.all(Array.from({ length: 120 }, (_, n) => all[n % all.length]!.increment(name, "ref", 1)));
  expect(new Set(sums).size).toBe(120);
  expect(await index.get(name, "ref")).toEqual(bytes("120"));
  for (const other of others) expect(await other.get(name, "ref")).toEqual(bytes("120"));
  expect(await index.remove(name, "ref")).toBe(true);
}
