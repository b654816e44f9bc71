// What happened, for the reader of a failed run. Nothing is kept unless somebody wants to read it.

import type { Scheduler } from "./scheduler.ts";

export class Trace {
  readonly #lines: string[] | null;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler, isKept: boolean) {
    this.#scheduler = scheduler;
    this.#lines = isKept ? [] : null;
  }

  /** `text` is made only when it is kept. */
  note(who: string, text: () => string): void {
    this.#lines?.push(`${(this.#scheduler.nowMs / 1000).toFixed(3).padStart(8)} ${who.padEnd(8)} ${text()}`);
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }
}
