// The file of a peer's mark: read once, replaced as a whole, never two at a time.

import { join } from "node:path";
import { readTextFile, replaceFile } from "../../disk/atomic-file.ts";
import { formatMark, type Mark, parseMark } from "./mark.ts";

export class MarkFile {
  readonly path: string;
  #saved: Mark | null = null;
  #last: Promise<void> = Promise.resolve();
  #isSaving = false;

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

  /** True while the disk has not taken the last one. */
  get isSaving(): boolean {
    return this.#isSaving;
  }

  /** Replaces the file without holding up the thread, after what is being saved already. */
  save(mark: Mark): Promise<void> {
    if (mark === this.#saved) return this.#last;
    this.#saved = mark;
    const save = async (): Promise<void> => {
      this.#isSaving = true;
      try {
        await replaceFile(this.path, formatMark(mark));
      } finally {
        this.#isSaving = false;
      }
    };
    this.#last = this.#last.catch(() => {}).then(save);
    return this.#last;
  }
}
