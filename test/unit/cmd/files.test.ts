// findFiles on a small folder made for the test.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFiles } from "../../../cmd/files.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "photos/old"), { recursive: true });
for (const name of ["photos/b.jpg", "photos/a.jpg", "photos/old/c.jpg", "odd[1].txt"]) {
  writeFileSync(join(folder, name), name);
}

async function names(...words: string[]): Promise<string[]> {
  return (await findFiles(words, folder)).map((file) => (file.kind === "failed" ? file.message : file.name));
}

test("words keep their order, matches of a pattern are sorted", async () => {
  expect(await names("-", "photos/*.jpg", "odd[1].txt")).toEqual(["-", "photos/a.jpg", "photos/b.jpg", "odd[1].txt"]);
});
test("** goes into folders and gives files only", async () => {
  expect(await names("photos/**")).toEqual(["photos/a.jpg", "photos/b.jpg", "photos/old/c.jpg"]);
});
test("an existing file with pattern characters is that file", async () => {
  expect(await findFiles(["odd[1].txt"], folder)).toMatchObject([{ kind: "file", size: 10 }]);
});
test("what is not there says so", async () => {
  expect(await names("no.txt", "*.zip", "photos", "/dev/null")).toEqual([
    "Cannot upload no.txt: there is no such file",
    "Cannot upload *.zip: no file matches the pattern",
    "Cannot upload photos: it is a folder; name its files or give 'photos/**'",
    "Cannot upload /dev/null: it is no regular file",
  ]);
});
