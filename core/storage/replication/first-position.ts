// Where a storage begins to serve a new member whose old files come from another one (storage.md §6.4).

import { BinlogReader } from "../binlog/binlog-reader.ts";
import { isBefore, type Position } from "./mark.ts";
import { isFirstAfter } from "./selection.ts";

/**
 * The first own record that belongs to the time after `untilTimestamp`, or what the source itself has not confirmed yet
 * (`behindSource`), whichever comes first; `end` when there is none.
 */
export async function firstPositionAfter(
  folder: string,
  untilTimestamp: number,
  behindSource: Position | null,
  end: Position,
): Promise<Position> {
  const reader = new BinlogReader(folder, { index: 0, offset: 0 }, () => end.index);
  let before: Position = { index: 0, offset: 0 };
  try {
    for (;;) {
      const lines = await reader.read();
      if (lines.length === 0) return earlier(before, behindSource);
      for (const { record, index, offset } of lines) {
        if (typeof record !== "string" && isFirstAfter(untilTimestamp, record)) return earlier(before, behindSource);
        before = { index, offset };
      }
    }
  } finally {
    reader.close();
  }
}

function earlier(a: Position, b: Position | null): Position {
  return b !== null && isBefore(b, a) ? b : a;
}
