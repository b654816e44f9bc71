// The way of one worker to the group's trunk server when that is another storage: allocation, confirmation and return of
// slots (trunk-dedup-recovery.md §1.10). Returns are sent in the background and kept while the trunk server is away; C
// loses the space.

import { ConnectionPool } from "../../net/connection-pool.ts";
import { type Command, decodeResponse, encodeRequest } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { type TrunkInfo, trunkAllocConfirm, trunkAllocSpace, trunkFreeSpace } from "../../wire/storage-sync.ts";

/** More at once wait for their turn. */
const REQUESTS_MAX = 32;
/** A trunk server that could not be reached is left alone for so long: uploads do not wait for it meanwhile. */
const REST_MS = 2000;
const RETURN_RETRY_MS = 5000;
const RETURNS_MAX = 1_000_000;
const MAX_IDLE_MS = 30_000;
const PROBE_AFTER_MS = 5000;

/** Where the trunk server is. */
export interface TrunkServerAddress {
  readonly ipAddress: string;
  readonly port: number;
}

export interface AllocatorLinkOptions {
  readonly groupName: string;
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  readonly localAddresses: readonly string[];
  /** The trunk server as it is known now; null: none, or this storage itself. */
  server(): TrunkServerAddress | null;
  /** Takes a slot back here, when this storage has become the trunk server; false: it has not. */
  takeBack(block: TrunkInfo): boolean;
  warn(text: string): void;
}

export class AllocatorLink {
  readonly #options: AllocatorLinkOptions;
  readonly #pool: ConnectionPool;
  readonly #turns: (() => void)[] = [];
  readonly #returns: TrunkInfo[] = [];
  #requests = 0;
  /** The one that could not be reached; its successor is asked at once. */
  #resting = { server: "", untilMs: 0 };
  #isReturning = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: AllocatorLinkOptions) {
    this.#options = options;
    const { connectTimeoutMs, networkTimeoutMs, localAddresses } = options;
    this.#pool = new ConnectionPool({
      connectTimeoutMs: Math.min(connectTimeoutMs, REST_MS),
      networkTimeoutMs,
      localAddresses,
      maxIdleMs: MAX_IDLE_MS,
      probeAfterMs: PROBE_AFTER_MS,
    });
  }

  /** A slot of at least `size` bytes, header included; the refusing status otherwise. Does not reject. */
  async allocate(server: TrunkServerAddress, storePathIndex: number, size: number): Promise<TrunkInfo | number> {
    const { groupName } = this.#options;
    const answer = await this.#ask(server, trunkAllocSpace, { groupName, size, storePathIndex }, Status.OK);
    if (typeof answer === "number") return answer;
    try {
      return decodeResponse(trunkAllocSpace, answer);
    } catch {
      return Status.EINVAL;
    }
  }

  /** Tells what became of the slot; the trunk server's status, or the errno of the way to it. Does not reject. */
  async confirm(server: TrunkServerAddress, block: TrunkInfo, status: number): Promise<number> {
    const { groupName } = this.#options;
    const answer = await this.#ask(server, trunkAllocConfirm, { groupName, block }, status);
    return typeof answer === "number" ? answer : Status.OK;
  }

  /** Gives a slot back, now or as soon as there is a trunk server. */
  giveBack(block: TrunkInfo): void {
    if (this.#returns.length >= RETURNS_MAX) return;
    this.#returns.push(block);
    void this.#sendReturns();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#pool.close();
  }

  async #sendReturns(): Promise<void> {
    if (this.#isReturning || this.#isClosed) return;
    this.#isReturning = true;
    const { groupName } = this.#options;
    while (this.#returns.length > 0) {
      const server = this.#options.server();
      const block = this.#returns[0]!;
      if (this.#options.takeBack(block)) {
        this.#returns.shift();
        continue;
      }
      const answer =
        server === null ? Status.EAGAIN : await this.#ask(server, trunkFreeSpace, { groupName, block }, Status.OK);
      // 17: it is free already. 22: the role has moved and the news has not come here yet.
      const isTaken = typeof answer !== "number" || answer === Status.EEXIST;
      if (!isTaken) break;
      this.#returns.shift();
    }
    this.#isReturning = false;
    if (this.#returns.length === 0 || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#sendReturns(), RETURN_RETRY_MS);
    this.#timer.unref();
  }

  /** The answer's body, or a status that says no. */
  async #ask<Q, S>(
    { ipAddress, port }: TrunkServerAddress,
    command: Command<Q, S>,
    value: Q,
    status: number,
  ): Promise<Uint8Array | number> {
    const asked = `${ipAddress}:${port}`;
    const rests = (): boolean => this.#resting.server === asked && Date.now() < this.#resting.untilMs;
    if (rests()) return Status.ECONNREFUSED;
    await this.#turn();
    try {
      const { connection } = await this.#pool.take(ipAddress, port);
      try {
        const answer = await connection.request(encodeRequest(command, value, { status }));
        return answer.status === Status.OK ? answer.body : answer.status;
      } finally {
        this.#pool.release(ipAddress, port, connection);
      }
    } catch (error) {
      if (!rests()) this.#options.warn(`Cannot ask the trunk server: ${String(error)}`);
      this.#resting = { server: asked, untilMs: Date.now() + REST_MS };
      return Status.ECONNREFUSED;
    } finally {
      this.#requests--;
      this.#turns.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#requests >= REQUESTS_MAX) await new Promise<void>((resolve) => this.#turns.push(resolve));
    this.#requests++;
  }
}
