// What a source tells of its binlog (trunk-dedup-recovery.md §3.3).

import { describe, expect, test } from "bun:test";
import { parseRecord } from "../../../../../core/storage/binlog/record.ts";
import { lineForRecovery, type StoredThing } from "../../../../../core/storage/recovery/one-path-records.ts";
import { nameOf, TIME, TRUNK_1_AT_0, TRUNK_2_AT_0 } from "./names.ts";

const file = (size = 12, modifiedAt = 5): StoredThing => ({ kind: "file", size, modifiedAt });

function lineOf(line: string, found: StoredThing | null, storePathIndex = 0): string | null {
  const record = parseRecord(line);
  if (typeof record === "string") throw new Error(record);
  return lineForRecovery(record, { storePathIndex, storePathCount: 2 }, () => found);
}

describe("files", () => {
  const name = nameOf(1);
  test("as recorded, with the time of the record", () => {
    expect(lineOf(`${TIME} C ${name}`, file())).toBe(`${TIME} C ${name}\n`);
    expect(lineOf(`${TIME} c ${name}`, file())).toBe(`${TIME} c ${name}\n`);
  });
  test("a name that is not there any more, of another path, or that is only changed", () => {
    expect(lineOf(`${TIME} C ${name}`, null)).toBeNull();
    expect(lineOf(`${TIME} C ${name}`, file(), 1)).toBeNull();
    for (const op of ["D", "d", "U", "u"]) expect(lineOf(`${TIME} ${op} ${name}`, file())).toBeNull();
    expect(lineOf(`${TIME} A ${name} 0 5`, file())).toBeNull();
  });
  test("a rename creates the new name", () => {
    expect(lineOf(`${TIME} R ${name} ${nameOf(2)}`, file())).toBe(`${TIME} C ${name}\n`);
    expect(lineOf(`${TIME} r ${name} ${nameOf(2)}`, file())).toBe(`${TIME} c ${name}\n`);
  });
  test("what can change has the time of its last change: an older one must not win over it later", () => {
    for (const changing of [nameOf(3, { kind: "appender" }), `${name}-m`]) {
      expect(lineOf(`${TIME} C ${changing}`, file(12, TIME + 9))).toBe(`${TIME + 9} C ${changing}\n`);
    }
  });
  test("empty files are not told of: nobody sends them", () => {
    expect(lineOf(`${TIME} C ${name}`, file(0))).toBeNull();
  });
});

describe("links", () => {
  const [name, target] = [nameOf(1), nameOf(2)];
  test("what stands on the disk counts, not what was recorded", () => {
    const link: StoredThing = { kind: "link", target };
    expect(lineOf(`${TIME} C ${name}`, link)).toBe(`${TIME} L ${name} ${target}\n`);
    expect(lineOf(`${TIME} l ${name} ${nameOf(9)}`, link)).toBe(`${TIME} l ${name} ${target}\n`);
    expect(lineOf(`${TIME} L ${name} ${target}`, file())).toBe(`${TIME} C ${name}\n`);
  });
  test("one that leads nowhere", () => {
    expect(lineOf(`${TIME} L ${name} ${target}`, { kind: "link", target: null })).toBeNull();
  });
});

test("files inside trunk files: links too become creations, and nobody looks", () => {
  expect(lineOf(`${TIME} C ${TRUNK_1_AT_0}`, null)).toBe(`${TIME} C ${TRUNK_1_AT_0}\n`);
  expect(lineOf(`${TIME} l ${TRUNK_1_AT_0} ${TRUNK_1_AT_0}`, null)).toBe(`${TIME} c ${TRUNK_1_AT_0}\n`);
  expect(lineOf(`${TIME} C ${TRUNK_2_AT_0}`, null)).toBeNull();
});
