// What this storage knows to be deleted: a source that has not heard of a deletion yet must not bring the file back, because
// nobody would tell us of that deletion again. Taken from the end of the own binlog, which a lost store path leaves whole.

import { statSync } from "node:fs";
import { binlogPath, readBinlogIndex } from "../binlog/binlog-files.ts";
import { BinlogReader } from "../binlog/binlog-reader.ts";
import { Op, upperOf } from "../binlog/record.ts";
import { isReusable } from "../replication/judge.ts";

/** Some million records. */
const TAIL_BYTES = 64 * 1024 * 1024;

export interface DeletedNames {
  /** True when the file of that name and time (Unix seconds) is known to be gone. */
  has(name: string, timestamp: number): boolean;
  /** All of them. */
  names(): Iterable<string>;
}

/** Reads the end of the binlog in `folder`, `BASE/data/sync`; without one nothing is known. */
export async function readDeletedNames(folder: string): Promise<DeletedNames> {
  const deletedAt = new Map<string, number>();
  const { currentWrite } = readBinlogIndex(folder);
  const size = statSync(binlogPath(folder, currentWrite), { throwIfNoEntry: false })?.size ?? 0;
  const before =
    currentWrite === 0 ? undefined : statSync(binlogPath(folder, currentWrite - 1), { throwIfNoEntry: false });
  const start =
    size >= TAIL_BYTES || before === undefined
      ? { index: currentWrite, offset: Math.max(0, size - TAIL_BYTES) }
      : { index: currentWrite - 1, offset: Math.max(0, before.size + size - TAIL_BYTES) };
  const reader = new BinlogReader(folder, start, () => currentWrite);
  try {
    for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
      for (const { record } of lines) {
        if (typeof record === "string") continue;
        const { op, name, otherName, timestamp } = record;
        const kind = upperOf(op);
        if (kind === Op.DELETE) deletedAt.set(name, timestamp);
        else deletedAt.delete(name);
        if (kind === Op.RENAME) deletedAt.set(otherName, timestamp);
      }
      // Others have their turn: there may be a million lines.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    reader.close();
  }
  return {
    names: () => deletedAt.keys(),
    has(name, timestamp) {
      const deleted = deletedAt.get(name);
      // Clocks differ: the time of its deletion tells nothing of a name that is never used again.
      return deleted !== undefined && (!isReusable(name) || deleted >= timestamp);
    },
  };
}
