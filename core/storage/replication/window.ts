// The part of the binlog that is under way to one peer. Records of different names travel side by side, those of one name
// in order; the position that may be saved is the one before which everything is confirmed. Pure: time comes in as a number.

import type { BinlogRecord } from "../binlog/record.ts";
import { isBefore, type Position } from "./mark.ts";

/** One record on its way. */
export interface Entry {
  readonly record: BinlogRecord;
  /** Where the next record begins. */
  end: Position;
  /** Failed attempts. */
  attempts: number;
  /** Rows read up to here since the window was made. */
  scannedRows: number;
  isDone: boolean;
  /** Entries of the same names that came before and are not done. */
  blockers: number;
  /** Entries that wait for this one. */
  readonly followers: Entry[];
  readonly names: readonly string[];
}

export class SendWindow {
  readonly #limit: number;
  /** In binlog order, from the oldest that is not confirmed. */
  #entries: Entry[] = [];
  #head = 0;
  readonly #ready: Entry[] = [];
  readonly #delayed: { readonly entry: Entry; readonly fromMs: number }[] = [];
  readonly #lastOf = new Map<string, Entry>();
  #committed: Position;
  #scannedRows = 0;
  #committedScanned = 0;
  #committedCopied = 0;

  /** `limit`: the most records that may be unconfirmed. */
  constructor(start: Position, limit: number) {
    this.#committed = start;
    this.#limit = limit;
  }

  /** Everything before it is confirmed. */
  get committed(): Position {
    return this.#committed;
  }

  /** Rows before `committed` since the window was made, and how many of them were sent. */
  get rows(): { readonly scanned: number; readonly copied: number } {
    return { scanned: this.#committedScanned, copied: this.#committedCopied };
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get hasRoom(): boolean {
    return this.size < this.#limit;
  }

  /** A record that the peer does not need. */
  skip(end: Position): void {
    this.#scannedRows++;
    const last = this.#entries.at(-1);
    if (this.size === 0 || last === undefined) {
      this.#committed = end;
      this.#committedScanned = this.#scannedRows;
      return;
    }
    last.end = end;
    last.scannedRows = this.#scannedRows;
  }

  /** A record that is to be sent; `names`: those it must not overtake others of. */
  add(record: BinlogRecord, names: readonly string[], end: Position): void {
    this.#scannedRows++;
    const entry: Entry = {
      record,
      end,
      attempts: 0,
      scannedRows: this.#scannedRows,
      isDone: false,
      blockers: 0,
      followers: [],
      names,
    };
    for (const name of names) {
      const before = this.#lastOf.get(name);
      if (before !== undefined) {
        before.followers.push(entry);
        entry.blockers++;
      }
      this.#lastOf.set(name, entry);
    }
    this.#entries.push(entry);
    if (entry.blockers === 0) this.#ready.push(entry);
  }

  /** The next record that may be sent now. */
  next(nowMs: number): Entry | undefined {
    const due = this.#delayed.findIndex(({ fromMs }) => fromMs <= nowMs);
    if (due >= 0) return this.#delayed.splice(due, 1)[0]!.entry;
    return this.#ready.shift();
  }

  /** When the next delayed record is due; null = none is delayed. */
  get nextDueMs(): number | null {
    return this.#delayed.length === 0 ? null : Math.min(...this.#delayed.map(({ fromMs }) => fromMs));
  }

  /** The connection broke: it is sent again, before the others. */
  giveBack(entry: Entry): void {
    this.#ready.unshift(entry);
  }

  /** It was refused: it is tried again later, those of its names wait. */
  delay(entry: Entry, fromMs: number): void {
    entry.attempts++;
    this.#delayed.push({ entry, fromMs });
  }

  /** The peer has it, does not need it, or it was set aside. */
  done(entry: Entry): void {
    entry.isDone = true;
    for (const name of entry.names) if (this.#lastOf.get(name) === entry) this.#lastOf.delete(name);
    for (const follower of entry.followers) if (--follower.blockers === 0) this.#ready.push(follower);
    while (this.#entries[this.#head]?.isDone === true) {
      const first = this.#entries[this.#head++]!;
      if (isBefore(this.#committed, first.end)) this.#committed = first.end;
      this.#committedScanned = first.scannedRows;
      this.#committedCopied++;
    }
    if (this.#head < this.#limit) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
