// Entry of an I/O worker thread: takes its configuration from the start message, serves, and tells the control thread
// what happens to it. An extra entry point of the compiled executable.

import { workerPort } from "../runtime/workers.ts";
import type { BodyCommand } from "./io/large-bodies.ts";
import { startIoWorker } from "./io/worker.ts";
import type { WorkerCommand, WorkerConfig, WorkerMessage } from "./io/worker-config.ts";

const port = workerPort();
const config = port.data as WorkerConfig;
const say = (message: WorkerMessage): void => port.post(message);
const log = {
  debug: (text: string): void => say({ kind: "log", level: "debug", text }),
  warn: (text: string): void => say({ kind: "log", level: "warn", text }),
  error: (text: string): void => say({ kind: "log", level: "error", text }),
};

const control = {
  binlogGrown: (): void => say({ kind: "binlog-grown" }),
  pass: (to: number, fd: number): void => say({ kind: "pass", to, fd }),
  body: (storePath: number, command: BodyCommand): void => say({ kind: "body", storePath, command }),
  wantTrunkFile: (storePath: number): void => say({ kind: "trunk-file", storePath }),
};

startIoWorker(config, log, control).then(
  (worker) => {
    port.onMessage((message) => {
      const command = message as WorkerCommand;
      if (command.kind === "adopt") worker.adopt(command.fd);
      else if (command.kind === "body-ended") worker.bodyEnded(command.id, command.result);
      else if (command.kind === "trunk") worker.trunkStarted(command.setup);
      else if (command.kind === "trunk-file") worker.trunkFileReady(command.storePath, command.status);
      else void worker.close(command.graceMs).finally(() => say({ kind: "closed", worker: config.worker }));
    });
    say({ kind: "listening", worker: config.worker });
  },
  (error: unknown) => {
    const code = error !== null && typeof error === "object" && "code" in error ? String(error.code) : "";
    say({
      kind: "failed",
      worker: config.worker,
      code,
      message: error instanceof Error ? error.message : String(error),
    });
  },
);
