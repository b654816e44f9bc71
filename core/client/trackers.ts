// The trackers of a cluster as one: the one that worked last is asked first, a dead one is asked last for a while, and an
// error names them all.

import type { ServerAddress } from "../../conf/server-address.ts";
import type { ConnectionPool } from "../net/connection-pool.ts";
import { RemoteError } from "../net/remote-error.ts";
import type { Command } from "../wire/command.ts";
import { FdfsError, isUnreachable } from "./errors.ts";
import { call, type Endpoint } from "./server-call.ts";

/** How long a tracker that did not answer is asked only after the others. */
const AVOID_MS = 30_000;

export class Trackers {
  readonly #pool: ConnectionPool;
  readonly #endpoints: readonly (readonly Endpoint[])[];
  readonly #deadUntil: number[];
  #current = 0;

  constructor(addresses: readonly ServerAddress[], pool: ConnectionPool) {
    this.#pool = pool;
    this.#endpoints = addresses.map(({ hosts, port }) => hosts.map((host) => ({ host, port })));
    this.#deadUntil = addresses.map(() => 0);
  }

  get count(): number {
    return this.#endpoints.length;
  }

  /** Asks one tracker after another until one answers; a refusal is an answer. */
  async ask<Q, S>(operation: string, command: Command<Q, S>, value: Q): Promise<S> {
    const attempts: unknown[] = [];
    for (const index of this.#order()) {
      try {
        const answer = await this.askOne(index, command, value);
        this.#current = index;
        return answer;
      } catch (error) {
        attempts.push(error);
        if (!isUnreachable(error)) break;
      }
    }
    throw new FdfsError(operation, attempts);
  }

  /** Asks each tracker; those that could not be reached or refused give their error. */
  askAll<Q, S>(command: Command<Q, S>, value: Q): Promise<(S | RemoteError)[]> {
    return Promise.all(
      this.#endpoints.map((_, index) =>
        this.askOne(index, command, value).catch((error: unknown) => {
          if (error instanceof RemoteError) return error;
          throw error;
        }),
      ),
    );
  }

  /** Asks in turn and goes on while the answer is `passOn` (95: not the leader). */
  async askUntil<Q, S>(operation: string, command: Command<Q, S>, value: Q, passOn: number): Promise<S> {
    const attempts: unknown[] = [];
    for (const index of this.#order()) {
      try {
        return await this.askOne(index, command, value);
      } catch (error) {
        attempts.push(error);
        const isPassedOn = error instanceof RemoteError && error.answered && error.status === passOn;
        if (!isUnreachable(error) && !isPassedOn) break;
      }
    }
    throw new FdfsError(operation, attempts);
  }

  /** One tracker, by either of its addresses. */
  async askOne<Q, S>(index: number, command: Command<Q, S>, value: Q): Promise<S> {
    let last: unknown;
    for (const endpoint of this.#endpoints[index]!) {
      try {
        const answer = await call(this.#pool, endpoint, command, value, { isRepeatable: true });
        this.#deadUntil[index] = 0;
        return answer;
      } catch (error) {
        last = error;
        if (!isUnreachable(error)) throw error;
      }
    }
    this.#deadUntil[index] = Date.now() + AVOID_MS;
    throw last;
  }

  /** The remembered one first, then in the order of the list; those that just failed at the end. */
  #order(): number[] {
    const now = Date.now();
    const cyclic = this.#endpoints.map((_, step) => (this.#current + step) % this.#endpoints.length);
    const isDead = (index: number): boolean => this.#deadUntil[index]! > now;
    return [...cyclic.filter((index) => !isDead(index)), ...cyclic.filter(isDead)];
  }
}
