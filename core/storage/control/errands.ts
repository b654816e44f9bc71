// Questions and reports that must go over a storage's long connection to a tracker, because only a storage that has joined
// there is heard: whoever has one leaves it here, the reporter of that tracker runs it between its own.

import { pause } from "./pause.ts";
import type { TrackerLink } from "./tracker-link.ts";

interface Errand {
  run(link: TrackerLink): Promise<void>;
  /** The connection was lost, or it took too long. */
  fail(error: unknown): void;
}

export class Errands {
  /** By tracker. */
  readonly #waiting: Errand[][];
  readonly #wake: (AbortController | null)[];

  constructor(trackerCount: number) {
    this.#waiting = Array.from({ length: trackerCount }, () => []);
    this.#wake = new Array<null>(trackerCount).fill(null);
  }

  /** Runs `ask` on the tracker's connection; rejects with its failure, or after `patienceMs`. It may still run after that. */
  ask<T>(tracker: number, patienceMs: number, ask: (link: TrackerLink) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error("the tracker has not answered in time")), patienceMs);
    const errand: Errand = { run: async (link) => resolve(await ask(link)), fail: reject };
    this.#waiting[tracker]?.push(errand);
    this.#wake[tracker]?.abort();
    return promise.finally(() => {
      clearTimeout(timer);
      const waiting = this.#waiting[tracker] ?? [];
      const at = waiting.indexOf(errand);
      if (at >= 0) waiting.splice(at, 1);
    });
  }

  /** What waits for this tracker is done now. Rejects when the connection is of no use any more. */
  async runAll(tracker: number, link: TrackerLink): Promise<void> {
    for (;;) {
      const errand = this.#waiting[tracker]?.shift();
      if (errand === undefined) return;
      try {
        await errand.run(link);
      } catch (error) {
        errand.fail(error);
        if (!link.isUsable) throw error;
      }
    }
  }

  /** Waits for `ms`, less when an errand for this tracker comes. */
  async pause(tracker: number, ms: number, signal: AbortSignal): Promise<void> {
    if ((this.#waiting[tracker]?.length ?? 0) > 0) return;
    const wake = new AbortController();
    this.#wake[tracker] = wake;
    await pause(ms, AbortSignal.any([signal, wake.signal]));
    this.#wake[tracker] = null;
  }
}
