// The course of a load as all its threads see it: warm-up, the counted part, the end. It stands in shared memory, so that
// whichever thread ends the decisive operation turns the page at that moment and notes time and CPU of both ends there.

import { type LoadPlan, operationLimit } from "./plan.ts";
import { cpuMicrosecondsOf, ownCpuMicroseconds } from "./usage.ts";

const Phase = { WARM_UP: 0, COUNTED: 1, ENDED: 2 } as const;

/** Cells of the shared numbers. */
const PHASE = 0;
const WARM_UP_LEFT = 1;
const COUNT_LEFT = 2;
const TURNS_LEFT = 3;
const NEXT_FILE = 4;
const CELLS = 5;

/** Notes at either end of the counted part: seconds of the system's clock, CPU microseconds of the target and of us. */
const NOTES = 3;

export interface Span {
  readonly seconds: number;
  /** Of the target's processes; NaN when one of them is gone. */
  readonly cpuMicroseconds: number;
  readonly ownCpuMicroseconds: number;
}

type CourseLimits = Pick<LoadPlan, "warmUp" | "extent" | "pids">;

export class Course {
  readonly #cells: Int32Array;
  readonly #notes: Float64Array;
  readonly #pids: readonly number[];
  readonly #warmsUpByCount: boolean;
  readonly #endsByCount: boolean;
  readonly #hasTurns: boolean;

  /** Of one thread; `memory` is what `createCourseMemory` made for all. */
  constructor(memory: SharedArrayBuffer, plan: LoadPlan) {
    const { warmUp, extent, pids }: CourseLimits = plan;
    this.#notes = new Float64Array(memory, 0, 2 * NOTES);
    this.#cells = new Int32Array(memory, this.#notes.byteLength, CELLS);
    this.#pids = pids;
    this.#warmsUpByCount = "operations" in warmUp;
    this.#endsByCount = "operations" in extent;
    this.#hasTurns = operationLimit(plan) !== null;
    // What the first look costs (finding the clock's unit) shall not fall into the counted part.
    this.#take();
  }

  get hasBegun(): boolean {
    return Atomics.load(this.#cells, PHASE) !== Phase.WARM_UP;
  }

  get hasEnded(): boolean {
    return Atomics.load(this.#cells, PHASE) === Phase.ENDED;
  }

  /** From warm-up to the counted part. */
  begin(): void {
    // Noted before the page turns: nobody may read the end's notes against missing ones of the beginning.
    const notes = this.#take();
    if (Atomics.compareExchange(this.#cells, PHASE, Phase.WARM_UP, Phase.COUNTED) === Phase.WARM_UP) {
      this.#notes.set(notes, 0);
    }
  }

  /** From the counted part, or from an unfinished warm-up, to the end. */
  end(): void {
    if (Atomics.compareExchange(this.#cells, PHASE, Phase.COUNTED, Phase.ENDED) === Phase.COUNTED) {
      this.#notes.set(this.#take(), NOTES);
    } else Atomics.store(this.#cells, PHASE, Phase.ENDED);
  }

  /** An operation has ended, well or not: whether it counts. */
  completed(): boolean {
    if (Atomics.load(this.#cells, PHASE) === Phase.WARM_UP) {
      if (!this.#warmsUpByCount) return false;
      const left = Atomics.sub(this.#cells, WARM_UP_LEFT, 1);
      if (left === 1) this.begin();
      if (left >= 1) return false;
      // One too many for the warm-up: another thread is turning the page just now, and this one counts.
      while (Atomics.load(this.#cells, PHASE) === Phase.WARM_UP);
    }
    if (Atomics.load(this.#cells, PHASE) !== Phase.COUNTED) return false;
    if (!this.#endsByCount) return true;
    const left = Atomics.sub(this.#cells, COUNT_LEFT, 1);
    if (left === 1) this.end();
    return left >= 1;
  }

  /** Whether one more operation may start. */
  takeTurn(): boolean {
    if (Atomics.load(this.#cells, PHASE) === Phase.ENDED) return false;
    return !this.#hasTurns || Atomics.sub(this.#cells, TURNS_LEFT, 1) > 0;
  }

  /** The next of a row of files of which each is used once. */
  nextFile(): number {
    return Atomics.add(this.#cells, NEXT_FILE, 1);
  }

  /** The counted part; null when it has not begun. */
  span(): Span | null {
    const [from, fromCpu, fromOwn, until, untilCpu, untilOwn] = this.#notes;
    if (from === 0 || until === 0) return null;
    return { seconds: until! - from!, cpuMicroseconds: untilCpu! - fromCpu!, ownCpuMicroseconds: untilOwn! - fromOwn! };
  }

  #take(): [number, number, number] {
    // Each thread's performance.now() has its own zero; this clock is one for all.
    const [seconds, nanoseconds] = process.hrtime();
    return [seconds + nanoseconds / 1e9, cpuMicrosecondsOf(this.#pids), ownCpuMicroseconds()];
  }
}

export function createCourseMemory(plan: LoadPlan): SharedArrayBuffer {
  const notesBytes = 2 * NOTES * Float64Array.BYTES_PER_ELEMENT;
  const memory = new SharedArrayBuffer(notesBytes + CELLS * Int32Array.BYTES_PER_ELEMENT);
  const cells = new Int32Array(memory, notesBytes, CELLS);
  if ("operations" in plan.warmUp) cells[WARM_UP_LEFT] = plan.warmUp.operations;
  if ("operations" in plan.extent) cells[COUNT_LEFT] = plan.extent.operations;
  cells[TURNS_LEFT] = operationLimit(plan) ?? 0;
  return memory;
}
