// What a simulated group shares: chance, time that counts steps, tasks that are advanced one step at a time in any order,
// links that are cut for a while, and the leading tracker with its word on who the trunk server is.

import { Random } from "../world/random.ts";
import type { SimNode } from "./sim-node.ts";
import type { TrunkRules } from "./trunk-rules.ts";

/** A step ends where something else may happen; a promise is waited for. */
export type Task = Generator<Promise<unknown> | undefined, void>;
/** The same, as a part of a task with a result. */
export type Steps<T> = Generator<Promise<unknown> | undefined, T>;

interface Running {
  readonly node: SimNode;
  readonly life: number;
  readonly task: Task;
}

/** Steps. */
const DELAY_MAX = 12;
export const BEAT = 60;
/** Beats of silence after which another storage gets the role. */
const SILENT_BEATS = 3;

export class Group {
  readonly random: Random;
  readonly rules: TrunkRules;
  readonly nodes: SimNode[] = [];
  readonly problems: string[] = [];
  readonly trace: string[] = [];
  /** By name; null: deleted, or being deleted. */
  readonly acknowledged = new Map<string, Uint8Array | null>();
  /** Slot sizes are rounded up. */
  readonly isAligned: boolean;
  now = 0;
  isHealed = false;
  // The leading tracker.
  server: SimNode | null = null;
  announcement = 0;
  trunkFileId = 0;
  readonly #lastBeat = new Map<SimNode, number>();
  /** `a-b` until when; the tracker is "leader". */
  readonly #cuts = new Map<string, number>();
  readonly #isTraced: boolean;
  #tasks: Running[] = [];

  constructor(seed: number, rules: TrunkRules, isTraced: boolean) {
    this.random = new Random(seed);
    this.isAligned = this.random.chance(0.5);
    this.rules = rules;
    this.#isTraced = isTraced;
  }

  tell(text: () => string): void {
    if (this.#isTraced) this.trace.push(`${this.now}: ${text()}`);
  }

  complain(text: string): void {
    this.tell(() => `PROBLEM ${text}`);
    this.problems.push(`at step ${this.now}: ${text}`);
  }

  // ---- tasks ----

  start(node: SimNode, task: Task): void {
    this.#tasks.push({ node, life: node.life, task });
  }

  /** One task takes one step. */
  async step(): Promise<void> {
    this.now++;
    if (this.#tasks.length === 0) return;
    const at = this.random.between(0, this.#tasks.length - 1);
    const { node, life, task } = this.#tasks[at]!;
    const isAlive = node.isUp && node.life === life;
    const { done, value } = isAlive ? task.next() : { done: true, value: undefined };
    if (value instanceof Promise) await value;
    if (done === true) {
      this.#tasks[at] = this.#tasks.at(-1)!;
      this.#tasks.pop();
    }
  }

  /** The rest of a task's time until a moment. */
  *sleep(steps: number): Steps<void> {
    const until = this.now + steps;
    while (this.now < until) yield;
  }

  // ---- the network ----

  isCut(a: SimNode | "leader", b: SimNode | "leader"): boolean {
    return !this.isHealed && (this.#cuts.get(linkOf(a, b)) ?? 0) > this.now;
  }

  cut(a: SimNode | "leader", b: SimNode | "leader", steps: number): void {
    this.#cuts.set(linkOf(a, b), this.now + steps);
  }

  /** Asks another one; null: no answer came, and whether it was heard nobody knows. */
  *ask<T>(from: SimNode, to: SimNode | "leader", act: () => T): Steps<T | null> {
    yield* this.sleep(this.random.between(0, DELAY_MAX));
    const life = to === "leader" ? 0 : to.life;
    if (this.isCut(from, to) || (to !== "leader" && !to.isUp)) return null;
    const answer = act();
    yield* this.sleep(this.random.between(0, DELAY_MAX));
    const isThere = to === "leader" || (to.isUp && to.life === life);
    return !isThere || this.isCut(from, to) ? null : answer;
  }

  // ---- the leading tracker ----

  beat(node: SimNode): { server: SimNode | null; announcement: number } {
    this.#lastBeat.set(node, this.now);
    if (this.server === null || this.now - (this.#lastBeat.get(this.server) ?? 0) > SILENT_BEATS * BEAT) {
      this.server = node;
      this.announcement++;
      this.tell(() => `the tracker names ${node.name} the trunk server`);
    }
    return { server: this.server, announcement: this.announcement };
  }

  /** An operator moves the role. */
  appoint(node: SimNode): void {
    if (this.server === node || this.now - (this.#lastBeat.get(node) ?? 0) > BEAT) return;
    this.server = node;
    this.announcement++;
    this.tell(() => `an operator makes ${node.name} the trunk server`);
  }
}

function linkOf(a: SimNode | "leader", b: SimNode | "leader"): string {
  const names = [a, b].map((one) => (one === "leader" ? "leader" : one.name));
  return names.sort().join("-");
}
