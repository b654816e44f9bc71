// Files that are asked for again and again, kept ready for a moment: the whole answer of a small one, the open descriptor of
// a larger one. A worker keeps nothing longer than a second, so that what an administrator does to a file by hand shows
// soon; what this storage itself does to it shows in the name's epoch, which every change moves on (scoreboard). A file is
// kept only when it is asked for a second time: most are asked for once, and cost one look into a table.

import { readFileName } from "../../fileid/file-id.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { SharedFile } from "./shared-file.ts";

const LIFE_MS = 1000;
/** Up to this size the content is kept. */
export const KEPT_CONTENT_MAX = 32 * 1024;
const CONTENT_BYTES_MAX = 16 * 1024 * 1024;
const OPEN_FILES_MAX = 128;
/** Hashes of names that were asked for before; a newer name takes the place of an older one. */
const REMEMBERED_NAMES = 16_384;

/** An open file that answers of several connections may be reading. */
export class HotFile extends SharedFile {
  readonly size: number;

  constructor(fd: number, size: number) {
    super(fd);
    this.size = size;
  }
}

/** What is kept of a file: its answer, head included, or the file itself. */
export type Kept = Uint8Array | HotFile;

interface Entry {
  readonly name: string;
  readonly epoch: number;
  readonly kept: Kept;
}

export class HotFiles {
  readonly #scoreboard: Scoreboard;
  readonly #entries = new Map<string, Entry>();
  /** By the whole body of a request that was answered with what is kept. */
  readonly #answers = new Map<string, Entry>();
  readonly #remembered = new Int32Array(REMEMBERED_NAMES);
  readonly #timer: ReturnType<typeof setInterval>;
  #contentBytes = 0;
  #openFiles = 0;

  constructor(scoreboard: Scoreboard) {
    this.#scoreboard = scoreboard;
    this.#timer = setInterval(() => this.#clear(), LIFE_MS);
  }

  /** What is kept of the file of this name and still true, or null. */
  find(name: string): Kept | null {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.epoch !== this.#scoreboard.epochOf(name)) return null;
    return entry.kept;
  }

  /** The answer of the same request before, if it is still true: nothing of the request has to be read then. */
  findAnswer(request: string): { readonly name: string; readonly kept: Kept } | null {
    const entry = this.#answers.get(request);
    if (entry === undefined || entry.epoch !== this.#scoreboard.epochOf(entry.name)) return null;
    return entry;
  }

  /** This request was answered with all that is kept of the file. */
  noteAnswer(request: string, name: string): void {
    const entry = this.#entries.get(name);
    if (request !== "" && entry !== undefined) this.#answers.set(request, entry);
  }

  /** True when a file that was not found here is worth keeping. */
  wants(name: string): boolean {
    const hash = this.#scoreboard.hashOf(name);
    const at = (hash >>> 0) % REMEMBERED_NAMES;
    if (this.#remembered[at] === hash) return isUnchanging(name);
    this.#remembered[at] = hash;
    return false;
  }

  hasRoomFor(size: number): boolean {
    if (size > KEPT_CONTENT_MAX) return this.#openFiles < OPEN_FILES_MAX;
    return this.#contentBytes + size <= CONTENT_BYTES_MAX;
  }

  /** `epoch` is that of the name before the file was opened. */
  keep(name: string, epoch: number, kept: Kept): void {
    const old = this.#entries.get(name);
    if (old !== undefined) {
      this.#forget(old.kept);
      // One of them may lead to what was just forgotten.
      this.#answers.clear();
    }
    if (kept instanceof HotFile) this.#openFiles++;
    else this.#contentBytes += kept.length;
    this.#entries.set(name, { name, epoch, kept });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    if (this.#entries.size === 0) return;
    for (const { kept } of this.#entries.values()) this.#forget(kept);
    this.#entries.clear();
    this.#answers.clear();
  }

  #forget(kept: Kept): void {
    if (kept instanceof HotFile) {
      this.#openFiles--;
      kept.drop();
    } else this.#contentBytes -= kept.length;
  }
}

/** Uploaded once and never changed: no appender, no metadata, no name that is not ours. */
function isUnchanging(name: string): boolean {
  if (name.endsWith("-m")) return false;
  try {
    return readFileName(name).kind === "normal";
  } catch {
    return false;
  }
}
