// How far the recovery of a store path is: counters that the fetchers move, and the report made of them.

import type { RecoveryReport } from "../../wire/own-commands.ts";

export type Phase = RecoveryReport["phase"];

export class Progress {
  readonly #storePathIndex: number;
  readonly #storePath: string;
  readonly #since = Date.now();
  waitingPaths = 0;
  source = "";
  trouble = "";
  bytes = 0;
  /** Restored files and links since the start. */
  restored = 0;
  /** Gone at the source, or known to be deleted. */
  missing = 0;
  /** There already. */
  present = 0;
  /** Records that could not be acted on, files that no source would give. */
  failed = 0;
  #phase: Phase = "asking";
  #total = 0;
  #done = 0;
  #phaseSince = Date.now();
  #doneBefore = 0;

  constructor(storePathIndex: number, storePath: string) {
    this.#storePathIndex = storePathIndex;
    this.#storePath = storePath;
  }

  /** Of `total` records `done` were done by an earlier process. */
  enter(phase: Phase, total = 0, done = 0): void {
    this.#phase = phase;
    this.#total = total;
    this.#done = done;
    this.#doneBefore = done;
    this.#phaseSince = Date.now();
  }

  recordDone(): void {
    this.#done++;
  }

  get seconds(): number {
    return (Date.now() - this.#since) / 1000;
  }

  report(nowMs = Date.now()): RecoveryReport {
    const now = this.#done - this.#doneBefore;
    const perRecord = now === 0 ? null : (nowMs - this.#phaseSince) / now;
    const left = this.#total - this.#done;
    return {
      storePathIndex: this.#storePathIndex,
      storePath: this.#storePath,
      phase: this.#phase,
      source: this.source,
      totalFiles: this.#total,
      doneFiles: this.#done,
      bytes: this.bytes,
      since: Math.floor(this.#since / 1000),
      etaSeconds: perRecord === null || this.#total === 0 ? null : Math.round((perRecord * left) / 1000),
      trouble: this.trouble,
      waitingPaths: this.waitingPaths,
    };
  }
}
