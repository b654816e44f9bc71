// The line of a storage that fills a lost store path again.

import { expect, test } from "bun:test";
import { recoveryLine, withRecoveryLines } from "../../../../cmd/render/recovery-text.ts";
import type { RecoveryReport } from "../../../../core/wire/own-commands.ts";

const report = (changes: Partial<RecoveryReport> = {}): RecoveryReport => ({
  storePathIndex: 0,
  storePath: "/data/p0",
  phase: "restoring",
  source: "10.0.0.2:23000",
  totalFiles: 20_000,
  doneFiles: 12_345,
  bytes: 50 * 1024 * 1024,
  since: 1,
  etaSeconds: 75,
  trouble: "",
  waitingPaths: 0,
  ...changes,
});

test("files", () => {
  expect(recoveryLine(report())).toBe(
    "recovering store_path0: 12,345 of 20,000 files, 61 %, 50 MB, from 10.0.0.2:23000, 1 minute 15 seconds to go",
  );
  expect(recoveryLine(report({ totalFiles: 0, doneFiles: 0, bytes: 0, source: "", etaSeconds: null }))).toBe(
    "recovering store_path0: 0 of 0 files, 100 %, 0 B",
  );
  expect(recoveryLine(report({ totalFiles: 1_234_567, doneFiles: 999, bytes: 1, etaSeconds: null }))).toBe(
    "recovering store_path0: 999 of 1,234,567 files, 0 %, 1 B, from 10.0.0.2:23000",
  );
});
test("before and behind them", () => {
  expect(recoveryLine(report({ phase: "asking", trouble: "no tracker answers", waitingPaths: 2 }))).toBe(
    "recovering store_path0: asking the trackers, then 2 more store paths (no tracker answers)",
  );
  expect(recoveryLine(report({ phase: "fetching", storePathIndex: 3, waitingPaths: 1 }))).toBe(
    "recovering store_path3: fetching the list of files from 10.0.0.2:23000, then 1 more store path",
  );
  expect(recoveryLine(report({ phase: "checking", totalFiles: 0 }))).toBe(
    "recovering store_path0: comparing with what 10.0.0.2:23000 has",
  );
});
test("in front of what the storage says of its copying", () => {
  const lines = withRecoveryLines(new Map([["group1/a", report({ phase: "asking" })]]), {
    ofGroup: () => ["head"],
    ofStorage: () => ["copies"],
  });
  expect(lines.ofGroup("group1")).toEqual(["head"]);
  expect(lines.ofStorage("group1", "a")).toEqual(["recovering store_path0: asking the trackers", "copies"]);
  expect(lines.ofStorage("group1", "b")).toEqual(["copies"]);
});
