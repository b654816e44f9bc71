// The threads that receive large bodies: one for each store path, started when the first one comes. Workers speak with
// them through here.

import type { Logger } from "../../observe/logger.ts";
import type { startWorker, WorkerHandle } from "../../runtime/index.ts";
import type { BodyTask } from "../io/body-receiver.ts";
import type { BodyCommand, BodyMessage } from "../io/large-bodies.ts";

interface BodyThread {
  readonly handle: WorkerHandle;
  readonly tasks: Set<BodyTask>;
}

export class BodyThreads {
  readonly #scoreboard: SharedArrayBuffer;
  readonly #log: Logger;
  readonly #startThread: typeof startWorker;
  readonly #tell: (message: BodyMessage) => void;
  readonly #threads = new Map<number, BodyThread>();

  /** `tell` brings a message to the worker it names. */
  constructor(
    scoreboard: SharedArrayBuffer,
    log: Logger,
    startThread: typeof startWorker,
    tell: (message: BodyMessage) => void,
  ) {
    this.#scoreboard = scoreboard;
    this.#log = log;
    this.#startThread = startThread;
    this.#tell = tell;
  }

  /** A worker's command for the thread of a store path. */
  send(storePath: number, command: BodyCommand): void {
    let thread = this.#threads.get(storePath);
    if (command.kind === "receive") {
      thread ??= this.#start(storePath);
      thread.tasks.add(command.task);
    } else if (thread !== undefined) this.#forget(thread, command.worker, command.id);
    thread?.handle.post(command);
  }

  /** The worker has died: nobody waits for its bodies any more. */
  workerDied(worker: number): void {
    for (const storePath of this.#threads.keys()) this.send(storePath, { kind: "cancel", worker });
  }

  async close(): Promise<void> {
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map(({ handle }) => handle.terminate()));
  }

  #start(storePath: number): BodyThread {
    const handle = this.#startThread("core/storage/body-thread.ts", this.#scoreboard);
    const thread: BodyThread = { handle, tasks: new Set() };
    handle.onMessage((raw) => {
      const message = raw as BodyMessage;
      this.#forget(thread, message.worker, message.id);
      this.#tell(message);
    });
    handle.onExit((error) => {
      if (this.#threads.get(storePath) !== thread) return;
      this.#threads.delete(storePath);
      this.#log.crit(
        `The thread for large bodies of store path ${storePath} ended: ${error?.stack ?? "without an error"}; the next body starts another`,
      );
      for (const task of thread.tasks) this.#lost(task);
    });
    this.#threads.set(storePath, thread);
    return thread;
  }

  #forget({ tasks }: BodyThread, worker: number, id: number | undefined): void {
    for (const task of tasks) if (task.worker === worker && (id === undefined || task.id === id)) tasks.delete(task);
  }

  /** What a dead thread had begun ends with the connection. Its descriptors are left: it may have closed them already. */
  #lost({ worker, id }: BodyTask): void {
    this.#tell({
      worker,
      id,
      result: { received: 0, writeCount: 0, crc: null, end: "peer-lost", code: "EIO", message: "" },
    });
  }
}
