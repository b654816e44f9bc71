// What a client knows of every file it stored: the content and metadata that were acknowledged, or, after an answer was
// lost, the two outcomes that are possible.

import type { Random } from "./random.ts";

/** A file as it should be found; content null: it does not exist. */
export interface FileState {
  readonly content: Buffer | null;
  readonly metadata: ReadonlyMap<string, string>;
}

export type StoredKind = "normal" | "appender" | "slave" | "link";

export interface StoredFile {
  readonly id: string;
  readonly kind: StoredKind;
  /** One, or two when it is not known whether the last operation was carried out. */
  outcomes: readonly FileState[];
  /** An operation is under way: the next one waits. */
  isBusy: boolean;
  /** Others depend on it (links): it is not deleted. */
  isPinned: boolean;
  /** Operations acknowledged, for messages. */
  readonly history: string[];
}

export const GONE: FileState = { content: null, metadata: new Map() };

export class Model {
  readonly files: StoredFile[] = [];
  readonly #byId = new Map<string, StoredFile>();
  /** Files that may be changed, by kind; those with a lost answer are left alone. */
  readonly #usable: Record<StoredKind, StoredFile[]> = { normal: [], appender: [], slave: [], link: [] };

  add(id: string, kind: StoredKind, state: FileState, operation: string): StoredFile {
    if (this.#byId.has(id)) throw new Error(`${id} was given twice: a name must never be used again`);
    const file: StoredFile = {
      id,
      kind,
      outcomes: [state],
      isBusy: false,
      isPinned: false,
      history: [operation],
    };
    this.files.push(file);
    this.#byId.set(id, file);
    this.#usable[kind].push(file);
    return file;
  }

  /** A file with both outcomes from the start: a slave whose upload was not answered. */
  addUncertain(id: string, kind: StoredKind, state: FileState, operation: string): void {
    if (this.#byId.has(id)) return;
    const file = this.add(id, kind, state, `${operation}?`);
    file.outcomes = [state, GONE];
    this.#retire(file);
  }

  find(id: string): StoredFile | undefined {
    return this.#byId.get(id);
  }

  /** Some file of one of the kinds that nobody works on; undefined when a few tries find none. */
  idle(random: Random, kinds: readonly StoredKind[]): StoredFile | undefined {
    for (let attempt = 0; attempt < 20; attempt++) {
      const kind = random.pick(kinds);
      const file = kind === undefined ? undefined : random.pick(this.#usable[kind]);
      if (file !== undefined && !file.isBusy) return file;
    }
    return undefined;
  }

  acknowledged(file: StoredFile, state: FileState, operation: string): void {
    file.outcomes = [state];
    file.history.push(operation);
    if (state.content === null) this.#retire(file);
  }

  /** The answer was lost. */
  uncertain(file: StoredFile, state: FileState, operation: string): void {
    file.outcomes = [...file.outcomes, state];
    file.history.push(`${operation}?`);
    this.#retire(file);
  }

  #retire(file: StoredFile): void {
    const list = this.#usable[file.kind];
    const at = list.indexOf(file);
    if (at < 0) return;
    list[at] = list.at(-1)!;
    list.pop();
  }
}
