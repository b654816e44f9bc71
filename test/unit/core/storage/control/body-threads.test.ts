// The threads for large bodies, played by the test: one for each store path, and nobody waits for a dead one.

import { expect, test } from "bun:test";
import { createLogger } from "../../../../../core/observe/logger.ts";
import type { startWorker } from "../../../../../core/runtime/index.ts";
import { BodyThreads } from "../../../../../core/storage/control/body-threads.ts";
import type { BodyTask } from "../../../../../core/storage/io/body-receiver.ts";
import type { BodyMessage } from "../../../../../core/storage/io/large-bodies.ts";

class PlayedThread {
  readonly posted: unknown[] = [];
  isTerminated = false;
  say: (message: unknown) => void = () => {};
  die: (error?: Error) => void = () => {};
}

function play() {
  const threads: PlayedThread[] = [];
  const startThread = ((entry: string) => {
    expect(entry).toBe("core/storage/body-thread.ts");
    const thread = new PlayedThread();
    threads.push(thread);
    return {
      post: (message: unknown) => void thread.posted.push(message),
      onMessage: (handler: (message: unknown) => void) => {
        thread.say = handler;
      },
      onExit: (handler: (error: Error | undefined) => void) => {
        thread.die = handler;
      },
      async terminate() {
        thread.isTerminated = true;
      },
    };
  }) as unknown as typeof startWorker;
  const lines: string[] = [];
  const told: BodyMessage[] = [];
  const log = createLogger("DEBUG", (line) => lines.push(line));
  const bodies = new BodyThreads(new SharedArrayBuffer(8), log, startThread, (message) => told.push(message));
  return { bodies, threads, lines, told };
}

const task = (worker: number, id: number): BodyTask => ({
  worker,
  id,
  socketFd: -1,
  fileFd: -1,
  length: 1,
  crc: null,
  timeoutMs: 1000,
});
const complete: BodyMessage["result"] = {
  received: 1,
  writeCount: 1,
  crc: null,
  end: "complete",
  code: "",
  message: "",
};

test("each store path has its thread, started by its first body; results go to the worker they are for", () => {
  const { bodies, threads, told } = play();
  bodies.send(0, { kind: "cancel", worker: 1, id: 1 });
  expect(threads.length).toBe(0);
  for (const [storePath, id] of [
    [0, 1],
    [3, 2],
    [0, 3],
  ] as const) {
    bodies.send(storePath, { kind: "receive", task: task(1, id) });
  }
  expect(threads.map(({ posted }) => posted.length)).toEqual([2, 1]);
  threads[1]!.say({ worker: 1, id: 2, result: complete });
  expect(told).toEqual([{ worker: 1, id: 2, result: complete }]);
});

test("of a thread that dies the workers hear what it had not ended; the next body starts another", async () => {
  const { bodies, threads, told, lines } = play();
  for (const id of [1, 2]) bodies.send(0, { kind: "receive", task: task(0, id) });
  threads[0]!.say({ worker: 0, id: 1, result: complete });
  threads[0]!.die(new Error("out of luck"));
  expect(told.map(({ id, result }) => [id, result.end])).toEqual([
    [1, "complete"],
    [2, "peer-lost"],
  ]);
  expect(lines.join("\n")).toContain("CRIT - The thread for large bodies of store path 0 ended: Error: out of luck");
  bodies.send(0, { kind: "receive", task: task(0, 3) });
  expect(threads.length).toBe(2);
  await bodies.close();
  threads[1]!.die();
  expect(told.length).toBe(2);
  expect(threads.map(({ isTerminated }) => isTerminated)).toEqual([false, true]);
});

test("the bodies of a worker that died are given up", () => {
  const { bodies, threads, told } = play();
  bodies.send(0, { kind: "receive", task: task(0, 1) });
  bodies.send(0, { kind: "receive", task: task(1, 1) });
  bodies.workerDied(0);
  expect(threads[0]!.posted.at(-1)).toEqual({ kind: "cancel", worker: 0 });
  threads[0]!.die();
  expect(told.map(({ worker }) => worker)).toEqual([1]);
});
