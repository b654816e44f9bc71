// The disk of a simulated storage: files, binlog, marks, notes of intents and the init flag. It survives its processes; a
// process that has died writes nothing any more.

import type { Intent } from "../../../core/storage/binlog/intents.ts";
import { type BinlogRecord, parseRecord } from "../../../core/storage/binlog/record.ts";
import {
  firstInitFlag,
  formatInitFlag,
  type InitFlag,
  parseInitFlag,
} from "../../../core/storage/control/init-flag.ts";
import type { Position } from "../../../core/storage/replication/mark.ts";
import type { Life } from "../world/life.ts";

/** A small size: positions of several binlog files occur. */
const ROTATE_BYTES = 3000;

export interface StoredFile {
  readonly content: string;
  /** Unix seconds. */
  readonly modifiedAt: number;
  /** Of a link: the logic name it points to. */
  readonly target: string | null;
}

export interface Line {
  readonly text: string;
  readonly record: BinlogRecord | string;
  readonly start: Position;
  /** Where the next line begins. */
  readonly end: Position;
}

export class Disk {
  readonly files = new Map<string, StoredFile>();
  readonly lines: Line[] = [];
  readonly marks = new Map<string, string>();
  readonly intents = new Set<Intent>();
  /** A line that a crash cut: start-up puts it aside. */
  torn = "";
  initFlag: string | null = null;
  /** Serial number for names. */
  created = 0;
  #end: Position = { index: 0, offset: 0 };

  get end(): Position {
    return this.#end;
  }

  append(text: string): void {
    for (const line of text.split("\n").slice(0, -1)) {
      if (this.#end.offset >= ROTATE_BYTES) this.#end = { index: this.#end.index + 1, offset: 0 };
      const start = this.#end;
      this.#end = { index: start.index, offset: start.offset + line.length + 1 };
      this.lines.push({ text: line, record: parseRecord(line), start, end: this.#end });
    }
  }

  /** Index of the first line that does not begin before the position. */
  lineAt(position: Position): number {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { start } = this.lines[middle]!;
      const isBefore =
        start.index < position.index || (start.index === position.index && start.offset < position.offset);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** `.data_init_flag` as the keeper of the sync source uses it. */
export class SimInitFlag {
  readonly #disk: Disk;
  readonly #life: Life;
  #flag: InitFlag;

  constructor(disk: Disk, life: Life, nowSeconds: number, port: number) {
    this.#disk = disk;
    this.#life = life;
    this.#flag =
      disk.initFlag === null ? firstInitFlag(nowSeconds, port, 1) : parseInitFlag(disk.initFlag, ".data_init_flag", 1);
  }

  get value(): InitFlag {
    return this.#flag;
  }

  update(changes: Partial<InitFlag>): void {
    if (!this.#life.isAlive) return;
    this.#flag = { ...this.#flag, ...changes };
    this.#disk.initFlag = formatInitFlag(this.#flag);
  }
}
