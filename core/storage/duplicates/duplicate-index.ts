// What an index of duplicates offers, whoever keeps it: entries addressed by object id and key, as in FastDHT, the common
// denominator (trunk-dedup-recovery.md §2.3). Which entries storages keep there is bookkeeping.ts's business.

import { statusOfError } from "../../wire/status.ts";

/** The sub keys: the source of a content, the number of its links, the content of a link. */
export type IndexKey = "fid" | "ref" | "sig";

/** One namespace of an index. All calls reject with an IndexError. */
export interface DuplicateIndex {
  /** The value; null: there is no such entry. */
  get(objectId: Uint8Array, key: IndexKey): Promise<Uint8Array | null>;
  set(objectId: Uint8Array, key: IndexKey, value: Uint8Array): Promise<void>;
  /** Adds to a decimal number, a missing one is 0. Returns the sum. */
  increment(objectId: Uint8Array, key: IndexKey, by: number): Promise<number>;
  /** False when there was no such entry. */
  remove(objectId: Uint8Array, key: IndexKey): Promise<boolean>;
  /** Ends its connections; calls under way fail. */
  close(): void;
}

/** The index could not be asked, or did not do what it was asked. */
export class IndexError extends Error {
  override readonly name = "IndexError";
  /** Linux errno. */
  readonly status: number;
  /** The request was on its way when it failed: it may have been carried out. */
  readonly mayBeDone: boolean;

  constructor(message: string, status: number, mayBeDone: boolean, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.status = status;
    this.mayBeDone = mayBeDone;
  }

  static from(what: string, error: unknown, mayBeDone: boolean): IndexError {
    if (error instanceof IndexError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new IndexError(`${what}: ${reason}`, statusOfError(error), mayBeDone, error);
  }
}

/** The number in a value; IndexError when it is none. */
export function numberIn(value: Uint8Array): number {
  const text = String.fromCharCode(...value.subarray(0, 32));
  const number = /^ *-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new IndexError(`Cannot use the count '${text}': no number`, 22, false);
  return number;
}
