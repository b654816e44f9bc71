// The option values of `fdfs bench`: what is understood, and that whatever is not gets a sentence.

import { expect, test } from "bun:test";
import { parseDuration, parseMix, parsePids, parseSizes } from "../../../../cmd/bench/values.ts";

test("sizes", () => {
  expect(parseSizes("4K")).toEqual([{ least: 4096, greatest: 4096, weight: 1 }]);
  expect(parseSizes("100")).toEqual([{ least: 100, greatest: 100, weight: 1 }]);
  expect(parseSizes("1k-64KB")).toEqual([{ least: 1024, greatest: 65_536, weight: 1 }]);
  expect(parseSizes("4K:70,64K-128K:25,1M:5")).toEqual([
    { least: 4096, greatest: 4096, weight: 70 },
    { least: 65_536, greatest: 131_072, weight: 25 },
    { least: 1_048_576, greatest: 1_048_576, weight: 5 },
  ]);
  for (const wrong of ["", "4Q", "64K-1K", "4K:0", "4K,", "-1", "2G"])
    expect(parseSizes(wrong)).toContain("allowed is");
});

test("durations", () => {
  expect(["500ms", "10s", "1.5s", "2m", "0s"].map(parseDuration)).toEqual([0.5, 10, 1.5, 120, 0]);
  for (const wrong of ["", "10", "-1s", "10 s", "1d"]) expect(parseDuration(wrong)).toContain("allowed is");
});

test("mixes", () => {
  expect(parseMix("upload=1,download=4")).toEqual([
    { kind: "upload", weight: 1 },
    { kind: "download", weight: 4 },
  ]);
  expect(parseMix("query")).toEqual([{ kind: "query", weight: 1 }]);
  for (const wrong of ["", "mixed=1", "upload=0", "upload=x", "upload=1=2"])
    expect(parseMix(wrong)).toContain("allowed is");
  expect(parseMix("upload=1,upload=2")).toContain("names upload twice");
});

test("process ids", () => {
  expect(parsePids("12,34")).toEqual([12, 34]);
  for (const wrong of ["", "0", "a", "1,", "-5"]) expect(parsePids(wrong)).toContain("allowed is");
});
