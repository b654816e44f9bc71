// What a storage that lost a store path is told of this one's binlog (trunk-dedup-recovery.md §3.3): record by record
// whether it concerns the path and still is true. Pure but for the look at the file, which is handed in.

import { readFileName } from "../../fileid/file-id.ts";
import { parseLogicName } from "../../fileid/logic-name.ts";
import { trunkSlotOf } from "../../fileid/trunk-slot.ts";
import { type BinlogRecord, formatRecord, isOwn, Op, upperOf } from "../binlog/record.ts";
import { isReusable } from "../replication/judge.ts";

/** What stands under a name. A link's `target` is a logic name, null when that does not exist or lies outside. */
export type StoredThing =
  | { readonly kind: "file"; readonly size: number; readonly modifiedAt: number }
  | { readonly kind: "link"; readonly target: string | null };

export interface PathQuestion {
  readonly storePathIndex: number;
  readonly storePathCount: number;
}

/**
 * The line to send, with its line end; null: none. `look` is asked for names outside of trunk files only. Empty files are
 * not told of: every storage refuses to send one (22), and a C storage that recovers asks for it again and again for ever.
 * Ours find them in the list of files.
 */
export function lineForRecovery(
  record: BinlogRecord,
  { storePathIndex, storePathCount }: PathQuestion,
  look: (truePath: string) => StoredThing | null,
): string | null {
  const kind = upperOf(record.op);
  if (kind !== Op.CREATE && kind !== Op.LINK && kind !== Op.RENAME) return null;
  const { name, timestamp } = record;
  const parsed = parse(name, storePathCount);
  if (parsed === null || parsed.storePathIndex !== storePathIndex) return null;
  const [create, link] = isOwn(record.op) ? [Op.CREATE, Op.LINK] : [Op.SYNC_CREATE, Op.SYNC_LINK];
  if (trunkSlotOf(parsed.truePath) !== null) return formatRecord(timestamp, create, name);
  const found = look(parsed.truePath);
  if (found === null) return null;
  if (found.kind === "link") {
    return found.target === null ? null : formatRecord(timestamp, link, `${name} ${found.target}`);
  }
  if (found.size === 0) return null;
  return formatRecord(isFixed(name) ? timestamp : found.modifiedAt, create, name);
}

/** True when the content never changes: then the time of the record is that of the content, also on a disk that was copied. */
function isFixed(name: string): boolean {
  return !isReusable(name) && readFileName(name).kind !== "appender";
}

function parse(name: string, storePathCount: number): { storePathIndex: number; truePath: string } | null {
  try {
    return parseLogicName(name, storePathCount);
  } catch {
    return null;
  }
}
