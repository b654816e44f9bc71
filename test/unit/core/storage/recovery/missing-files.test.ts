// Comparing another storage's list with this disk.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { DeletedNames } from "../../../../../core/storage/recovery/deleted-names.ts";
import { recordOfMissing } from "../../../../../core/storage/recovery/missing-files.ts";
import { Disk } from "./folder.ts";
import { nameOf, TIME } from "./names.ts";

let disk: Disk;
const none: DeletedNames = { has: () => false, names: () => [] };
const missing = (line: string, deleted = none): string | null => recordOfMissing(line, disk.storePaths, deleted);
beforeAll(() => {
  disk = new Disk();
});
afterAll(() => disk.remove());

test("a file that is not here", () => {
  expect(missing(`${TIME} C ${nameOf(1)} 12`)).toBe(`${TIME} C ${nameOf(1)}`);
  expect(missing(`${TIME} C ${nameOf(1)} 12`, { has: (name) => name === nameOf(1), names: () => [] })).toBeNull();
});
test("a file that is here whole, and one that is not", () => {
  disk.put(nameOf(2), "0123456789ab", 5);
  expect(missing(`${TIME} C ${nameOf(2)} 12`)).toBeNull();
  disk.put(nameOf(3), "01", TIME + 5);
  expect(missing(`${TIME} C ${nameOf(3)} 12`)).toBe(`${TIME} C ${nameOf(3)}`);
  // The other one has lost a part: the name says 12 bytes.
  expect(missing(`${TIME} C ${nameOf(2)} 3`)).toBeNull();
});
test("of what can change the later one stays", () => {
  const appender = nameOf(4, { kind: "appender" });
  disk.put(appender, "longer", TIME);
  expect(missing(`${TIME - 1} C ${appender} 3`)).toBeNull();
  expect(missing(`${TIME + 1} C ${appender} 9`)).toBe(`${TIME + 1} C ${appender}`);
});
test("trunk files by their names on the disk, whatever their sizes", () => {
  expect(missing(`${TIME} C M00/00/01/000001 4194304`)).toBe(`${TIME} C M00/00/01/000001`);
  disk.put("M00/00/01/000001", "short");
  expect(missing(`${TIME} C M00/00/01/000001 4194304`)).toBeNull();
});
test("links", () => {
  expect(missing(`0 L ${nameOf(5)} ${nameOf(2)}`)).toBe(`0 L ${nameOf(5)} ${nameOf(2)}`);
  disk.link(nameOf(5), nameOf(2));
  expect(missing(`0 L ${nameOf(5)} ${nameOf(2)}`)).toBeNull();
});
test("lines that are none", () => {
  for (const line of [
    "",
    "x C y 3",
    `${TIME} C ${nameOf(9)}`,
    `${TIME} D ${nameOf(9)} 3`,
    `${TIME} C ../../x 3`,
    `1 C M00/00/00/../../etc 1`,
  ]) {
    expect(missing(line)).toBeNull();
  }
});
