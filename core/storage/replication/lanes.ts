// The connections to one peer: opened when there is work for one more, used one record at a time, the last one first.

import type { ServerAddress } from "../../../conf/index.ts";
import type { LinkOptions } from "../control/dial.ts";
import { PeerLink } from "./peer-link.ts";

export class Lanes {
  readonly #ownId: string;
  readonly #options: LinkOptions;
  readonly #address: () => ServerAddress;
  readonly #idle: PeerLink[] = [];
  readonly #busy = new Set<PeerLink>();
  #running = 0;
  #generation = 0;
  /** The last failure was that of a kept connection whose peer had gone: a new one may well succeed. */
  wasStale = false;

  constructor(ownId: string, options: LinkOptions, address: () => ServerAddress) {
    this.#ownId = ownId;
    this.#options = options;
    this.#address = address;
  }

  /** Records under way. */
  get running(): number {
    return this.#running;
  }

  /** Runs `work` with a connection of its own. A connection that is not usable afterwards is closed. */
  async run<T>(work: (link: PeerLink) => Promise<T>): Promise<T> {
    const generation = this.#generation;
    this.#running++;
    const kept = this.#takeIdle();
    let link = kept;
    try {
      link ??= await PeerLink.open(this.#address(), this.#ownId, this.#options);
      this.#busy.add(link);
      if (generation !== this.#generation) throw new Error("the connections were closed");
      const result = await work(link);
      this.wasStale = false;
      return result;
    } catch (error) {
      this.wasStale = kept !== undefined && !this.wasStale;
      throw error;
    } finally {
      this.#running--;
      if (link !== undefined) {
        this.#busy.delete(link);
        if (link.isUsable && generation === this.#generation) this.#idle.push(link);
        else link.close();
      }
    }
  }

  /** Closes what has not been used for so long. */
  closeIdle(olderThanMs: number): void {
    while (this.#idle[0] !== undefined && this.#idle[0].idleMs > olderThanMs) this.#idle.shift()!.close();
  }

  /** Closes all, also those that are at work. */
  close(): void {
    this.#generation++;
    for (const link of [...this.#idle, ...this.#busy]) link.close();
    this.#idle.length = 0;
  }

  #takeIdle(): PeerLink | undefined {
    for (;;) {
      const link = this.#idle.pop();
      if (link === undefined || link.isUsable) return link;
      link.close();
    }
  }
}
