// Rules of what replicas take of each other: a table a message, and that two storages which hear the same changes of a name
// in different orders end with the same file.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileName } from "../../../../../core/fileid/file-id.ts";
import {
  type CopyVerdict,
  isReusable,
  judgeCopy,
  judgeDeletion,
  judgeLink,
  judgeRename,
  type LocalState,
  nextTimestamp,
} from "../../../../../core/storage/replication/judge.ts";
import {
  ORIGIN_OTHERS,
  ORIGIN_OWN,
  ORIGIN_UNKNOWN,
  type Version,
} from "../../../../../core/storage/scoreboard/versions.ts";
import { nameOf, slaveOf } from "./names.ts";

const unique = nameOf(10);
const metadata = `${unique}-m`;
const slave = slaveOf(unique);
const nothing: LocalState = { version: null, file: null };
const written = (timestamp: number, origin: number = ORIGIN_OTHERS): Version => ({
  timestamp,
  origin,
  isDeleted: false,
});
const deleted = (timestamp: number, origin: number = ORIGIN_OTHERS): Version => ({
  timestamp,
  origin,
  isDeleted: true,
});
const file = (modifiedAt: number, size: number): { modifiedAt: number; size: number } => ({ modifiedAt, size });

describe("names", () => {
  test.each([
    ["an uploaded file", unique, false],
    ["an appender", nameOf(10, "appender"), false],
    ["metadata", metadata, true],
    ["a slave", slave, true],
    ["metadata of a slave", `${slave}-m`, true],
    ["what we did not name", "M00/00/00/strange", true],
  ])("%s", (_, name, expected) => {
    expect(isReusable(name)).toBe(expected);
  });
});

describe("a copy under a name that is used once", () => {
  const at = { timestamp: 100, origin: ORIGIN_OTHERS, size: 10, isUpdate: false };
  test.each<[string, Partial<typeof at>, LocalState, CopyVerdict]>([
    ["nothing is here", {}, nothing, "take"],
    ["it is here", {}, { version: null, file: file(100, 10) }, "have"],
    ["half of it is here", {}, { version: null, file: file(100, 4) }, "take"],
    ["it is here and comes as an update", { isUpdate: true }, { version: null, file: file(100, 10) }, "take"],
    ["it was deleted before", {}, { version: deleted(50), file: null }, "have"],
    ["it was deleted by a clock behind", { timestamp: 900 }, { version: deleted(50), file: null }, "have"],
    ["it was deleted and comes as an update", { isUpdate: true }, { version: deleted(50), file: null }, "have"],
  ])("%s", (_, change, state, verdict) => {
    expect(judgeCopy(unique, { ...at, ...change }, state)).toBe(verdict);
  });
});

test("the creation of an appender that has come further here is not taken again", () => {
  const appender = nameOf(10, "appender");
  const change = { timestamp: 100, origin: ORIGIN_OTHERS, size: 4, isUpdate: false };
  expect(judgeCopy(appender, change, { version: null, file: file(101, 10) })).toBe("have");
  expect(judgeCopy(appender, change, { version: null, file: file(100, 10) })).toBe("take");
  expect(judgeCopy(appender, { ...change, isUpdate: true }, { version: null, file: file(101, 10) })).toBe("take");
});

describe("a copy under a name that can be used again", () => {
  const at = { timestamp: 100, origin: ORIGIN_OTHERS, size: 10, isUpdate: false };
  const other = ORIGIN_OTHERS + 1;
  test.each<[string, Partial<typeof at>, LocalState, CopyVerdict]>([
    ["nothing is here", {}, nothing, "take"],
    ["an older one is here", {}, { version: written(99), file: file(99, 10) }, "take"],
    ["a newer one is here", {}, { version: written(101), file: file(101, 3) }, "have"],
    ["the same from the same storage", {}, { version: written(100), file: file(100, 10) }, "have"],
    [
      "a later state of the same second from the same storage",
      {},
      { version: written(100), file: file(100, 3) },
      "have",
    ],
    ["an update from the same storage", { isUpdate: true }, { version: written(100), file: file(100, 10) }, "take"],
    ["one of the same second from elsewhere", {}, { version: written(100, other), file: file(100, 10) }, "compare"],
    [
      "one of the same second from a client here",
      {},
      { version: written(100, ORIGIN_OWN), file: file(100, 3) },
      "compare",
    ],
    [
      "its storage is not known",
      { origin: ORIGIN_UNKNOWN },
      { version: written(100, other), file: file(100, 10) },
      "have",
    ],
    ["deleted later", {}, { version: deleted(101), file: null }, "have"],
    ["deleted before", {}, { version: deleted(99), file: null }, "take"],
    ["deleted in the same second by the same storage", {}, { version: deleted(100), file: null }, "take"],
    ["deleted in the same second elsewhere", {}, { version: deleted(100, other), file: null }, "have"],
  ])("%s", (_, change, state, verdict) => {
    expect(judgeCopy(slave, { ...at, ...change }, state)).toBe(verdict);
    expect(judgeCopy(metadata, { ...at, ...change }, state)).toBe(verdict);
  });
});

describe("a deletion", () => {
  const at = { timestamp: 100, origin: ORIGIN_OTHERS };
  test.each<[string, string, LocalState, boolean]>([
    ["of nothing", unique, nothing, true],
    ["of a file", unique, { version: null, file: file(50, 10) }, true],
    ["of a file of a clock ahead", unique, { version: null, file: file(500, 10) }, true],
    ["of older metadata", metadata, { version: written(99), file: file(99, 3) }, true],
    ["of metadata of the same second", metadata, { version: written(100), file: file(100, 3) }, true],
    ["of metadata that was written again since", metadata, { version: written(103), file: file(103, 3) }, false],
    ["of a slave that was uploaded again since", slave, { version: written(103), file: file(103, 3) }, false],
    ["by the slow clock of C, who made the file", slave, { version: written(101), file: file(101, 3) }, true],
    ["of what another wrote since", slave, { version: written(101, ORIGIN_OTHERS + 1), file: file(101, 3) }, false],
    ["of what nobody knows who wrote since", slave, { version: null, file: file(101, 3) }, false],
  ])("%s", (_, name, state, expected) => {
    expect(judgeDeletion(name, at, state)).toBe(expected);
  });
});

describe("a link", () => {
  const at = { timestamp: 100, origin: ORIGIN_OTHERS };
  test.each<[string, string, LocalState, boolean]>([
    ["that is new", unique, nothing, true],
    ["that is here", unique, { version: null, file: file(100, -1) }, false],
    ["that was deleted", unique, { version: deleted(50), file: null }, false],
    ["of a slave that was deleted before", slave, { version: deleted(99), file: null }, true],
    ["of a slave that was deleted later", slave, { version: deleted(101), file: null }, false],
  ])("%s", (_, name, state, expected) => {
    expect(judgeLink(name, at, state)).toBe(expected);
  });
});

test("a rename takes only the file that the new name speaks of", () => {
  const { crc32: crc } = readFileName(nameOf(10));
  expect(judgeRename(nameOf(10), { size: 10, crc })).toBe(true);
  expect(judgeRename(nameOf(10), { size: 9, crc })).toBe(false);
  expect(judgeRename(nameOf(10), { size: 10, crc: crc ^ 1 })).toBe(false);
  expect(judgeRename("M00/00/00/strange", { size: 9, crc })).toBe(true);
});

describe("the time of a client's change", () => {
  test.each<[string, LocalState, number]>([
    ["without anything before", nothing, 100],
    ["after an earlier change", { version: written(90), file: file(90, 1) }, 100],
    ["after a change of a clock ahead", { version: written(150), file: file(150, 1) }, 151],
    ["after a deletion by a clock ahead", { version: deleted(150), file: null }, 151],
    ["in the second of another storage's change", { version: written(100), file: file(100, 1) }, 101],
    ["in the second of an own change", { version: written(100, ORIGIN_OWN), file: file(100, 1) }, 100],
    ["in the second of an own deletion", { version: deleted(100, ORIGIN_OWN), file: null }, 101],
    ["after an own change that is ahead already", { version: written(150, ORIGIN_OWN), file: file(150, 1) }, 150],
    ["of a file whose version is forgotten", { version: null, file: file(150, 1) }, 151],
    ["of a file that is newer than its version", { version: written(90, ORIGIN_OWN), file: file(150, 1) }, 151],
  ])("%s", (_, state, expected) => {
    expect(nextTimestamp(100, ORIGIN_OWN, state)).toBe(expected);
  });
});

// ---- two storages that hear of the same changes ----

interface Change {
  readonly kind: "write" | "delete";
  readonly timestamp: number;
  /** The storage that a client asked; its changes are heard in their order. */
  readonly origin: number;
  readonly content: string;
}

/** A name on one storage, changed by what others send, as the services do it. */
class Replica {
  version: Version | null = null;
  file: { modifiedAt: number; size: number; content: string } | null = null;

  take({ kind, timestamp, origin, content }: Change): void {
    if (kind === "delete") {
      if (!judgeDeletion(metadata, { timestamp, origin }, this)) return;
      this.file = null;
      this.#note(timestamp, origin, true);
      return;
    }
    // What a storage sends is the file as it is there: never an update of the same size in this test.
    const verdict = judgeCopy(metadata, { timestamp, origin, size: content.length, isUpdate: true }, this);
    if (verdict === "have") return;
    if (verdict === "compare" && content <= this.file!.content) return;
    this.file = { modifiedAt: timestamp, size: content.length, content };
    this.#note(timestamp, origin, false);
  }

  #note(timestamp: number, origin: number, isDeleted: boolean): void {
    if (this.version === null || timestamp >= this.version.timestamp) this.version = { timestamp, origin, isDeleted };
  }
}

test("replicas that hear the same changes in different orders end alike", () => {
  const change = fc.record({
    kind: fc.constantFrom("write" as const, "delete" as const),
    timestamp: fc.integer({ min: 1, max: 4 }),
    origin: fc.constantFrom(ORIGIN_OTHERS, ORIGIN_OTHERS + 1, ORIGIN_OTHERS + 2),
    content: fc.constantFrom("a", "b", "c"),
  });
  // One change a second and storage: a storage's own changes of one second are settled by its order.
  const changes = fc.uniqueArray(change, {
    selector: ({ timestamp, origin }) => timestamp * 10 + origin,
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      changes.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        const [a, b] = [new Replica(), new Replica()];
        for (const each of inOwnOrder(list)) a.take(each);
        for (const each of inOwnOrder(shuffled)) b.take(each);
        expect(b.file?.content).toBe(a.file?.content as string);
      },
    ),
    { numRuns: 5000 },
  );
});

/** The given interleaving, with each storage's changes in the order of their times. */
function inOwnOrder(list: readonly Change[]): Change[] {
  const queues = new Map<number, Change[]>();
  for (const each of [...list].sort((a, b) => a.timestamp - b.timestamp)) {
    queues.set(each.origin, [...(queues.get(each.origin) ?? []), each]);
  }
  return list.map(({ origin }) => queues.get(origin)!.shift()!);
}
