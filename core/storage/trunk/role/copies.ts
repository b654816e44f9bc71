// The copies of the trunk binlog at all other storages of the group, a task for each.

import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "../../control/membership.ts";
import { pause } from "../../control/pause.ts";
import { type CopyHelp, type CopyState, CopyTask } from "./copy-task.ts";

/** How long tasks may take to end (C: the same). */
const ENDING_MS = 3000;
/** How long the last lines may take to reach the others when the storage stops. */
const DRAIN_MS = 1000;
const DRAIN_LOOK_MS = 20;

export class Copies {
  readonly #help: CopyHelp;
  readonly #ending = new AbortController();
  readonly #tasks = new Map<string, { readonly task: CopyTask; readonly ended: Promise<void> }>();

  constructor(help: CopyHelp) {
    this.#help = help;
  }

  /** Begins what is missing; tasks of storages that are gone end by themselves. */
  groupChanged(members: readonly Member[]): void {
    if (this.#ending.signal.aborted) return;
    for (const { id } of members) {
      if (id === this.#help.ownId || this.#tasks.has(id)) continue;
      this.#adoptOldMark(id);
      const task = new CopyTask(this.#help, id, this.#ending.signal);
      const ended = task.run().finally(() => this.#tasks.delete(id));
      this.#tasks.set(id, { task, ended });
    }
  }

  /** The first time with storage ids: marks were named after addresses before. */
  #adoptOldMark(id: string): void {
    const { paths, markName, oldMarkName, log } = this.#help;
    const old = oldMarkName(id);
    if (old === null) return;
    const [from, to] = [join(paths.folder, old), join(paths.folder, markName(id))];
    if (!existsSync(from) || existsSync(to)) return;
    renameSync(from, to);
    log.info(`The mark ${from} is called ${markName(id)} now`);
  }

  /** The binlog is another one now. */
  beginAnew(): void {
    for (const { task } of this.#tasks.values()) task.beginAnew();
  }

  states(): (CopyState & { readonly id: string })[] {
    return [...this.#tasks.values()].map(({ task }) => ({ id: task.id, ...task.state }));
  }

  /** Resolves when those that can be reached have `size` bytes, or it takes too long. */
  async drained(size: number): Promise<void> {
    const deadline = Date.now() + DRAIN_MS;
    const isBehind = (): boolean => this.states().some(({ isConnected, offset }) => isConnected && offset < size);
    while (isBehind() && Date.now() < deadline) await pause(DRAIN_LOOK_MS, this.#ending.signal);
  }

  /** Resolves when all have ended, or it takes too long. */
  async end(): Promise<void> {
    this.#ending.abort(new Error("this storage is not the trunk server any more"));
    const patience = new AbortController();
    const ended = Promise.all([...this.#tasks.values()].map((entry) => entry.ended));
    await Promise.race([ended, pause(ENDING_MS, patience.signal)]);
    patience.abort();
  }
}
