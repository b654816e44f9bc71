// The load of one thread: so many connections, each kept busy (closed loop) or given operations as they fall due (open
// loop). No promise and no closure an operation; one timer for what is due, late or to be tried again.

import type { Course } from "./course.ts";
import { FileList, type FileTableParts } from "./file-table.ts";
import { Lane, type LaneOwner } from "./lane.ts";
import { Pace } from "./pace.ts";
import type { LoadPlan, OperationKind } from "./plan.ts";
import { pickByWeight, Random } from "./random.ts";
import { ANSWER, ANY, createMaker, type RequestMaker } from "./requests.ts";
import { Tally, type TallyParts } from "./tally.ts";

const TICK_MS = 50;
/** How long operations that are under way at the end may take to end. */
const DRAIN_MS = 5000;
const CONNECT_TOGETHER = 64;

export interface ThreadResult {
  readonly tallies: Readonly<Partial<Record<OperationKind, TallyParts>>>;
  /** Names uploaded, warm-up included, without those deleted again; null when the plan does not ask for them. */
  readonly made: FileTableParts | null;
}

export class LoadThread implements LaneOwner {
  readonly target: LoadPlan["target"];
  readonly timeoutMs: number;
  readonly #plan: LoadPlan;
  readonly #course: Course;
  readonly #random: Random;
  readonly #lanes: Lane[];
  /** Waiting for the next operation to fall due. */
  readonly #idle: Lane[] = [];
  /** Waiting for the next tick, after a failure. */
  readonly #failed: Lane[] = [];
  readonly #weights: readonly number[];
  readonly #weight: number;
  readonly #makers: readonly RequestMaker[];
  readonly #tallies: Record<string, Tally> = {};
  readonly #made = new FileList();
  readonly #keepsNames: boolean;
  readonly #pace: Pace | null;
  /** Lanes that get no more operations. */
  #retired = 0;
  #endedAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastTick = 0;
  #finished: ((result: ThreadResult) => void) | undefined;

  constructor(plan: LoadPlan, course: Course, thread: number) {
    this.#plan = plan;
    this.#course = course;
    this.target = plan.target;
    this.timeoutMs = plan.timeoutMs;
    this.#random = new Random(plan.seed + thread * 7919);
    const help = { plan, course, random: this.#random, made: this.#made };
    this.#weights = plan.mix.map(({ weight }) => weight);
    this.#weight = this.#weights.reduce((sum, weight) => sum + weight, 0);
    this.#makers = plan.mix.map(({ kind }) => createMaker(kind, help));
    for (const { kind } of plan.mix) this.#tallies[kind] = new Tally();
    this.#keepsNames = plan.keepsNames || (plan.mix.length > 1 && plan.mix.some(({ kind }) => kind === "delete"));
    this.#pace = plan.ratePerSecond === null ? null : new Pace(plan.ratePerSecond, thread, plan.threads);
    this.#lanes = [];
    for (let index = thread; index < plan.connections; index += plan.threads) this.#lanes.push(new Lane(index, this));
  }

  /** Makes all connections that are kept; rejects with the sentence of the first failure. */
  async connect(): Promise<void> {
    if (this.#plan.fresh) return;
    for (let at = 0; at < this.#lanes.length; at += CONNECT_TOGETHER) {
      try {
        await Promise.all(this.#lanes.slice(at, at + CONNECT_TOGETHER).map((lane) => lane.connect()));
      } catch (error) {
        // A first one succeeded. Where there are no more file descriptors, Bun says ECONNREFUSED too.
        const { host, port } = this.target;
        throw new Error(
          `Cannot make ${this.#plan.connections} connections to ${host}:${port}: ${codeOf(error)}; ` +
            "take fewer, or see ulimit -n here and max_connections there",
        );
      }
    }
  }

  /** Runs until the course ends, or nothing is left to do. */
  run(): Promise<ThreadResult> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      const now = performance.now();
      this.#pace?.start(now);
      this.#timer = setInterval(() => this.#tick(), this.#pace === null ? TICK_MS : Pace.tickMs);
      for (const lane of this.#lanes) this.#next(lane, now);
    });
  }

  /** Ends all connections. */
  close(): void {
    clearInterval(this.#timer);
    for (const lane of this.#lanes) lane.drop();
  }

  connected(lane: Lane): void {
    this.#request(lane);
  }

  answered(lane: Lane): void {
    const now = performance.now();
    const isCounted = this.#course.completed();
    const tally = this.#tallies[lane.kind]!;
    if (lane.status !== 0) {
      if (isCounted) tally.refused(lane.status);
    } else if (lane.answerBytes !== ANY && lane.bodyBytes !== lane.answerBytes) {
      if (isCounted) tally.connection++;
      lane.drop();
    } else {
      if (isCounted) {
        const bytes = lane.contentBytes === ANSWER ? lane.bodyBytes : lane.contentBytes;
        tally.succeeded((now - lane.dueAt) * 1000, bytes);
      }
      if (lane.keepsAnswer) this.#made.add(lane.answer);
    }
    lane.isBusy = false;
    if (this.#plan.fresh) lane.drop();
    this.#next(lane, now);
  }

  lost(lane: Lane): void {
    if (this.#course.completed()) this.#tallies[lane.kind]!.connection++;
    this.#fail(lane);
  }

  #fail(lane: Lane): void {
    lane.isBusy = false;
    this.#failed.push(lane);
  }

  #next(lane: Lane, now: number): void {
    if (this.#pace === null) this.#begin(lane, now, now);
    else {
      this.#idle.push(lane);
      this.#startDue(now, lane);
    }
  }

  /** Gives what is due to idle lanes; `freed` has become idle just now. */
  #startDue(now: number, freed: Lane | null): void {
    const pace = this.#pace!;
    if (this.#course.hasEnded) {
      while (this.#idle.length > 0) this.#retire(this.#idle.pop()!);
      return;
    }
    while (this.#idle.length > 0 && pace.isDue(now)) {
      const lane = this.#idle.pop()!;
      const hadToWait = lane === freed && this.#idle.length === 0;
      this.#begin(lane, pace.take(now, hadToWait), now);
    }
  }

  #begin(lane: Lane, dueAt: number, now: number): void {
    if (!this.#course.takeTurn()) {
      this.#retire(lane);
      return;
    }
    lane.dueAt = dueAt;
    lane.beganAt = now;
    lane.isBusy = true;
    if (lane.isConnected) this.#request(lane);
    else lane.open();
  }

  #request(lane: Lane): void {
    let index = this.#makers.length === 1 ? 0 : pickByWeight(this.#weights, this.#weight, this.#random);
    let packet = this.#makers[index]!(lane);
    if (packet === null && this.#makers.length > 1) {
      // Nothing to delete yet: something is made first.
      index = this.#plan.mix.findIndex(({ kind }) => kind === "upload");
      packet = this.#makers[index]?.(lane) ?? null;
    }
    if (packet === null) {
      lane.isBusy = false;
      this.#retire(lane);
      return;
    }
    const { kind } = this.#plan.mix[index]!;
    lane.kind = kind;
    lane.keepsAnswer = this.#keepsNames && kind === "upload";
    lane.send(packet);
  }

  #retire(lane: Lane): void {
    lane.drop();
    this.#retired++;
    if (this.#retired === this.#lanes.length) this.#finish();
  }

  #tick(): void {
    const now = performance.now();
    if (this.#pace !== null) this.#startDue(now, null);
    if (now - this.#lastTick < TICK_MS) return;
    this.#lastTick = now;
    for (const lane of this.#failed.splice(0)) this.#next(lane, now);
    for (const lane of this.#lanes) {
      if (!lane.isBusy || now - lane.beganAt <= this.timeoutMs) continue;
      if (this.#course.completed()) this.#tallies[lane.kind]!.timeout++;
      lane.drop();
      this.#fail(lane);
    }
    if (!this.#course.hasEnded) return;
    if (this.#endedAt === 0) this.#endedAt = now;
    if (now - this.#endedAt > DRAIN_MS) this.#finish();
  }

  #finish(): void {
    const finished = this.#finished;
    this.#finished = undefined;
    this.close();
    finished?.({
      tallies: Object.fromEntries(Object.entries(this.#tallies).map(([kind, tally]) => [kind, tally.parts()])),
      made: this.#keepsNames ? this.#made.table() : null,
    });
  }
}

/** The system's code of a failed connection, or whatever else is known of it. */
export function codeOf(error: unknown): string {
  return error !== null && typeof error === "object" && "code" in error ? String(error.code) : String(error);
}
