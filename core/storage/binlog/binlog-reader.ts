// Reads the binlog as a queue: whole lines from a position on, over the borders of files, also while workers append. Where
// a file has been compressed it is unpacked first (storage.md §6.8).

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { binlogPath } from "./binlog-files.ts";
import { unpackBinlog } from "./compression.ts";
import { type BinlogRecord, parseRecord } from "./record.ts";

const CHUNK_BYTES = 64 * 1024;
const LINE_END = 10;

export interface BinlogLine {
  /** A sentence instead of a record: the line cannot be used. */
  readonly record: BinlogRecord | string;
  readonly text: string;
  /** Where the next line begins. */
  readonly index: number;
  readonly offset: number;
}

export class BinlogReader {
  readonly #folder: string;
  /** The file that is being written; a reader never goes beyond it. */
  readonly #writtenIndex: () => number;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #index: number;
  #offset: number;
  #fd = -1;

  constructor(folder: string, start: { readonly index: number; readonly offset: number }, writtenIndex: () => number) {
    this.#folder = folder;
    this.#writtenIndex = writtenIndex;
    this.#index = start.index;
    this.#offset = start.offset;
  }

  get position(): { readonly index: number; readonly offset: number } {
    return { index: this.#index, offset: this.#offset };
  }

  /** The next whole lines, up to some hundred; none = the end. Throws the system's errors. */
  async read(): Promise<BinlogLine[]> {
    for (;;) {
      // Looked at before the file: what is appended to a finished file was there when the next one began.
      const isFinished = this.#index < this.#writtenIndex();
      if (!(await this.#open())) {
        if (!isFinished) return [];
        this.#next();
        continue;
      }
      const count = readSync(this.#fd, this.#chunk, 0, CHUNK_BYTES, this.#offset);
      const end = this.#chunk.subarray(0, count).lastIndexOf(LINE_END) + 1;
      if (end > 0) return this.#lines(end);
      if (count === CHUNK_BYTES) return [this.#overlong(count)];
      if (!isFinished) return [];
      this.#next();
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** False when there is no such file, packed or not. */
  async #open(): Promise<boolean> {
    if (this.#fd >= 0) return true;
    const path = binlogPath(this.#folder, this.#index);
    if (!existsSync(path) && !(await unpackBinlog(this.#folder, this.#index))) return false;
    this.#fd = openSync(path, "r");
    return true;
  }

  #next(): void {
    this.close();
    this.#index++;
    this.#offset = 0;
  }

  #lines(end: number): BinlogLine[] {
    const lines: BinlogLine[] = [];
    const text = new TextDecoder("latin1").decode(this.#chunk.subarray(0, end));
    for (let start = 0; start < end; ) {
      const stop = text.indexOf("\n", start);
      const line = text.slice(start, stop);
      start = stop + 1;
      lines.push({ record: parseRecord(line), text: line, index: this.#index, offset: this.#offset + start });
    }
    this.#offset += end;
    return lines;
  }

  /** Rubbish without a line end: skipped as one unusable line. */
  #overlong(count: number): BinlogLine {
    this.#offset += count;
    return { record: `${count} bytes without a line end`, text: "", index: this.#index, offset: this.#offset };
  }
}
