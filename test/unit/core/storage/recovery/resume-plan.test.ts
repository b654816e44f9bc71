// What start-up does about a recovery: the table of trunk-dedup-recovery.md §3.1 and §3.6.

import { expect, test } from "bun:test";
import { type Findings, resumptionOf } from "../../../../../core/storage/recovery/resume-plan.ts";

const plan = (changes: Partial<Findings>) =>
  resumptionOf({ flag: null, isEmptied: false, hadFiles: true, wantedThreads: 2, hasBinlog: () => true, ...changes });
const fetched = (threads: number) => ({ savedStatus: 5, isFetched: true, threads });

test("no flag", () => {
  expect(plan({})).toBe("nothing");
  expect(plan({ isEmptied: true })).toBe("begin");
  // A storage that was never filled, also one whose base path went with the disk, joins as a new one.
  expect(plan({ isEmptied: true, hadFiles: false })).toBe("nothing");
});
test("a flag counts whatever else is found", () => {
  expect(plan({ flag: { savedStatus: 99, isFetched: false, threads: -1 }, hadFiles: false })).toBe("fetch");
  expect(plan({ flag: fetched(2), hadFiles: false, isEmptied: true })).toBe("restore");
});
test("records there", () => {
  expect(plan({ flag: fetched(2) })).toBe("restore");
  expect(plan({ flag: fetched(1) })).toBe("dispatch");
  expect(plan({ flag: fetched(3), wantedThreads: 1 })).toBe("dispatch");
});
test("records missing", () => {
  expect(plan({ flag: fetched(2), hasBinlog: (thread) => thread === 0 })).toBe("fetch");
  expect(plan({ flag: fetched(0) })).toBe("fetch");
});
