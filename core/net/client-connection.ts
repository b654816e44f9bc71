// The client's side of one connection: one request at a time, whole or streamed, with a time limit on progress. After
// any failure in mid-message the connection is unusable and says so; who replaces it is the pool's business.

import { connect, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { codedError } from "../runtime/socket.ts";
import { decodeHeader } from "../wire/header.ts";
import { HEADER_SIZE } from "../wire/limits.ts";
import { RemoteError } from "./remote-error.ts";

/** Largest answer that is collected in memory: far above any list of the protocol. */
const WHOLE_BODY_MAX = 64 * 1024 * 1024;
/** Received bytes that may wait for a slow consumer before the socket is paused. */
const QUEUE_LIMIT = 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** The answer's header, and its body as a stream that must be read to its end or cancelled by closing. */
export interface StreamAnswer {
  readonly status: number;
  readonly length: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
  readonly connectTimeoutMs: number;
  /** Longest time without progress of a request. */
  readonly networkTimeoutMs: number;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class ClientConnection implements SocketHandlers {
  /** `host:port`, for messages. */
  readonly server: string;
  /** When the last request ended, milliseconds. */
  idleSince = Date.now();
  readonly #timeoutMs: number;
  #socket: Socket | undefined;
  #failure: unknown;
  #isClosed = false;
  #isBusy = false;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #isPaused = false;
  #reader: Waiter | undefined;
  #writer: Waiter | undefined;
  #progressAt = Date.now();
  #watch: ReturnType<typeof setInterval> | undefined;

  private constructor(target: ConnectionTarget) {
    this.server = target.host.includes(":") ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
    this.#timeoutMs = target.networkTimeoutMs;
  }

  /** Connects; rejects with a RemoteError. */
  static async open(target: ConnectionTarget): Promise<ClientConnection> {
    const connection = new ClientConnection(target);
    try {
      connection.#socket = await connect({
        host: target.host,
        port: target.port,
        ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
        timeoutMs: target.connectTimeoutMs,
        handlers: () => connection,
      });
    } catch (error) {
      throw RemoteError.fromFailure(connection.server, error);
    }
    return connection;
  }

  get isUsable(): boolean {
    return !this.#isClosed && !this.#isBusy && this.#queued === 0;
  }

  /** The address this side of the connection has. */
  get localAddress(): string {
    return this.#socket?.localAddress ?? "";
  }

  // ---- socket events ----

  data(chunk: Uint8Array): void {
    this.#progressAt = Date.now();
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued > QUEUE_LIMIT && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket?.pause();
    }
    this.#wake("reader");
  }

  drain(): void {
    this.#progressAt = Date.now();
    this.#wake("writer");
  }

  close(error?: Error): void {
    this.#isClosed = true;
    this.#failure ??= error ?? codedError("ECONNRESET", "the server closed the connection");
    this.#stopWatch();
    this.#wake("reader");
    this.#wake("writer");
  }

  // ---- requests ----

  /** Sends a whole packet and collects the answer. A status other than 0 is returned, not thrown. */
  async request(packet: Uint8Array): Promise<Answer> {
    return this.#exclusive(async () => {
      await this.#write(packet);
      return this.#readWhole();
    });
  }

  /** Sends a packet whose announced content follows from `content`; it must yield exactly `length` bytes. */
  async upload(packet: Uint8Array, content: AsyncIterable<Uint8Array>, length: number): Promise<Answer> {
    return this.#exclusive(async () => {
      await this.#write(packet);
      let sent = 0;
      for await (const chunk of content) {
        sent += chunk.length;
        if (sent > length) throw new Error(`the content has more than the announced ${length} bytes`);
        // A refusal may come before everything is sent: the rest is not worth sending.
        if (this.#queued > 0) break;
        await this.#write(chunk);
      }
      const isCut = this.#queued === 0 && sent < length;
      if (isCut) throw new Error(`the content ended after ${sent} of ${length} bytes`);
      const answer = await this.#readWhole();
      if (sent < length) this.destroy();
      return answer;
    });
  }

  /** Sends a whole packet; the answer's body is a stream. The connection is free again when that has ended. */
  async download(packet: Uint8Array): Promise<StreamAnswer> {
    this.#begin();
    try {
      await this.#write(packet);
      const { bodyLength, status } = decodeHeader(await this.#readExactly(HEADER_SIZE));
      if (bodyLength < 0) throw new Error(`the server announced ${bodyLength} bytes`);
      if (bodyLength === 0) this.#end();
      return { status, length: bodyLength, body: this.#bodyOf(bodyLength) };
    } catch (error) {
      throw this.#broken(error);
    }
  }

  /** Sends without waiting for an answer (QUIT), then closes. */
  async sendAndClose(packet: Uint8Array): Promise<void> {
    if (!this.#isClosed) this.#socket?.write(packet);
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#failure ??= codedError("ECONNRESET", "the connection was closed");
    this.#socket?.destroy();
    this.close();
  }

  // ---- inside ----

  async *#bodyOf(length: number): AsyncGenerator<Uint8Array> {
    let remaining = length;
    let isDone = length === 0;
    try {
      while (remaining > 0) {
        const chunk = await this.#readSome(remaining);
        remaining -= chunk.length;
        yield chunk;
      }
      isDone = true;
    } catch (error) {
      throw this.#broken(error);
    } finally {
      // A consumer that stops early leaves bytes in the pipe that nobody can skip cheaply.
      if (isDone) this.#end();
      else this.destroy();
    }
  }

  async #exclusive<T>(run: () => Promise<T>): Promise<T> {
    this.#begin();
    try {
      const result = await run();
      this.#end();
      return result;
    } catch (error) {
      throw this.#broken(error);
    }
  }

  #begin(): void {
    if (this.#isBusy) throw new Error(`Cannot send to ${this.server}: a request is under way`);
    this.#isBusy = true;
    this.#progressAt = Date.now();
    this.#watch = setInterval(() => this.#checkProgress(), Math.min(1000, this.#timeoutMs));
  }

  #end(): void {
    this.#isBusy = false;
    this.idleSince = Date.now();
    this.#stopWatch();
  }

  #broken(error: unknown): RemoteError {
    this.#isBusy = false;
    this.destroy();
    return RemoteError.fromFailure(this.server, error);
  }

  #stopWatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #checkProgress(): void {
    // Waiting for our own consumer is not the server's fault.
    if (this.#isPaused || (this.#reader === undefined && this.#writer === undefined)) {
      this.#progressAt = Date.now();
      return;
    }
    if (Date.now() - this.#progressAt < this.#timeoutMs) return;
    this.#failure = codedError("ETIMEDOUT", `no progress for ${this.#timeoutMs} ms`);
    this.destroy();
  }

  #wake(who: "reader" | "writer"): void {
    const waiter = who === "reader" ? this.#reader : this.#writer;
    if (waiter === undefined) return;
    if (who === "reader") this.#reader = undefined;
    else this.#writer = undefined;
    if (this.#isClosed && (who === "writer" || this.#queued === 0)) waiter.reject(this.#failure);
    else waiter.resolve();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    for (;;) {
      // An answer that has arrived is read even if the server closed behind it.
      if (this.#isClosed) {
        if (this.#queued > 0) return;
        throw this.#failure;
      }
      const taken = this.#socket!.write(rest);
      if (taken > 0) this.#progressAt = Date.now();
      rest = rest.subarray(taken);
      if (rest.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        this.#writer = { resolve, reject };
      });
    }
  }

  async #readWhole(): Promise<Answer> {
    const { bodyLength, status } = decodeHeader(await this.#readExactly(HEADER_SIZE));
    if (bodyLength < 0 || bodyLength > WHOLE_BODY_MAX)
      throw new Error(`the server announced an answer of ${bodyLength} bytes`);
    return { status, body: await this.#readExactly(bodyLength) };
  }

  async #readExactly(size: number): Promise<Uint8Array> {
    if (size === 0) return new Uint8Array(0);
    const first = await this.#readSome(size);
    if (first.length === size) return first;
    const whole = new Uint8Array(size);
    whole.set(first);
    for (let done = first.length; done < size; ) {
      const chunk = await this.#readSome(size - done);
      whole.set(chunk, done);
      done += chunk.length;
    }
    return whole;
  }

  /** 1..`limit` received bytes. */
  async #readSome(limit: number): Promise<Uint8Array> {
    while (this.#queued === 0) {
      if (this.#isClosed) throw this.#failure;
      if (this.#isPaused) {
        this.#isPaused = false;
        this.#socket!.resume();
      }
      await new Promise<void>((resolve, reject) => {
        this.#reader = { resolve, reject };
      });
    }
    const first = this.#queue[0]!;
    const chunk = first.subarray(0, limit);
    if (chunk.length === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(limit);
    this.#queued -= chunk.length;
    if (this.#isPaused && this.#queued < QUEUE_LIMIT / 2) {
      this.#isPaused = false;
      this.#socket?.resume();
    }
    return chunk;
  }
}
