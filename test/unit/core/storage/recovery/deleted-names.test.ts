// Deletions that the own binlog knows of.

import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { readDeletedNames } from "../../../../../core/storage/recovery/deleted-names.ts";
import { makeFolder, writeFiles } from "../binlog/folder.ts";
import { nameOf, TIME } from "./names.ts";

test("the last word of the binlog counts", async () => {
  const folder = makeFolder();
  const metadata = `${nameOf(1)}-m`;
  writeFiles(
    folder,
    [`${TIME} C ${nameOf(1)}`, `${TIME + 5} D ${nameOf(1)}`, `${TIME} c ${nameOf(2)}`],
    [
      `${TIME + 9} d ${nameOf(2)}`,
      `${TIME + 2} D ${nameOf(3)}`,
      `${TIME + 3} R ${nameOf(4)} ${nameOf(5)}`,
      `${TIME + 4} D ${metadata}`,
      `${TIME} D ${nameOf(6)}-m`,
      `${TIME + 1} C ${nameOf(6)}-m`,
      "broken line",
    ],
  );
  const deleted = await readDeletedNames(folder);
  expect([1, 2, 3, 5].map((serial) => deleted.has(nameOf(serial), TIME + 100))).toEqual([true, true, true, true]);
  expect(deleted.has(nameOf(4), TIME)).toBeFalse();
  // A name that can be used again has come back when it is younger than its deletion.
  expect(deleted.has(metadata, TIME + 4)).toBeTrue();
  expect(deleted.has(metadata, TIME + 5)).toBeFalse();
  expect(deleted.has(`${nameOf(6)}-m`, TIME)).toBeFalse();
  rmSync(folder, { recursive: true });
});

test("without a binlog nothing is known", async () => {
  const folder = makeFolder();
  expect((await readDeletedNames(folder)).has(nameOf(1), 0)).toBeFalse();
  rmSync(folder, { recursive: true });
});
