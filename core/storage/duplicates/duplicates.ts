// Equal files kept once, for one worker: its index, what it owes that, and whether it is worth asking. The operations that
// use it are service/upload-once.ts, counted-link.ts, delete.ts.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DuplicateIndexPlace, ServerAddress } from "../../../conf/index.ts";
import { Status } from "../../wire/status.ts";
import { Bookkeeping, type FileRef } from "./bookkeeping.ts";
import { DebtFile } from "./debt-file.ts";
import { type DuplicateIndex, IndexError } from "./duplicate-index.ts";
import { EmbeddedIndex } from "./embedded-index.ts";
import { FastdhtIndex } from "./fastdht-index.ts";
import { OwnerLink } from "./owner-link.ts";
import { Reachability } from "./reachability.ts";
import { RedisIndex } from "./redis-index.ts";
import { Settlement, type SettlementHelp } from "./settlement.ts";
import { type ContentSignature, newSignature, type SignatureMethod } from "./signature.ts";

/** Uploads wait no longer for an index, however patient the storage is with its peers. */
const CONNECT_MAX_MS = 2000;
const ANSWER_MAX_MS = 5000;

/** What a worker is told of it at its start. */
export interface DuplicatesConfig {
  readonly place: DuplicateIndexPlace;
  readonly method: SignatureMethod;
  readonly namespace: string;
  readonly trackers: readonly ServerAddress[];
  /** Addresses and port under which trackers know this storage. */
  readonly ownAddresses: readonly string[];
  readonly ownPort: number;
  readonly workerCount: number;
}

/** What is used of a worker's configuration. */
export interface DuplicatesSetting {
  readonly duplicates: DuplicatesConfig;
  readonly worker: number;
  readonly basePath: string;
  readonly buffSizeBytes: number;
  readonly durability: "process" | "power";
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  readonly localAddresses: readonly string[];
}

export class Duplicates {
  readonly books: Bookkeeping;
  readonly owners: OwnerLink;
  readonly reachability: Reachability;
  /** The index knows only what was stored here: deletions that come from another storage are ours to count. */
  readonly isOwnIndex: boolean;
  readonly #settlements: readonly Settlement[];
  readonly #settlement: Settlement;
  readonly #method: SignatureMethod;
  readonly #buffSizeBytes: number;
  readonly whileAlone: SettlementHelp["whileAlone"];

  constructor(setting: DuplicatesSetting, help: SettlementHelp) {
    const { duplicates } = setting;
    this.#method = duplicates.method;
    this.#buffSizeBytes = setting.buffSizeBytes;
    this.isOwnIndex = duplicates.place.kind === "embedded";
    this.books = new Bookkeeping(openIndex(setting));
    const connectTimeoutMs = Math.min(setting.connectTimeoutMs, CONNECT_MAX_MS);
    this.owners = new OwnerLink({ ...setting, ...duplicates, connectTimeoutMs });
    this.reachability = new Reachability(help.log);
    this.whileAlone = help.whileAlone;
    const files = debtFiles(setting);
    const summing: SettlementHelp = { ...help, owedChanged: () => help.owedChanged(this.#owed) };
    this.#settlements = files.map((path) => new Settlement(this.books, new DebtFile(path), summing));
    this.#settlement = this.#settlements[0]!;
    for (const settlement of this.#settlements) settlement.resume();
  }

  newSignature(): ContentSignature {
    return newSignature(this.#method, this.#buffSizeBytes);
  }

  /** Asks the index; notes whether it answers. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question();
      if (this.reachability.answered()) for (const settlement of this.#settlements) settlement.wake();
      return answer;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof IndexError ? error.cause : error;
      // A value that makes no sense is no reason to leave the index alone.
      if (!(cause instanceof IndexError) || cause.status !== Status.EINVAL) this.reachability.failed(cause);
      throw error;
    }
  }

  /** A link is about to be removed; `linkRemoved` follows. */
  linkGoes(link: FileRef, source: FileRef): void {
    this.#settlement.open(link, source);
  }

  /** The link does not exist any more, or was never made. */
  linkRemoved(link: FileRef, source: FileRef): void {
    this.#settlement.settle(link, source);
  }

  /** A count was raised for a link that was not made. */
  linkNotMade(source: FileRef, signature: Uint8Array): void {
    this.#settlement.settleCount(source, signature);
  }

  close(): void {
    for (const settlement of this.#settlements) settlement.close();
    this.books.close();
    this.owners.close();
  }

  get #owed(): number {
    return this.#settlements.reduce((sum, { count }) => sum + count, 0);
  }
}

function openIndex({ duplicates, ...setting }: DuplicatesSetting): DuplicateIndex {
  const { place, namespace } = duplicates;
  const connectTimeoutMs = Math.min(setting.connectTimeoutMs, CONNECT_MAX_MS);
  const networkTimeoutMs = Math.min(setting.networkTimeoutMs, ANSWER_MAX_MS);
  if (place.kind === "embedded") {
    return new EmbeddedIndex(
      join(setting.basePath, "data", "duplicates.db"),
      namespace,
      setting.durability === "power",
    );
  }
  if (place.kind === "redis") return new RedisIndex(place.server, namespace, { connectTimeoutMs, networkTimeoutMs });
  const { localAddresses } = setting;
  return new FastdhtIndex(namespace, { ...place, connectTimeoutMs, networkTimeoutMs, localAddresses });
}

/** This worker's file first. The first worker also takes over those of workers that are no more. */
function debtFiles({ basePath, worker, duplicates }: DuplicatesSetting): string[] {
  const folder = join(basePath, "data");
  const own = `duplicates.debts.${worker}`;
  const left = worker !== 0 ? [] : leftDebtFiles(folder, duplicates.workerCount);
  return [own, ...left].map((name) => join(folder, name));
}

function leftDebtFiles(folder: string, workerCount: number): string[] {
  return readdirSync(folder).filter((name) => {
    const number = /^duplicates\.debts\.(\d{1,3})$/.exec(name)?.[1];
    return number !== undefined && Number(number) >= workerCount;
  });
}
