// Pays what a worker owes the index of duplicates: gives links up that are gone, lowers counts, removes contents that nobody
// links to any more. While the index is away it waits and tries again; each step is done at most once.

import type { NetLog } from "../../net/frame-protocol.ts";
import { type Bookkeeping, type FileRef, formatFileRef, mayBeDone } from "./bookkeeping.ts";
import type { DebtFile } from "./debt-file.ts";
import { type Debt, signatureFromHex, signatureToHex } from "./debt-lines.ts";

/** Debts that are paid at the same time. */
const LANES = 8;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** What files have to do with it. */
export interface SettlementHelp {
  /** True while the link is on this storage's disk. */
  linkExists(link: FileRef): boolean;
  /** Removes the file of a content that nobody links to, if it is here, and records that. */
  removeSource(source: FileRef): Promise<void>;
  /** Runs `work` while no other request of this storage deals with the same content. */
  whileAlone<T>(signatureHex: string, work: () => Promise<T>): Promise<T>;
  /** So many links are gone of which the index has not been told. */
  owedChanged(count: number): void;
  readonly log: NetLog;
}

export class Settlement {
  readonly #books: Bookkeeping;
  readonly #file: DebtFile;
  readonly #help: SettlementHelp;
  /** Debts whose turn has come, by link. */
  readonly #queue = new Map<string, Debt>();
  readonly #running = new Set<string>();
  #lanes = 0;
  #serial = 0;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(books: Bookkeeping, file: DebtFile, help: SettlementHelp) {
    this.#books = books;
    this.#file = file;
    this.#help = help;
  }

  /** Debts that are open. */
  get count(): number {
    return this.#file.count;
  }

  /** Goes on with what an earlier process left. */
  resume(): void {
    for (const debt of this.#file.debts) this.#enqueue(debt);
    this.#help.owedChanged(this.count);
  }

  /** Notes a link that is about to be removed; `settle` follows. */
  open(link: FileRef, source: FileRef): void {
    this.#noted({ step: "check", link, source, signature: "" });
  }

  /** The link does not exist any more, or was never made: what the index says of it is put right, now or later. */
  settle(link: FileRef, source: FileRef): void {
    this.#enqueue({ step: "check", link, source, signature: "" });
  }

  /** A count was raised for a link that does not exist. */
  settleCount(source: FileRef, signature: Uint8Array): void {
    // A debt goes by the name of its link: this one gets a name that no link has.
    const link = { groupName: source.groupName, fileName: `none-${Date.now().toString(36)}-${++this.#serial}` };
    this.#enqueue(this.#noted({ step: "decrement", link, source, signature: signatureToHex(signature) }));
  }

  /** The index has answered somebody: it is worth trying now. */
  wake(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    this.#advance();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#file.close();
  }

  #enqueue(debt: Debt): void {
    this.#queue.set(formatFileRef(debt.link), debt);
    this.#advance();
  }

  #advance(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    for (const [key, debt] of this.#queue) {
      if (this.#lanes >= LANES) return;
      if (this.#running.has(key)) continue;
      this.#queue.delete(key);
      this.#running.add(key);
      this.#lanes++;
      void this.#pay(debt).finally(() => {
        this.#lanes--;
        this.#running.delete(key);
        this.#advance();
      });
    }
  }

  async #pay(debt: Debt): Promise<void> {
    let current = debt;
    try {
      for (let next: Debt | null = debt; next !== null; next = await this.#step(current)) current = next;
      this.#strike(current.link);
      this.#retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (this.#isClosed) return;
      const failed = error instanceof StepFailure ? error.debt : current;
      this.#help.log.debug(`The index of duplicates still counts ${formatFileRef(failed.link)}: ${String(error)}`);
      this.#queue.set(formatFileRef(failed.link), failed);
      this.#retryLater();
    }
  }

  /** Does the debt's step; the debt that remains, or null when all is paid. */
  async #step(debt: Debt): Promise<Debt | null> {
    if (debt.step === "check") return this.#check(debt);
    return this.#help.whileAlone(debt.signature, () =>
      debt.step === "decrement" ? this.#decrement(debt) : this.#retire(debt),
    );
  }

  async #check(debt: Debt): Promise<Debt | null> {
    // The process ended before the link was removed, or after it was made.
    if (this.#help.linkExists(debt.link)) return null;
    const signature = await this.#books.takeLink(debt.link, debt.source);
    return signature === null ? null : { ...debt, step: "decrement", signature: signatureToHex(signature) };
  }

  async #decrement(debt: Debt): Promise<Debt | null> {
    // A crash in the middle must not make the next process subtract again.
    this.#strike(debt.link);
    try {
      const isLast = await this.#books.lowerCount(debt.source);
      return isLast ? this.#noted({ ...debt, step: "retire" }) : null;
    } catch (error) {
      if (!mayBeDone(error)) throw new StepFailure(this.#noted(debt), error);
      const source = formatFileRef(debt.source);
      this.#help.log.warn(
        `The count of links to ${source} may be one too high now, its space may stay used: ${String(error)}`,
      );
      return null;
    }
  }

  async #retire(debt: Debt): Promise<null> {
    const isUnused = await this.#books.retireSource(signatureFromHex(debt.signature), debt.source);
    if (isUnused) await this.#help.removeSource(debt.source);
    return null;
  }

  #retryLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#advance();
    }, this.#retryMs);
    this.#timer.unref?.();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  /** Keeping the file is a precaution: without it a debt is only forgotten at the end of the process. */
  #noted(debt: Debt): Debt {
    try {
      this.#file.note(debt);
    } catch (error) {
      this.#help.log.error(`Cannot write ${this.#file.path}: ${String(error)}`);
    }
    this.#help.owedChanged(this.count);
    return debt;
  }

  #strike(link: FileRef): void {
    try {
      this.#file.strike(link);
    } catch (error) {
      this.#help.log.error(`Cannot write ${this.#file.path}: ${String(error)}`);
    }
    this.#help.owedChanged(this.count);
  }
}

/** A step that changed the debt before it failed. */
class StepFailure extends Error {
  readonly debt: Debt;

  constructor(debt: Debt, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.debt = debt;
  }
}
