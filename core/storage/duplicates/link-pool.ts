// The connections of one worker to one server of an index: kept for the next request or not, and never more than a few.

import type { ByteLink, ByteSource } from "../../net/byte-link.ts";

/** Requests of one worker that are under way at one server; others wait. */
const LINKS_MAX = 16;

export interface LinkPoolOptions {
  readonly open: () => Promise<ByteLink>;
  /** Connections stay open for the next request. */
  readonly isKept: boolean;
}

/** `isSent`: false when the request certainly never left. */
export class ExchangeFailure extends Error {
  override readonly name = "ExchangeFailure";
  readonly isSent: boolean;

  constructor(cause: unknown, isSent: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.isSent = isSent;
  }
}

export class LinkPool {
  readonly #options: LinkPoolOptions;
  readonly #idle: ByteLink[] = [];
  readonly #links = new Set<ByteLink>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: LinkPoolOptions) {
    this.#options = options;
  }

  /** One request and its answer; rejects with an ExchangeFailure. */
  async exchange<T>(request: Uint8Array, read: (source: ByteSource) => Promise<T>): Promise<T> {
    while (this.#running >= LINKS_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await this.#exchange(request, read);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  close(): void {
    for (const link of this.#links) link.destroy();
    this.#links.clear();
    this.#idle.length = 0;
  }

  async #exchange<T>(request: Uint8Array, read: (source: ByteSource) => Promise<T>): Promise<T> {
    let link: ByteLink;
    try {
      link = await this.#take();
    } catch (error) {
      throw new ExchangeFailure(error, false);
    }
    try {
      return await link.exchange(request, read);
    } catch (error) {
      throw new ExchangeFailure(error, true);
    } finally {
      if (this.#options.isKept && link.isUsable) this.#idle.push(link);
      else this.#drop(link);
    }
  }

  async #take(): Promise<ByteLink> {
    for (let link = this.#idle.pop(); link !== undefined; link = this.#idle.pop()) {
      // The server may have ended it meanwhile.
      if (link.isUsable) return link;
      this.#drop(link);
    }
    const link = await this.#options.open();
    this.#links.add(link);
    return link;
  }

  #drop(link: ByteLink): void {
    link.destroy();
    this.#links.delete(link);
  }
}
