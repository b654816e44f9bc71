// Start-up after a crash: changes that were made but not recorded get their records, so that the other storages hear of
// them. Nobody was told that these changes had succeeded; either outcome is right, but it must be the same everywhere.

import type { Intent } from "./intents.ts";
import { type BinlogRecord, formatRecord, Op, UNCONFIRMED } from "./record.ts";

/** What stands under a name now. */
export interface Found {
  readonly kind: "file" | "link" | "nothing";
  /** Unix seconds. */
  readonly modifiedAt: number;
  /** Of a link: the logic name it points to, "" when that is none of ours. */
  readonly target: string;
}

/**
 * The lines to be appended. `find` looks a name up on disk; `lastRecord` is the last one of a name in the binlog's end.
 * Pure but for what it is given.
 */
export function missingRecords(
  intents: readonly Intent[],
  find: (name: string) => Found,
  lastRecord: (name: string) => BinlogRecord | undefined,
  nowSeconds: number,
): string[] {
  const lines = new Map<string, string>();
  for (const intent of intents) {
    const line = missingRecord(intent, find, lastRecord(intent.name), nowSeconds);
    if (line !== null) lines.set(`${intent.op} ${intent.name}`, line);
  }
  return [...lines.values()];
}

function missingRecord(
  { op, name, otherName }: Intent,
  find: (name: string) => Found,
  last: BinlogRecord | undefined,
  now: number,
): string | null {
  const { kind, modifiedAt, target } = find(name);
  const isThere = kind !== "nothing";
  switch (op) {
    case Op.DELETE:
      // Later than what it deleted, also where that came from a clock ahead.
      if (isThere || last?.op === Op.DELETE) return null;
      return formatRecord(Math.max(now, (last?.timestamp ?? 0) + 1), Op.DELETE, name);
    case Op.CREATE:
      return !isThere || last?.op === Op.CREATE ? null : formatRecord(modifiedAt, Op.CREATE, name);
    case Op.LINK:
      return kind !== "link" || last?.op === Op.LINK ? null : formatRecord(now, Op.LINK, `${name} ${target}`.trimEnd());
    case Op.RENAME:
      if (!isThere || last?.op === Op.RENAME || find(otherName).kind !== "nothing") return null;
      return formatRecord(now, Op.RENAME, `${name} ${otherName}`);
    case Op.SYNC_CREATE:
    case Op.SYNC_LINK:
    case Op.SYNC_DELETE:
    case UNCONFIRMED:
      // The sender was not told either, and sends again. `find` has thrown away what was cut off.
      return null;
    default:
      // Changed in place: whether and how far cannot be told. The others get the file as it is.
      return isThere ? formatRecord(Math.max(modifiedAt, 1), Op.UPDATE, name) : null;
  }
}
