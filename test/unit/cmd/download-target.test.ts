// Where downloads go, for every form of -o.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseTargets, partialPath, temporaryPath } from "../../../cmd/download-target.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-target-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "there"));

const a = "group1/M00/00/00/a.jpg";
const b = "group1/M00/00/01/b.jpg";
const paths = (ids: string[], output?: string): (string | null)[] =>
  chooseTargets(ids, output, folder).map((target) => target.path?.replace(`${folder}/`, "") ?? null);

test("without -o: the current folder, the last part of the ID", () =>
  expect(paths([a, b])).toEqual(["a.jpg", "b.jpg"]));
test("one ID into a file", () => expect(paths([a], "x.jpg")).toEqual(["x.jpg"]));
test("one ID into a folder that is there", () => expect(paths([a], "there")).toEqual(["there/a.jpg"]));
test("one ID into a folder named by its slash", () => expect(paths([a], "new/")).toEqual(["new/a.jpg"]));
test("several IDs into a folder", () => expect(paths([a, b], "new")).toEqual(["new/a.jpg", "new/b.jpg"]));
test("standard output", () => expect(paths([a], "-")).toEqual([null]));
test("several files into one are refused", () => {
  expect(() => paths([a, b], "-")).toThrow("Standard output (-o -) takes one file");
  expect(() => paths([a, a])).toThrow("Two files would be written to");
});
test("names of unfinished files stand beside the target", () => {
  expect(temporaryPath("/x/y.jpg", 3)).toBe(`/x/.y.jpg.${process.pid}-3.fdfs-part`);
  expect(partialPath("/x/y.jpg")).toBe("/x/y.jpg.fdfs-part");
});
