// The trunk binlog as this storage writes it while it is the trunk server (`BASE/data/trunk/binlog`): takes entries out of the
// shared journal and appends their lines, in order and whole, whichever thread comes first. Reading is replay.ts's business,
// renaming and sending role/'s.

import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { codedErrno } from "../io/errno.ts";
import { formatLine } from "./journal-line.ts";
import type { SharedTrunkSpace } from "./shared-space.ts";

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const ENTRIES_AT_ONCE = 4096;
const LINE_MAX = 128;
const LF = 0x0a;

export class TrunkJournalFile {
  readonly #space: SharedTrunkSpace;
  readonly #folder: string;
  readonly #path: string;
  #fd = -1;
  #generation = 0;

  /** `folder`: `BASE/data/trunk`. The file is opened by the first flush that has something to write. */
  constructor(space: SharedTrunkSpace, folder: string) {
    this.#space = space;
    this.#folder = folder;
    this.#path = join(folder, "binlog");
    space.onFull = () => this.flush();
  }

  /** Writes out all entries there are when it begins. Throws the system's error: nothing of what failed stays in the file, the entries stay. */
  flush(): void {
    const { journal } = this.#space;
    if (journal.isEmpty) return;
    this.#space.whileJournalLocked((generation) => {
      // Not until it is empty: the others go on, and one thread would write for all of them without end.
      for (let left = journal.length; left > 0; ) {
        const entries = journal.peek(Math.min(left, ENTRIES_AT_ONCE));
        left -= entries.length;
        let text = "";
        for (const { seconds, op, block } of entries) text += formatLine(seconds, op, block);
        this.#append(generation, Buffer.from(text, "latin1"));
        journal.advance(entries.length);
      }
    });
  }

  /** Bytes of the file; 0 when there is none. */
  get size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #append(generation: number, bytes: Uint8Array): void {
    const fd = this.#open(generation);
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = writeSync(fd, bytes, done);
        if (count === 0) throw codedErrno("ENOSPC", `nothing could be written to ${this.#path}`);
        done += count;
      }
    } catch (error) {
      if (done > 0) ftruncateSync(fd, fstatSync(fd).size - done);
      throw error;
    }
  }

  #open(generation: number): number {
    if (this.#fd >= 0 && this.#generation === generation) return this.#fd;
    this.close();
    mkdirSync(this.#folder, { recursive: true, mode: DIRECTORY_MODE });
    const fd = openSync(this.#path, "a+", FILE_MODE);
    try {
      cutPartOfLine(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.#fd = fd;
    this.#generation = generation;
    return fd;
  }
}

/** Who died while writing may have left a part of a line: peers have not got it, and the entry is still in the journal. */
function cutPartOfLine(fd: number): void {
  const { size } = fstatSync(fd);
  const tail = new Uint8Array(Math.min(size, LINE_MAX));
  const length = readSync(fd, tail, 0, tail.length, size - tail.length);
  const end = tail.subarray(0, length).lastIndexOf(LF) + 1;
  if (end < length) ftruncateSync(fd, size - (length - end));
}
