// The trackers of a cluster as one: the one that worked last is asked first, a dead one is asked last for a while, and an
// error names them all.

import type { ServerAddress } from "../../conf/server-address.ts";
import { RemoteError } from "../net/remote-error.ts";
import type { Command } from "../wire/command.ts";
import type { Caller } from "./caller.ts";
import type { Endpoint } from "./endpoint.ts";
import { FdfsError, isRefusal, isUnreachable } from "./errors.ts";

/** How long a tracker that did not answer is asked only after the others. */
const AVOID_MS = 30_000;

/** Asks one tracker; throws RemoteError. */
type Ask = <Q, S>(command: Command<Q, S>, value: Q) => Promise<S>;

export class Trackers {
  readonly #caller: Caller;
  /** By their first address; the caller knows the second. */
  readonly #endpoints: readonly Endpoint[];
  readonly #deadUntil: number[];
  #current = 0;

  constructor(addresses: readonly ServerAddress[], caller: Caller) {
    this.#caller = caller;
    this.#endpoints = addresses.map(({ hosts, port }) => ({ host: hosts[0]!, port }));
    this.#deadUntil = addresses.map(() => 0);
  }

  get count(): number {
    return this.#endpoints.length;
  }

  /**
   * Asks one tracker after another until one answers. A refusal is an answer, except with the statuses `passOn`: then the
   * next one is asked (95: not the leader). Throws FdfsError.
   */
  async ask<Q, S>(operation: string, command: Command<Q, S>, value: Q, passOn: readonly number[] = []): Promise<S> {
    const attempts: unknown[] = [];
    for (const index of this.#order()) {
      try {
        const answer = await this.#askOne(index, command, value);
        this.#current = index;
        return answer;
      } catch (error) {
        attempts.push(error);
        if (!isUnreachable(error) && !isRefusal(error, passOn)) break;
      }
    }
    throw new FdfsError(operation, attempts);
  }

  /** Asks each tracker; those that could not be reached or refused give their error. */
  askAll<Q, S>(command: Command<Q, S>, value: Q): Promise<(S | RemoteError)[]> {
    return Promise.all(this.talkToEach((ask) => ask(command, value)).map(({ outcome }) => outcome));
  }

  /** Holds the same conversation with each tracker at the same time; one that fails gives its error. */
  talkToEach<T>(talk: (ask: Ask) => Promise<T>): { tracker: Endpoint; outcome: Promise<T | RemoteError> }[] {
    return this.#endpoints.map((tracker, index) => ({
      tracker,
      outcome: talk((command, value) => this.#askOne(index, command, value)).catch((error: unknown) => {
        if (error instanceof RemoteError) return error;
        throw error;
      }),
    }));
  }

  async #askOne<Q, S>(index: number, command: Command<Q, S>, value: Q): Promise<S> {
    try {
      const answer = await this.#caller.call(this.#endpoints[index]!, command, value, { isRepeatable: true });
      this.#deadUntil[index] = 0;
      return answer;
    } catch (error) {
      if (isUnreachable(error)) this.#deadUntil[index] = Date.now() + AVOID_MS;
      throw error;
    }
  }

  /** The remembered one first, then in the order of the list; those that just failed at the end. */
  #order(): number[] {
    const now = Date.now();
    const cyclic = this.#endpoints.map((_, step) => (this.#current + step) % this.#endpoints.length);
    const isDead = (index: number): boolean => this.#deadUntil[index]! > now;
    return [...cyclic.filter((index) => !isDead(index)), ...cyclic.filter(isDead)];
  }
}
