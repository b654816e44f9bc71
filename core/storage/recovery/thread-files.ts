// Writes the files of records that the fetchers work through: from what a source sent, or anew for another number of
// fetchers (trunk-dedup-recovery.md §3.3, §3.4). A crash at any moment leaves either the old files, or a flag that has
// everything fetched again.

import { renameSync, rmSync } from "node:fs";
import { LineWriter, linesOf } from "./line-file.ts";
import { RecordSplitter, readRecoveryRecord, threadOf } from "./record-split.ts";
import type { RecoveryFiles, RecoveryFlag } from "./recovery-files.ts";

/** Lines after which others have their turn. */
const LINES_A_TURN = 5000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Makes the first thread's file of the fetched lines; `keep` may leave lines out or change them. Returns how many lines were unusable. */
export async function splitFetched(
  files: RecoveryFiles,
  savedStatus: number,
  storePathCount: number,
  keep: (line: string) => string | null = (line) => line,
): Promise<number> {
  const splitter = new RecordSplitter(storePathCount);
  const writer = new LineWriter(`${files.binlogPath(0)}.tmp`);
  try {
    let count = 0;
    for (const { text } of linesOf(files.fetchedPath)) {
      const kept = keep(text);
      const line = kept === null ? null : splitter.take(kept);
      if (line !== null) writer.write(line);
      if (++count % LINES_A_TURN === 0) await turn();
    }
    for (const line of splitter.trunkLines()) writer.write(line);
    writer.finish();
  } finally {
    writer.discard();
  }
  files.own(writer.path);
  renameSync(writer.path, files.binlogPath(0));
  files.removeThreadFiles(1);
  files.writeMark(0, 0);
  files.writeFlag({ savedStatus, isFetched: true, threads: 1 });
  rmSync(files.fetchedPath, { force: true });
  return splitter.unusable;
}

/** Spreads what is not done yet over `threads` files. */
export async function dispatchRecords(
  files: RecoveryFiles,
  flag: RecoveryFlag,
  threads: number,
): Promise<RecoveryFlag> {
  const writers = Array.from({ length: threads }, (_, thread) => new LineWriter(`${files.binlogPath(thread)}.tmp`));
  try {
    let count = 0;
    for (let thread = 0; thread < flag.threads; thread++) {
      for (const { text } of linesOf(files.binlogPath(thread), files.readMark(thread))) {
        const record = readRecoveryRecord(text);
        writers[record === null ? 0 : threadOf(record, threads)]!.write(text);
        if (++count % LINES_A_TURN === 0) await turn();
      }
    }
    for (const writer of writers) writer.finish();
  } finally {
    for (const writer of writers) writer.discard();
  }
  // While some files are old and some new, neither the old nor the new number is right.
  files.writeFlag({ ...flag, isFetched: false });
  for (const [thread, writer] of writers.entries()) {
    files.own(writer.path);
    renameSync(writer.path, files.binlogPath(thread));
    files.writeMark(thread, 0);
  }
  files.removeThreadFiles(threads);
  const dispatched = { ...flag, isFetched: true, threads };
  files.writeFlag(dispatched);
  return dispatched;
}
