// The reader of the binlog and the window of what is under way, together: records go in at the far end, the confirmed
// position comes out at the near one.

import { type BinlogLine, BinlogReader } from "../binlog/binlog-reader.ts";
import { isBefore, type Mark, type Position } from "./mark.ts";
import { isForPeer, namesOf, type OldFiles } from "./selection.ts";
import { SendWindow } from "./window.ts";

const WINDOW_MAX = 2000;
const WINDOW_LOW = 500;

export class Pipe {
  readonly window: SendWindow;
  readonly #reader: BinlogReader;
  #isEndReached = false;
  #rows = { scanned: 0, copied: 0 };

  constructor(folder: string, start: Position, writtenIndex: () => number) {
    this.#reader = new BinlogReader(folder, start, writtenIndex);
    this.window = new SendWindow(start, WINDOW_MAX);
  }

  /** The end of the binlog was reached, and everything before it is confirmed. */
  get isAtEnd(): boolean {
    return this.#isEndReached && this.window.size === 0;
  }

  /** There is more to be read, and soon nothing more to be sent. */
  get isRunningLow(): boolean {
    return !this.#isEndReached && this.window.size < WINDOW_LOW;
  }

  /** True when the binlog has grown since it was read. */
  hasMore(end: Position): boolean {
    return isBefore(this.#reader.position, end);
  }

  /** Reads on while there is room; lines that are no records go to `complain`. */
  async fill(old: OldFiles, complain: (line: BinlogLine) => void): Promise<void> {
    while (this.window.hasRoom) {
      const lines = await this.#reader.read();
      this.#isEndReached = lines.length === 0;
      if (this.#isEndReached) return;
      for (const line of lines) {
        const end = { index: line.index, offset: line.offset };
        const { record } = line;
        if (typeof record === "string") complain(line);
        if (typeof record === "string" || !isForPeer(record, old)) this.window.skip(end);
        else this.window.add(record, namesOf(record), end);
      }
    }
  }

  /** The mark moved on to what is confirmed by now. */
  advance(mark: Mark): Mark {
    const { scanned, copied } = this.window.rows;
    const moved: Mark = {
      ...mark,
      position: this.window.committed,
      scannedRows: mark.scannedRows + scanned - this.#rows.scanned,
      copiedRows: mark.copiedRows + copied - this.#rows.copied,
    };
    if (scanned === this.#rows.scanned && copied === this.#rows.copied) return mark;
    this.#rows = { scanned, copied };
    return moved;
  }

  close(): void {
    this.#reader.close();
  }
}
