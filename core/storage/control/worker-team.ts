// The I/O workers as a team: started together, listening before anyone is told, restarted when one dies, closed
// together. With one worker, or where threads cannot share a port, it runs in-process.

import type { Logger } from "../../observe/logger.ts";
import { isBun, startWorker, type WorkerHandle } from "../../runtime/index.ts";
import { type RunningWorker, startIoWorker } from "../io/worker.ts";
import type { WorkerCommand, WorkerConfig, WorkerMessage } from "../io/worker-config.ts";

const RESTART_AFTER_MS = 1000;

export interface WorkerTeam {
  close(graceMs: number): Promise<void>;
}

/** Starts `count` workers; resolves when all listen, rejects with the reason when one cannot. */
export async function startWorkerTeam(
  configOf: (worker: number) => WorkerConfig,
  count: number,
  log: Logger,
): Promise<WorkerTeam> {
  if (!isBun) {
    const only: RunningWorker = await startIoWorker(configOf(0), log);
    return only;
  }
  const team = new ThreadTeam(configOf, log);
  try {
    await Promise.all(Array.from({ length: count }, (_, worker) => team.start(worker)));
  } catch (error) {
    await team.close(0);
    throw error;
  }
  return team;
}

class ThreadTeam implements WorkerTeam {
  readonly #configOf: (worker: number) => WorkerConfig;
  readonly #log: Logger;
  readonly #threads = new Map<number, WorkerHandle>();
  #isClosing = false;

  constructor(configOf: (worker: number) => WorkerConfig, log: Logger) {
    this.#configOf = configOf;
    this.#log = log;
  }

  start(worker: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread = startWorker("core/storage/io-worker.ts", this.#configOf(worker));
      this.#threads.set(worker, thread);
      thread.onMessage((raw) => {
        const message = raw as WorkerMessage;
        if (message.kind === "listening") resolve();
        else if (message.kind === "log") this.#log[message.level](message.text);
        else if (message.kind === "failed") reject(Object.assign(new Error(message.message), { code: message.code }));
      });
      thread.onExit((error) => {
        this.#threads.delete(worker);
        reject(error ?? new Error(`I/O worker ${worker} ended`));
        if (!this.#isClosing) this.#restart(worker, error);
      });
    });
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closing = [...this.#threads.values()].map(
      (thread) =>
        new Promise<void>((resolve) => {
          thread.onMessage((message) => {
            if ((message as WorkerMessage).kind === "closed") resolve();
          });
          thread.onExit(() => resolve());
          const command: WorkerCommand = { kind: "close", graceMs };
          thread.post(command);
          setTimeout(resolve, graceMs + RESTART_AFTER_MS);
        }),
    );
    await Promise.all(closing);
    await Promise.all([...this.#threads.values()].map((thread) => thread.terminate()));
  }

  /** The siblings go on serving; the lost one's connections were closed by the kernel. */
  #restart(worker: number, error: Error | undefined): void {
    this.#log.crit(`I/O worker ${worker} ended: ${error?.stack ?? "without an error"}; it is started again`);
    setTimeout(() => {
      if (this.#isClosing) return;
      this.start(worker).catch((reason: unknown) =>
        this.#log.crit(`Cannot start I/O worker ${worker} again: ${String(reason)}`),
      );
    }, RESTART_AFTER_MS);
  }
}
