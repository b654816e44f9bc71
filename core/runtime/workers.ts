// Threads. A worker runs the entry file of its name with one plain message as its start data; messages are small plain
// objects, bulk state is shared through SharedArrayBuffers (buffers sent by message have leaked memory in Bun).

import { parentPort, Worker, type WorkerOptions, workerData } from "node:worker_threads";

export interface WorkerHandle {
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  /** Called once when the thread has ended; `error` when it died of an exception. */
  onExit(handler: (error: Error | undefined) => void): void;
  terminate(): Promise<void>;
}

// In the compiled executable every module's URL is the executable's, and an extra entry point is found by its path from
// the project's root; from source the same path is resolved from here.
const isCompiled = import.meta.url.includes("$bunfs");

/** Starts the thread whose entry file is `entry`, a path from the project's root; `make build` lists it as an entry point. */
export function startWorker(
  entry: "core/storage/io-worker.ts" | "core/storage/body-thread.ts" | "core/bench/load-worker.ts",
  data: unknown,
): WorkerHandle {
  const file = isCompiled ? `./${entry}` : new URL(`../../${entry}`, import.meta.url);
  const worker = new Worker(file, { workerData: data, smol: true } as WorkerOptions);
  let failure: Error | undefined;
  worker.on("error", (error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (handler) => {
      worker.on("message", handler);
    },
    onExit: (handler) => {
      worker.once("exit", () => handler(failure));
    },
    terminate: async () => {
      await worker.terminate();
    },
  };
}

/** The worker's side: its start data and its line to the thread that started it. */
export function workerPort(): {
  data: unknown;
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
} {
  const port = parentPort;
  if (port === null) throw new Error("Cannot use workerPort outside a worker");
  return {
    data: workerData,
    post: (message) => port.postMessage(message),
    onMessage: (handler) => {
      port.on("message", handler);
    },
  };
}
