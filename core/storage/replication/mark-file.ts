// The file of a peer's mark: read once, replaced as a whole, never two at a time.

import { join } from "node:path";
import { readTextFile, replaceFile, writeFileAtomically } from "../../disk/atomic-file.ts";
import { formatMark, type Mark, parseMark } from "./mark.ts";

export class MarkFile {
  readonly path: string;
  #saved: Mark | null = null;

  constructor(folder: string, name: string) {
    this.path = join(folder, name);
  }

  /** What the file holds as far as this process knows. */
  get saved(): Mark | null {
    return this.#saved;
  }

  /** Null when there is none; throws a sentence when it cannot be used. */
  load(): Mark | null {
    const text = readTextFile(this.path);
    this.#saved = text === null ? null : parseMark(text, this.path);
    return this.#saved;
  }

  /** Replaces the file without holding up the thread; one call at a time. */
  async save(mark: Mark): Promise<void> {
    this.#saved = mark;
    await replaceFile(this.path, formatMark(mark));
  }

  /** The same at once, at the end. */
  saveNow(mark: Mark | null): void {
    if (mark === null || mark === this.#saved) return;
    this.#saved = mark;
    writeFileAtomically(this.path, formatMark(mark));
  }
}
