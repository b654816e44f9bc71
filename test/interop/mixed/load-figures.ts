/**
 * What a load measured: operations acknowledged and failed by kind and phase, and how long the slowest took.
 */

interface PhaseFigures {
  acknowledged: number;
  slowestMs: number;
  readonly failures: string[];
}

export class LoadFigures {
  /** Answers that were wrong, in any phase. */
  readonly wrongAnswers: string[] = [];
  readonly byKind = new Map<string, number>();
  readonly #phases = new Map<string, PhaseFigures>();
  #phase = "";
  #underWay = 0;

  /** What follows is counted under this name. */
  enter(phase: string): void {
    this.#phase = phase;
  }

  /** Operations begun and not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  get acknowledged(): number {
    return [...this.byKind.values()].reduce((sum, count) => sum + count, 0);
  }

  phase(name: string): Readonly<PhaseFigures> {
    const known = this.#phases.get(name);
    if (known !== undefined) return known;
    const made: PhaseFigures = { acknowledged: 0, slowestMs: 0, failures: [] };
    this.#phases.set(name, made);
    return made;
  }

  /** Runs one operation; resolves with its value, or undefined when it failed. Counts in the phase it began in. */
  async time<T>(kind: string, run: () => Promise<T>): Promise<T | undefined> {
    const phase = this.phase(this.#phase) as PhaseFigures;
    const started = performance.now();
    this.#underWay++;
    try {
      const value = await run();
      phase.acknowledged++;
      this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
      return value;
    } catch (error) {
      phase.failures.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      this.#underWay--;
      phase.slowestMs = Math.max(phase.slowestMs, performance.now() - started);
    }
  }

  wrong(what: string): void {
    this.wrongAnswers.push(`${this.#phase}: ${what}`);
  }
}
