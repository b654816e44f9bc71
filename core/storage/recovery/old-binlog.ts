// What the binlog that is to be replaced still tells: which names have a record that every other storage has got, which
// records somebody still waits for, and who "we" are in file names. Pure; the records are handed in.

import { readFileName } from "../../fileid/file-id.ts";
import type { FileSource } from "../../fileid/packed-block.ts";
import { type BinlogOp, type BinlogRecord, isOwn, Op, upperOf } from "../binlog/record.ts";
import { isReusable } from "../replication/judge.ts";

/** The record that stands for a name: what it was made by, when, and for a link what it leads to. */
export interface KnownName {
  /** C, c, L or l. */
  readonly op: BinlogOp;
  readonly timestamp: number;
  readonly otherName: string;
}

export const sourceKey = (source: FileSource): string => (source.kind === "id" ? `id ${source.id}` : source.address);

export class OldBinlog {
  /** Names whose creation the other storages have confirmed. */
  readonly known = new Map<string, KnownName>();
  /** Lines that somebody waits for, in order, without line ends. */
  readonly tail: string[] = [];
  /** Sources in names of files that clients stored here. */
  readonly ownSources = new Set<string>();
  /** Names that a kept record makes: they need no other. */
  readonly madeInTail = new Set<string>();

  /** A record before the position that every other storage has reached. */
  confirmed(record: BinlogRecord): void {
    const { op, name, otherName, timestamp } = record;
    const kind = upperOf(op);
    this.#noteSource(record);
    if (kind === Op.DELETE) this.known.delete(name);
    else if (kind === Op.CREATE || kind === Op.LINK) this.known.set(name, { op, timestamp, otherName });
    else if (kind === Op.RENAME) {
      this.known.delete(otherName);
      this.known.set(name, { op: isOwn(op) ? Op.CREATE : Op.SYNC_CREATE, timestamp, otherName: "" });
    }
  }

  /** A record that some other storage has not confirmed; it is kept as it is. */
  waiting(record: BinlogRecord, line: string): void {
    this.tail.push(line);
    this.#noteSource(record);
    const kind = upperOf(record.op);
    if (kind === Op.CREATE || kind === Op.LINK || kind === Op.RENAME) this.madeInTail.add(record.name);
  }

  #noteSource({ op, name }: BinlogRecord): void {
    if (op !== Op.CREATE || isReusable(name)) return;
    this.ownSources.add(sourceKey(readFileName(name).source));
  }
}
