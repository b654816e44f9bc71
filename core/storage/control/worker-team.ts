// The I/O workers as a team: started together, all listening before anyone is told, restarted when one dies, closed
// together. Where threads cannot share a port (Deno, Node) one worker runs in-process.

import { closeSync } from "node:fs";
import type { Logger } from "../../observe/logger.ts";
import { isBun, startWorker, type WorkerHandle } from "../../runtime/index.ts";
import type { BodyResult } from "../io/body-receiver.ts";
import { startIoWorker } from "../io/worker.ts";
import type { WorkerCommand, WorkerConfig, WorkerMessage } from "../io/worker-config.ts";
import type { TrunkSetup } from "../trunk/shared-space.ts";
import { BodyThreads } from "./body-threads.ts";

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 5000;
/** A worker that has lived so long has not died of its start. */
const STEADY_MS = 10_000;
/** After its grace time a worker still writes what waits. */
const CLOSING_EXTRA_MS = 1500;

export interface WorkerTeam {
  /** Who is told when the control thread waits for records and some have come. */
  onBinlogGrown(listener: () => void): void;
  /** Who is told when a worker finds no room in the trunk files of a store path; it answers with `trunkFileReady`. */
  onTrunkFileWanted(listener: (storePath: number) => void): void;
  /** What became of the wish: 0, or the errno that stands against another trunk file. */
  trunkFileReady(storePath: number, status: number): void;
  /** Tells all workers that small files go into trunk files from now on. */
  trunkStarted(setup: TrunkSetup): void;
  /** Stops accepting, lets running requests end within `graceMs`, writes what waits. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts `count` workers; `beforeRestart` sees to what one that died has left behind. Resolves when all listen, rejects with a coded error when one cannot. `startThread` stands for
 * the runtime's own in tests.
 */
export async function startWorkerTeam(
  configOf: (worker: number) => WorkerConfig,
  count: number,
  log: Logger,
  beforeRestart: (worker: number) => Promise<void>,
  startThread: typeof startWorker = startWorker,
): Promise<WorkerTeam> {
  let tell = (): void => {};
  const onBinlogGrown = (listener: () => void): void => {
    tell = listener;
  };
  const grown = (): void => tell();
  let want = (_storePath: number): void => {};
  const onTrunkFileWanted = (listener: (storePath: number) => void): void => {
    want = listener;
  };
  const wantTrunkFile = (storePath: number): void => want(storePath);
  if (!isBun) {
    const single = await startIoWorker(configOf(0), log, { binlogGrown: grown, wantTrunkFile });
    return {
      onBinlogGrown,
      onTrunkFileWanted,
      trunkFileReady: (storePath, status) => single.trunkFileReady(storePath, status),
      trunkStarted: (setup) => single.trunkStarted(setup),
      close: (graceMs) => single.close(graceMs),
    };
  }
  const pass = (to: number, fd: number): void => members[to]?.adopt(fd);
  const bodies = new BodyThreads(configOf(0).scoreboard, log, startThread, ({ worker, id, result }) =>
    members[worker]?.bodyEnded(id, result),
  );
  const members = Array.from(
    { length: count },
    (_, worker) =>
      new TeamMember(configOf(worker), { log, grown, wantTrunkFile, pass, bodies, beforeRestart, startThread }),
  );
  const team: WorkerTeam = {
    onBinlogGrown,
    onTrunkFileWanted,
    trunkFileReady(storePath, status) {
      for (const member of members) member.tell({ kind: "trunk-file", storePath, status });
    },
    trunkStarted(setup) {
      for (const member of members) member.startTrunk(setup);
    },
    async close(graceMs) {
      await Promise.all(members.map((member) => member.close(graceMs)));
      await bodies.close();
    },
  };
  const started = await Promise.allSettled(members.map((member) => member.start()));
  const failed = started.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await team.close(0);
    throw failed.reason;
  }
  return team;
}

interface MemberHelp {
  readonly log: Logger;
  readonly grown: () => void;
  readonly wantTrunkFile: (storePath: number) => void;
  readonly pass: (to: number, fd: number) => void;
  readonly bodies: BodyThreads;
  readonly beforeRestart: (worker: number) => Promise<void>;
  readonly startThread: typeof startWorker;
}

/** One worker thread and its successors. */
class TeamMember {
  #config: WorkerConfig;
  readonly #help: MemberHelp;
  #thread: WorkerHandle | undefined;
  #closed: (() => void) | undefined;
  #isClosing = false;
  #restartMs = FIRST_RESTART_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(config: WorkerConfig, help: MemberHelp) {
    this.#config = config;
    this.#help = help;
  }

  /** Resolves when the thread listens; rejects when it cannot. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread = this.#help.startThread("core/storage/io-worker.ts", this.#config);
      this.#thread = thread;
      let isServing = false;
      const startedMs = Date.now();
      thread.onMessage((raw) => {
        const message = raw as WorkerMessage;
        if (message.kind === "log") this.#help.log[message.level](message.text);
        else if (message.kind === "binlog-grown") this.#help.grown();
        else if (message.kind === "pass") this.#help.pass(message.to, message.fd);
        else if (message.kind === "body") this.#help.bodies.send(message.storePath, message.command);
        else if (message.kind === "trunk-file") this.#help.wantTrunkFile(message.storePath);
        else if (message.kind === "closed") this.#closed?.();
        else if (message.kind === "listening") {
          isServing = true;
          resolve();
        } else {
          reject(Object.assign(new Error(message.message), { code: message.code }));
          void thread.terminate();
        }
      });
      thread.onExit((error) => {
        this.#thread = undefined;
        this.#help.bodies.workerDied(this.#config.worker);
        this.#closed?.();
        reject(error ?? new Error(`I/O worker ${this.#config.worker} ended before it listened`));
        if (!isServing || this.#isClosing) return;
        if (Date.now() - startedMs > STEADY_MS) this.#restartMs = FIRST_RESTART_MS;
        this.#help.log.crit(
          `I/O worker ${this.#config.worker} ended: ${error?.stack ?? "without an error"}; starting another`,
        );
        this.#restart();
      });
    });
  }

  tell(command: WorkerCommand): void {
    this.#thread?.post(command);
  }

  /** Its successors know it from their start. */
  startTrunk(setup: TrunkSetup): void {
    this.#config = { ...this.#config, trunk: setup };
    this.tell({ kind: "trunk", setup });
  }

  /** Serves a connection of another worker; one that has died meanwhile resets it, as it did its own. */
  adopt(fd: number): void {
    const command: WorkerCommand = { kind: "adopt", fd };
    if (this.#thread === undefined) closeSync(fd);
    else this.#thread.post(command);
  }

  /** A large body of this worker has come to its end. */
  bodyEnded(id: number, result: BodyResult): void {
    const command: WorkerCommand = { kind: "body-ended", id, result };
    this.#thread?.post(command);
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    const thread = this.#thread;
    if (thread === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      timer = setTimeout(resolve, graceMs + CLOSING_EXTRA_MS);
      const command: WorkerCommand = { kind: "close", graceMs };
      thread.post(command);
    });
    clearTimeout(timer);
    await thread.terminate();
  }

  /** The siblings go on serving; the lost one's connections were closed by the kernel. */
  #restart(): void {
    this.#timer = setTimeout(() => {
      const { worker } = this.#config;
      const recovered = this.#help.beforeRestart(worker).catch((error: unknown) => {
        this.#help.log.error(`Cannot see to what I/O worker ${worker} left behind: ${String(error)}`);
      });
      const started = recovered.then(() => (this.#isClosing ? undefined : this.start()));
      started.catch((error: unknown) => {
        this.#help.log.crit(`Cannot start I/O worker ${this.#config.worker} again: ${String(error)}; trying on`);
        if (!this.#isClosing) this.#restart();
      });
    }, this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, LAST_RESTART_MS);
  }
}
