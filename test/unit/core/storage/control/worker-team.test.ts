// The workers as a team, with threads that a test plays: all must listen, a dead one is replaced, closing waits for them.

import { expect, test } from "bun:test";
import { createLogger } from "../../../../../core/observe/logger.ts";
import type { startWorker } from "../../../../../core/runtime/index.ts";
import { startWorkerTeam } from "../../../../../core/storage/control/worker-team.ts";
import type { WorkerConfig } from "../../../../../core/storage/io/worker-config.ts";

class PlayedThread {
  readonly posted: unknown[] = [];
  isTerminated = false;
  say: (message: unknown) => void = () => {};
  die: (error?: Error) => void = () => {};
}

/** Threads in the order of their start; each does at once what `script` says for its number. */
function playedThreads(script: (thread: PlayedThread, number: number) => void) {
  const threads: PlayedThread[] = [];
  const startThread = (() => {
    const thread = new PlayedThread();
    const number = threads.push(thread) - 1;
    queueMicrotask(() => script(thread, number));
    return {
      post(message: unknown) {
        thread.posted.push(message);
        thread.say({ kind: "closed", worker: 0 });
      },
      onMessage(handler: (message: unknown) => void) {
        thread.say = handler;
      },
      onExit(handler: (error: Error | undefined) => void) {
        thread.die = handler;
      },
      async terminate() {
        thread.isTerminated = true;
      },
    };
  }) as typeof startWorker;
  return { threads, startThread };
}

const configOf = (worker: number): WorkerConfig => ({ worker }) as WorkerConfig;
const lines: string[] = [];
const log = createLogger("DEBUG", (line) => lines.push(line));

test("a worker that dies is replaced and the death is in the log; closing asks all of them", async () => {
  const restarted = Promise.withResolvers<void>();
  const { threads, startThread } = playedThreads((thread, number) => {
    thread.say({ kind: "log", level: "warn", text: `worker ${number} speaks` });
    thread.say({ kind: "listening", worker: number });
    if (number === 2) restarted.resolve();
  });
  const team = await startWorkerTeam(configOf, 2, log, async () => {}, startThread);
  threads[0]!.die(new Error("out of luck"));
  await restarted.promise;
  expect(lines.join("\n")).toContain("WARNING - worker 1 speaks");
  expect(lines.join("\n")).toContain("CRIT - I/O worker 0 ended: Error: out of luck");
  await team.close(50);
  expect(threads.map(({ posted }) => posted)).toEqual([
    [],
    [{ kind: "close", graceMs: 50 }],
    [{ kind: "close", graceMs: 50 }],
  ]);
  expect(threads[1]!.isTerminated).toBe(true);
});

test("when one cannot listen the others are closed and the reason is told with its code", async () => {
  const { threads, startThread } = playedThreads((thread, number) => {
    if (number === 0) thread.say({ kind: "listening", worker: 0 });
    else thread.say({ kind: "failed", worker: 1, code: "EACCES", message: "not here" });
  });
  const failure = await startWorkerTeam(configOf, 2, log, async () => {}, startThread).catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: "not here", code: "EACCES" });
  expect(threads[0]!.isTerminated).toBe(true);
});
