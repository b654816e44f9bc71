// The records that a recovery works through: which of the fetched lines are kept, in what order, and which fetcher gets
// which (trunk-dedup-recovery.md §3.4, §3.5). Pure.

import { LOGIC_PATH_SIZE, parseLogicName } from "../../fileid/logic-name.ts";
import { trunkSlotOf } from "../../fileid/trunk-slot.ts";
import { type BinlogRecord, Op, parseRecord, upperOf } from "../binlog/record.ts";

interface TrunkRecord {
  readonly line: string;
  /** `Mxx/HH/LL/` */
  readonly directories: string;
  readonly trunkFileId: number;
}

/** Takes fetched lines in order: normal records go on as they are, of those of one trunk file the first is kept for the end. */
export class RecordSplitter {
  readonly #trunks = new Map<string, TrunkRecord>();
  readonly #storePathCount: number;
  /** Lines that are no record of a creation or link, or whose name is none of ours. */
  unusable = 0;

  constructor(storePathCount: number) {
    this.#storePathCount = storePathCount;
  }

  /** The line, without its line end, when it comes next; null when it is kept for the end or cannot be used. */
  take(line: string): string | null {
    const record = readRecoveryRecord(line);
    const truePath = record === null ? null : truePathOf(record.name, this.#storePathCount);
    if (record === null || truePath === null) {
      this.unusable++;
      return null;
    }
    const slot = trunkSlotOf(truePath);
    if (slot === null) return line;
    const directories = record.name.slice(0, LOGIC_PATH_SIZE);
    const key = `${directories}${slot.trunkFileId}`;
    if (!this.#trunks.has(key)) this.#trunks.set(key, { line, directories, trunkFileId: slot.trunkFileId });
    return null;
  }

  /** One line for each trunk file, by directories and id. */
  trunkLines(): string[] {
    return [...this.#trunks.values()].sort(byPlace).map(({ line }) => line);
  }
}

function byPlace(a: TrunkRecord, b: TrunkRecord): number {
  if (a.directories !== b.directories) return a.directories < b.directories ? -1 : 1;
  return a.trunkFileId - b.trunkFileId;
}

function truePathOf(name: string, storePathCount: number): string | null {
  try {
    return parseLogicName(name, storePathCount).truePath;
  } catch {
    return null;
  }
}

/** A record that a recovery can act on, null for any other line. A link has to say what it leads to. */
export function readRecoveryRecord(line: string): BinlogRecord | null {
  const record = parseRecord(line);
  if (typeof record === "string") return null;
  const kind = upperOf(record.op);
  if (kind === Op.CREATE) return record;
  return kind === Op.LINK && record.otherName !== "" ? record : null;
}

/** The fetcher of a record: a link and its source go to the same one. */
export function threadOf(record: BinlogRecord, threads: number): number {
  return time33(record.otherName === "" ? record.name : record.otherName) % threads;
}

/** Hash of latin1 text, unsigned 32 bits (C: Time33Hash). */
export function time33(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 33) + text.charCodeAt(at)) | 0;
  return hash >>> 0;
}
