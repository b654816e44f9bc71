// The file in which a worker keeps what it owes the index of duplicates, so that a crash or an index that is away does not
// make it forget. Lines are appended; when nothing is owed the file is emptied, when it has grown long it is written anew.

import { Buffer } from "node:buffer";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { readTextFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import { type FileRef, formatFileRef } from "./bookkeeping.ts";
import { type Debt, formatClosed, formatDebt, parseDebts } from "./debt-lines.ts";

/** Shorter ones are left alone. */
const EMPTY_FROM_BYTES = 64 * 1024;
const REWRITE_FROM_BYTES = 4 * 1024 * 1024;

/** All errors are the system's. Nothing is written before the first debt. */
export class DebtFile {
  readonly path: string;
  readonly #open: Map<string, Debt>;
  #fd = -1;
  #size: number;

  /** Reads what an earlier process left. */
  constructor(path: string) {
    this.path = path;
    const text = readTextFile(path) ?? "";
    this.#open = parseDebts(text);
    this.#size = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
  }

  /** Open debts, oldest first. */
  get debts(): readonly Debt[] {
    return [...this.#open.values()];
  }

  get count(): number {
    return this.#open.size;
  }

  /** Adds a debt, or brings the one of its link up to date. */
  note(debt: Debt): void {
    this.#append(formatDebt(debt));
    this.#open.set(formatFileRef(debt.link), debt);
  }

  /** The debt of this link is paid, or must not be paid again. */
  strike(link: FileRef): void {
    if (!this.#open.delete(formatFileRef(link))) return;
    this.#append(formatClosed(link));
    if (this.#open.size === 0 && this.#size > EMPTY_FROM_BYTES) {
      ftruncateSync(this.#fd, 0);
      this.#size = 0;
    } else if (this.#size > REWRITE_FROM_BYTES) this.#rewrite();
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #append(line: string): void {
    if (this.#fd < 0) {
      this.#fd = openSync(this.path, "a", 0o644);
      // A crash may have cut off the last line: the next one must not continue it.
      ftruncateSync(this.#fd, this.#size);
    }
    // Names are ASCII: characters are bytes.
    this.#size += writeSync(this.#fd, line);
  }

  #rewrite(): void {
    const text = this.debts.map(formatDebt).join("");
    // Many open debts are no reason to write them again and again.
    if (text.length > REWRITE_FROM_BYTES / 2) return;
    this.close();
    writeFileAtomically(this.path, text);
    this.#size = text.length;
  }
}
