// A steady mixed load from one seed: many operations at the same time, those on one file one after another. It books what
// was acknowledged, refused, or lost its answer; whether the cluster kept it is judged by verify.ts.

import { setTimeout as pause } from "node:timers/promises";
import type { FdfsClient } from "../../../core/client/index.ts";
import { formatFileId } from "../../../core/fileid/file-id.ts";
import { statusName } from "../../../core/wire/status.ts";
import { GROUP } from "./cluster.ts";
import type { Ledger } from "./convergence.ts";
import { judge, statusOf } from "./failures.ts";
import { Model, type StoredFile } from "./model.ts";
import { type Attempt, type OperationName, operations, type World } from "./operations.ts";
import { Random } from "./random.ts";

const WEIGHTS: Readonly<Record<OperationName, number>> = {
  upload: 28,
  uploadAppender: 6,
  append: 15,
  modify: 8,
  truncate: 5,
  regenerate: 1.5,
  uploadSlave: 6,
  overwriteMetadata: 8,
  mergeMetadata: 6,
  delete: 7,
  link: 2,
  download: 7.5,
};
/** To narrow a failure down: FDFS_CHAOS_WITHOUT=regenerate,link leaves these operations out. */
const LEFT_OUT: ReadonlySet<string> = new Set((process.env.FDFS_CHAOS_WITHOUT ?? "").split(","));
/** After a refusal the cluster is given a moment. */
const REFUSED_PAUSE_MS = 20;
const SHOWN_OPERATIONS = 8;
const POLL_MS = 20;

export interface LoadOptions {
  readonly client: FdfsClient;
  /** `host:port` of the trackers. */
  readonly trackers: readonly string[];
  readonly seed: number;
  /** Ends the load when so many operations have been tried; Infinity: `stop` ends it. */
  readonly operations: number;
  /** At most so many a second. */
  readonly perSecond: number;
  readonly inFlight?: number;
  /** False with C, whose replicas stumble over links (storage.md §3.7). */
  readonly hasLinks: boolean;
}

interface Tally {
  tried: number;
  acknowledged: number;
  refused: number;
  uncertain: number;
}

export class Load implements Ledger {
  readonly model = new Model();
  readonly tallies = new Map<OperationName, Tally>();
  /** Refusals by the name of their status. */
  readonly refusals = new Map<string, number>();
  /** Reads that gave other content than was stored. */
  readonly wrongReads: string[] = [];
  readonly #options: LoadOptions;
  readonly #world: World;
  readonly #trackers: ReadonlySet<string>;
  readonly #wheel: OperationName[] = [];
  #perSecond: number;
  #tried = 0;
  #isStopped = false;
  #isPaused = false;
  #underWay = 0;
  #nextAt = 0;
  #running: Promise<void> | null = null;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#perSecond = options.perSecond;
    this.#world = { client: options.client, model: this.model, random: new Random(options.seed) };
    this.#trackers = new Set(options.trackers);
    for (const name of Object.keys(operations) as OperationName[]) {
      if ((name === "link" && !options.hasLinks) || LEFT_OUT.has(name)) continue;
      this.tallies.set(name, { tried: 0, acknowledged: 0, refused: 0, uncertain: 0 });
      for (let count = WEIGHTS[name] * 2; count > 0; count--) this.#wheel.push(name);
    }
  }

  get total(): Tally {
    const sum: Tally = { tried: 0, acknowledged: 0, refused: 0, uncertain: 0 };
    for (const tally of this.tallies.values()) {
      for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
    }
    return sum;
  }

  /** Begins; `finished` tells when it is over. */
  start(): void {
    this.#nextAt = performance.now();
    const inFlight = this.#options.inFlight ?? 16;
    this.#running = Promise.all(Array.from({ length: inFlight }, () => this.#work())).then(() => {});
    this.#running.catch(() => {});
  }

  /** Resolves when all operations have ended; rejects with an error that no server is to blame for. */
  async finished(): Promise<void> {
    await this.#running;
  }

  /** Changes the pace. */
  slowDown(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  /** No new operations until `resume`; resolves when those under way have ended. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#underWay > 0) await pause(POLL_MS);
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** No new operations; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.finished();
  }

  /** True for a name (without group, metadata's `-m` included) that a client was told of. */
  knows(name: string): boolean {
    return this.#fileOf(name)?.outcomes.length === 1;
  }

  /** The last operations on it; a question mark stands behind one whose answer was lost. */
  historyOf(name: string): string {
    return this.#fileOf(name)?.history.slice(-SHOWN_OPERATIONS).join(", ") ?? "no client was told of it";
  }

  #fileOf(name: string): StoredFile | undefined {
    return this.model.find(formatFileId(GROUP, name.endsWith("-m") ? name.slice(0, -2) : name));
  }

  async #work(): Promise<void> {
    const isOver = (): boolean => this.#isStopped || this.#tried >= this.#options.operations;
    while (!isOver()) {
      this.#nextAt = Math.max(this.#nextAt + 1000 / this.#perSecond, performance.now() - 1000);
      const early = this.#nextAt - performance.now();
      if (early > 0) await pause(early);
      if (isOver()) return;
      if (this.#isPaused) {
        await pause(POLL_MS);
        continue;
      }
      const name = this.#world.random.pick(this.#wheel)!;
      const attempt = operations[name](this.#world);
      if (attempt === null) continue;
      this.#tried++;
      await this.#run(name, attempt);
    }
  }

  async #run(name: OperationName, attempt: Attempt): Promise<void> {
    const { file, change, creation } = attempt;
    const tally = this.tallies.get(name)!;
    tally.tried++;
    this.#underWay++;
    if (file !== undefined) file.isBusy = true;
    try {
      const id = await creation?.run();
      await change?.run();
      const wrong = await attempt.look?.();
      if (wrong !== undefined && wrong !== null) this.wrongReads.push(wrong);
      if (id !== undefined && creation !== undefined) this.model.add(id, creation.kind, creation.state, name);
      if (file !== undefined && change !== undefined) this.model.acknowledged(file, change.after, name);
      tally.acknowledged++;
    } catch (error) {
      const failure = judge(error, this.#trackers);
      tally[failure]++;
      if (failure === "uncertain") {
        if (file !== undefined && change !== undefined) this.model.uncertain(file, change.after, name);
        if (creation?.id !== undefined) this.model.addUncertain(creation.id, creation.kind, creation.state, name);
      } else {
        const status = statusName(statusOf(error));
        this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
        await pause(REFUSED_PAUSE_MS);
      }
    } finally {
      this.#underWay--;
      if (file !== undefined) file.isBusy = false;
    }
  }

  /** Figures, a line a kind. */
  report(): string {
    const rows = [...this.tallies, ["all", this.total] as const].map(([name, tally]) => {
      const cells = [tally.tried, tally.acknowledged, tally.refused, tally.uncertain].map((n) => `${n}`.padStart(8));
      return `  ${name.padEnd(18)}${cells.join("")}`;
    });
    const head = `  ${"operation".padEnd(18)}${["tried", "acked", "refused", "unknown"].map((t) => t.padStart(8)).join("")}`;
    const refusals = [...this.refusals].map(([status, count]) => `${status} ${count}`).join(", ");
    return [head, ...rows, `  refused with: ${refusals || "nothing"}`].join("\n");
  }
}
