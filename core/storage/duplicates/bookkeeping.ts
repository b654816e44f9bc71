// What storages keep in an index of duplicates, byte for byte as C storages do (trunk-dedup-recovery.md §2.3-2.6), and the
// order of the steps. Ours is that of a count that may be too high after a failure, and then wastes space, but never too low:
// that would remove a content which links still need. Files are not touched here.

import { Buffer } from "node:buffer";
import { type DuplicateIndex, IndexError, numberIn } from "./duplicate-index.ts";

/** A file of any group by its logic name. */
export interface FileRef {
  readonly groupName: string;
  readonly fileName: string;
}

/** A link was not counted. */
export class LinkNotCounted extends Error {
  override readonly name = "LinkNotCounted";
  /** The count was raised: it must be lowered again. */
  readonly isRaised: boolean;

  constructor(cause: unknown, isRaised: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.isRaised = isRaised;
  }
}

/** A content was not announced. */
export class SourceNotRegistered extends Error {
  override readonly name = "SourceNotRegistered";
  /** Others may find it nevertheless: its file must go, or get another name. */
  readonly mayBeFound: boolean;

  constructor(cause: unknown, mayBeFound: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.mayBeFound = mayBeFound;
  }
}

const ONE = Uint8Array.of(0x31);

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** `group/logic name`, the object id of a file. */
export function formatFileRef({ groupName, fileName }: FileRef): string {
  return `${groupName}/${fileName}`;
}

/** null for a text that is none. */
export function parseFileRef(text: string): FileRef | null {
  const at = text.indexOf("/");
  return at <= 0 || at === text.length - 1 ? null : { groupName: text.slice(0, at), fileName: text.slice(at + 1) };
}

const objectOf = (file: FileRef): Uint8Array => bytesOf(formatFileRef(file));

/** Every method rejects with an IndexError when the index does not do its part, unless it says otherwise. */
export class Bookkeeping {
  readonly #index: DuplicateIndex;

  constructor(index: DuplicateIndex) {
    this.#index = index;
  }

  /** The file that holds the content; null: nobody has stored it yet, or the entry is unusable. */
  async findSource(signature: Uint8Array): Promise<FileRef | null> {
    const value = await this.#index.get(signature, "fid");
    return value === null ? null : parseFileRef(textOf(value));
  }

  /**
   * Announces a content that is stored as `source`, with its first link. The entry by which others find it comes last.
   * Rejects with a SourceNotRegistered.
   */
  async registerSource(signature: Uint8Array, source: FileRef, link: FileRef): Promise<void> {
    try {
      await this.#index.set(objectOf(source), "ref", ONE);
      await this.#index.set(objectOf(link), "sig", signature);
    } catch (error) {
      throw new SourceNotRegistered(error, false);
    }
    try {
      await this.#index.set(signature, "fid", objectOf(source));
    } catch (error) {
      throw new SourceNotRegistered(error, mayBeDone(error));
    }
  }

  /** Takes back what was announced of a file that does not exist. */
  async forgetSource(signature: Uint8Array, source: FileRef): Promise<void> {
    await this.#removeFid(signature, source);
    await this.#index.remove(objectOf(source), "ref");
  }

  /**
   * Counts a link before it is made. False: the content may be about to be removed by somebody else, no link may be made,
   * and the count must be lowered again. Rejects with a LinkNotCounted.
   */
  async countLink(signature: Uint8Array, source: FileRef): Promise<boolean> {
    try {
      await this.#index.increment(objectOf(source), "ref", 1);
    } catch (error) {
      throw new LinkNotCounted(error, false);
    }
    try {
      // Who removes a content takes its entry away first and then looks at the count: one of us sees the other. An entry that
      // leads to another file of the same content says nothing about this one.
      const value = await this.#index.get(signature, "fid");
      return value !== null && textOf(value) === formatFileRef(source);
    } catch (error) {
      throw new LinkNotCounted(error, true);
    }
  }

  /** Says which content a counted link has, so that its removal can be counted. Before anybody is told of the link. */
  async noteLink(signature: Uint8Array, link: FileRef): Promise<void> {
    await this.#index.set(objectOf(link), "sig", signature);
  }

  /**
   * First step of giving a link up: takes its entry away. Returns the signature when the count of `source` is to be lowered,
   * null when this link was not counted, or somebody else has given it up.
   */
  async takeLink(link: FileRef, source: FileRef): Promise<Uint8Array | null> {
    const signature = await this.#index.get(objectOf(link), "sig");
    if (signature === null) return null;
    const count = await this.#index.get(objectOf(source), "ref");
    const isTaken = await this.#index.remove(objectOf(link), "sig");
    return isTaken && count !== null ? signature : null;
  }

  /**
   * Second step: one link less. True when none is left. A rejection whose error `mayBeDone` must not be answered by a
   * second attempt.
   */
  async lowerCount(source: FileRef): Promise<boolean> {
    return (await this.#index.increment(objectOf(source), "ref", -1)) === 0;
  }

  /** Third step, when none is left: true when the content is nobody's and its file can be removed. May be repeated. */
  async retireSource(signature: Uint8Array, source: FileRef): Promise<boolean> {
    await this.#removeFid(signature, source);
    const count = await this.#index.get(objectOf(source), "ref");
    if (count !== null && numberIn(count) > 0) return false;
    await this.#index.remove(objectOf(source), "ref");
    return true;
  }

  close(): void {
    this.#index.close();
  }

  /** Of two uploads of the same content at once the later one's entry stands: it is not ours to remove. */
  async #removeFid(signature: Uint8Array, source: FileRef): Promise<void> {
    const value = await this.#index.get(signature, "fid");
    if (value !== null && textOf(value) === formatFileRef(source)) await this.#index.remove(signature, "fid");
  }
}

/** True when an operation may have been carried out although it failed. */
export function mayBeDone(error: unknown): boolean {
  return !(error instanceof IndexError) || error.mayBeDone;
}
