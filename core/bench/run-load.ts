// A whole load from plan to counts: starts the threads, lets them go together, ends the course in time, adds up what they
// counted. One thread's load runs on the calling thread.

import { connect, startWorker, type WorkerHandle } from "../runtime/index.ts";
import { Course, createCourseMemory, type Span } from "./course.ts";
import { FileList, type FileTableParts } from "./file-table.ts";
import { codeOf, LoadThread, type ThreadResult } from "./load-thread.ts";
import type { LoadPlan, OperationKind } from "./plan.ts";
import { Tally } from "./tally.ts";
import { cpuMicrosecondsOf, peakMemoryBytesOf } from "./usage.ts";

/** What a load thread is started with. */
export interface ThreadStart {
  readonly plan: LoadPlan;
  readonly memory: SharedArrayBuffer;
  readonly thread: number;
}

/** What a load thread says. */
export type ThreadMessage =
  | { kind: "ready" }
  | { kind: "failed"; message: string }
  | { kind: "done"; result: ThreadResult };

export interface LoadOutcome {
  /** The counted part; null when the load ended before it began. */
  readonly span: Span | null;
  readonly tallies: ReadonlyMap<OperationKind, Tally>;
  /** Files uploaded and not deleted again; null when the plan does not ask for them. */
  readonly made: FileTableParts | null;
  /** Peak memory of the plan's processes; null without any or when one is gone. */
  readonly peakMemoryBytes: number | null;
}

/** One thread, here or elsewhere. */
interface Member {
  connect(): Promise<void>;
  run(): Promise<ThreadResult>;
  close(): void;
}

/**
 * Runs the load. When `signal` aborts, the course ends and what was counted so far is the outcome; before anything was
 * started it rejects with the signal's reason.
 */
export async function runLoad(plan: LoadPlan, signal: AbortSignal): Promise<LoadOutcome> {
  for (const pid of plan.pids) {
    if (Number.isNaN(cpuMicrosecondsOf([pid]))) {
      throw new Error(`Cannot measure the CPU time of process ${pid}: there is no such process in /proc`);
    }
  }
  await unlessAborted(signal, probe(plan));
  const memory = createCourseMemory(plan);
  const course = new Course(memory, plan);
  const members = Array.from({ length: plan.threads }, (_, thread) =>
    plan.threads === 1 ? new LoadThread(plan, course, thread) : remoteThread({ plan, memory, thread }),
  );
  const timers: ReturnType<typeof setTimeout>[] = [];
  const end = (): void => course.end();
  signal.addEventListener("abort", end);
  try {
    await unlessAborted(signal, Promise.all(members.map((member) => member.connect())));
    schedule(course, plan, timers);
    const results = await Promise.all(members.map((member) => member.run()));
    course.end();
    return outcomeOf(plan, course, results);
  } finally {
    signal.removeEventListener("abort", end);
    for (const timer of timers) clearTimeout(timer);
    for (const member of members) member.close();
  }
}

/** One connection that says why none can be made, before threads are started for it. */
async function probe({ target, timeoutMs }: LoadPlan): Promise<void> {
  const handlers = { data() {}, drain() {}, close() {} };
  try {
    (await connect({ ...target, timeoutMs, handlers: () => handlers })).destroy();
  } catch (error) {
    throw new Error(`Cannot connect to ${target.host}:${target.port}: ${codeOf(error)}; is a server running there?`);
  }
}

/** What `work` resolves with, or a rejection as soon as the signal aborts. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function schedule(course: Course, { warmUp, extent }: LoadPlan, timers: ReturnType<typeof setTimeout>[]): void {
  const begin = (): void => course.begin();
  let warmUpMs = 0;
  if ("seconds" in warmUp) {
    warmUpMs = warmUp.seconds * 1000;
    if (warmUpMs === 0) begin();
    else timers.push(setTimeout(begin, warmUpMs));
  } else if (warmUp.operations === 0) begin();
  if (!("seconds" in extent)) return;
  const extentMs = extent.seconds * 1000;
  if ("seconds" in warmUp) {
    timers.push(setTimeout(() => course.end(), warmUpMs + extentMs));
    return;
  }
  // The warm-up's end is known to whichever thread ended its last operation.
  const watch = setInterval(() => {
    if (!course.hasBegun) return;
    clearInterval(watch);
    timers.push(setTimeout(() => course.end(), extentMs));
  }, 1);
  timers.push(watch);
}

function outcomeOf(plan: LoadPlan, course: Course, results: readonly ThreadResult[]): LoadOutcome {
  const tallies = new Map<OperationKind, Tally>();
  for (const { kind } of plan.mix) {
    const tally = new Tally();
    for (const result of results) {
      const parts = result.tallies[kind];
      if (parts !== undefined) tally.add(parts);
    }
    tallies.set(kind, tally);
  }
  const made = new FileList();
  for (const result of results) if (result.made !== null) made.addAll(result.made);
  return {
    span: course.span(),
    tallies,
    made: plan.keepsNames ? made.table() : null,
    peakMemoryBytes: plan.pids.length === 0 ? null : peakMemoryBytesOf(plan.pids),
  };
}

/** A worker thread behind the same verbs. */
function remoteThread(start: ThreadStart): Member {
  const worker: WorkerHandle = startWorker("core/bench/load-worker.ts", start);
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<ThreadResult>();
  // Whoever waits hears of a failure; nobody may be waiting yet.
  done.promise.catch(() => {});
  ready.promise.catch(() => {});
  const fail = (error: Error): void => {
    ready.reject(error);
    done.reject(error);
  };
  worker.onMessage((raw) => {
    const message = raw as ThreadMessage;
    if (message.kind === "ready") ready.resolve();
    else if (message.kind === "done") done.resolve(message.result);
    else fail(new Error(message.message));
  });
  worker.onExit((error) => fail(error ?? new Error(`Load thread ${start.thread} ended before its load`)));
  return {
    connect: () => ready.promise,
    run: () => {
      worker.post("go");
      return done.promise;
    },
    close: () => void worker.terminate(),
  };
}
