// An index of duplicates in memory whose calls take a while, in an order that a seed decides, and fail when they are told
// to: before they are carried out, or after.

import {
  type DuplicateIndex,
  IndexError,
  type IndexKey,
  numberIn,
} from "../../../../../core/storage/duplicates/duplicate-index.ts";

export type Mishap = "none" | "refused" | "answer-lost";

const REFUSED = 111;
const TIMED_OUT = 110;

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
export const text = (value: Uint8Array): string => Buffer.from(value).toString("latin1");

export class MemoryIndex implements DuplicateIndex {
  readonly entries = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  /** Asked before each call. */
  mishap: (call: string) => Mishap = () => "none";
  /** Awaited before and after each call. */
  pause: () => Promise<void> = () => Promise.resolve();

  get(objectId: Uint8Array, key: IndexKey): Promise<Uint8Array | null> {
    return this.#call("GET", objectId, key, (entry) => this.entries.get(entry) ?? null);
  }

  async set(objectId: Uint8Array, key: IndexKey, value: Uint8Array): Promise<void> {
    await this.#call("SET", objectId, key, (entry) => void this.entries.set(entry, value.slice()));
  }

  increment(objectId: Uint8Array, key: IndexKey, by: number): Promise<number> {
    return this.#call(by < 0 ? "INC-" : "INC+", objectId, key, (entry) => {
      const value = this.entries.get(entry);
      const sum = (value === undefined ? 0 : numberIn(value)) + by;
      this.entries.set(entry, bytes(String(sum)));
      return sum;
    });
  }

  remove(objectId: Uint8Array, key: IndexKey): Promise<boolean> {
    return this.#call("DEL", objectId, key, (entry) => this.entries.delete(entry));
  }

  close(): void {}

  /** The value of an entry as text; undefined when it is missing. */
  value(objectId: string | Uint8Array, key: IndexKey): string | undefined {
    const found = this.entries.get(`${typeof objectId === "string" ? objectId : text(objectId)}|${key}`);
    return found === undefined ? undefined : text(found);
  }

  async #call<T>(verb: string, objectId: Uint8Array, key: IndexKey, work: (entry: string) => T): Promise<T> {
    const entry = `${text(objectId)}|${key}`;
    const call = `${verb} ${key}`;
    this.calls.push(call);
    await this.pause();
    const mishap = this.mishap(call);
    if (mishap === "refused") throw new IndexError(`${call} refused`, REFUSED, false);
    const result = work(entry);
    await this.pause();
    if (mishap === "answer-lost") throw new IndexError(`${call}: no answer`, TIMED_OUT, true);
    return result;
  }
}
