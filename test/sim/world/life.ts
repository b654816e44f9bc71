// One run of a simulated process, from its start to its death. Whatever waits when it dies waits for ever; a crash can be
// ordered for one of its next steps.

import type { Happening, Scheduler } from "./scheduler.ts";

/** Unwinds what a process was doing when it died. */
export class Died extends Error {}

export class Life {
  readonly node: string;
  readonly #scheduler: Scheduler;
  readonly #atDeath: (() => void)[] = [];
  #stepsLeft = Number.POSITIVE_INFINITY;
  isAlive = true;

  constructor(node: string, scheduler: Scheduler) {
    this.node = node;
    this.#scheduler = scheduler;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** As the scheduler's, if it is still alive then. */
  after(ms: number, run: Happening): void {
    this.#scheduler.after(ms, () => this.isAlive && run());
  }

  /** Between two things that a process does one after another: it may die here. */
  step(): void {
    if (!this.isAlive) throw new Died();
    if (--this.#stepsLeft >= 0) return;
    this.die();
    throw new Died();
  }

  /** Dies after so many more steps. */
  doom(steps: number): void {
    this.#stepsLeft = steps;
  }

  onDeath(run: () => void): void {
    this.#atDeath.push(run);
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const run of this.#atDeath) run();
  }
}

export const never = <T>(): Promise<T> => new Promise(() => {});
