// The client's side of one connection: one request at a time, whole or streamed, with a time limit on progress. After
// any failure in mid-message the connection is unusable and says so; who replaces it is the pool's business.

import { connect, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { codedError } from "../runtime/socket.ts";
import { decodeHeader, type Header, RESPONSE_COMMAND } from "../wire/header.ts";
import { HEADER_SIZE } from "../wire/limits.ts";
import { ContentFailure, counted } from "./client-content.ts";
import { ClientInbox } from "./client-inbox.ts";
import { RemoteError } from "./remote-error.ts";

/** Largest answer that is collected in memory: far above any list of the protocol. */
const WHOLE_BODY_MAX = 64 * 1024 * 1024;
const WATCH_PERIOD_MS = 1000;

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

export class ClientConnection implements SocketHandlers {
  /** `host:port`, for messages. */
  readonly server: string;
  /** When the last request ended, milliseconds. */
  idleSince = Date.now();
  readonly #networkTimeoutMs: number;
  readonly #inbox: ClientInbox;
  #socket: Socket | undefined;
  #failure: unknown;
  #isClosed = false;
  #isBusy = false;
  /** Wakes who waits for the socket to take bytes; it looks itself at what has happened. */
  #wakeWriter: (() => void) | undefined;
  #timeoutMs: number;
  #progressAt = Date.now();
  #watch: ReturnType<typeof setInterval> | undefined;

  private constructor(target: ConnectionTarget) {
    this.server = target.host.includes(":") ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
    this.#networkTimeoutMs = target.networkTimeoutMs;
    this.#timeoutMs = target.networkTimeoutMs;
    this.#inbox = new ClientInbox({ pause: () => this.#socket?.pause(), resume: () => this.#socket?.resume() });
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

  /** True when the connection is open and nothing is under way or left over on it. */
  get isUsable(): boolean {
    return !this.#isClosed && !this.#isBusy && this.#inbox.isEmpty;
  }

  /** The address this side of the connection has. */
  get localAddress(): string {
    return this.#socket?.localAddress ?? "";
  }

  // ---- socket events ----

  data(chunk: Uint8Array): void {
    this.#progressAt = Date.now();
    this.#inbox.push(chunk);
    this.#wakeWriter?.();
  }

  drain(): void {
    this.#progressAt = Date.now();
    this.#wakeWriter?.();
  }

  close(error?: Error): void {
    this.#isClosed = true;
    this.#failure ??= error ?? codedError("ECONNRESET", "the server closed the connection");
    this.#stopWatch();
    this.#inbox.end(this.#failure);
    this.#wakeWriter?.();
  }

  // ---- requests ----

  /** Sends a whole packet and collects the answer. A status other than 0 is returned, not thrown. */
  async request(packet: Uint8Array, options: { timeoutMs?: number } = {}): Promise<Answer> {
    this.#begin(options.timeoutMs);
    try {
      const isSent = await this.#write(packet);
      const answer = await this.#readWhole();
      this.#end(isSent);
      return answer;
    } catch (error) {
      throw this.#broken(error);
    }
  }

  /**
   * Sends a packet whose announced content follows from `content`; it must yield exactly `length` bytes. A refusal that
   * comes before everything is sent ends the sending, and the connection with it. What `content` throws is passed on.
   */
  async upload(packet: Uint8Array, content: AsyncIterable<Uint8Array>, length: number): Promise<Answer> {
    this.#begin();
    try {
      const isSent = (await this.#write(packet)) && (await this.#writeContent(content, length));
      const answer = await this.#readWhole();
      this.#end(isSent);
      return answer;
    } catch (error) {
      const broken = this.#broken(error);
      throw error instanceof ContentFailure ? error.cause : broken;
    }
  }

  /** Sends a whole packet; the answer's body is a stream. The connection is free again when that has ended. */
  async download(packet: Uint8Array): Promise<StreamAnswer> {
    this.#begin();
    try {
      const isSent = await this.#write(packet);
      const { bodyLength, status } = await this.#readHeader();
      if (bodyLength === 0) this.#end(isSent);
      return { status, length: bodyLength, body: this.#bodyOf(bodyLength, isSent) };
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

  async *#bodyOf(length: number, isSent: boolean): AsyncGenerator<Uint8Array> {
    // An empty body was over before anyone could ask for it.
    if (length === 0) return;
    let remaining = length;
    try {
      while (remaining > 0) {
        // The server's time begins when its bytes are wanted, not when the watch last looked.
        this.#progressAt = Date.now();
        const chunk = await this.#inbox.readSome(remaining);
        remaining -= chunk.length;
        // Freed before the last piece is handed over: its taker may not come back.
        if (remaining === 0) this.#end(isSent);
        yield chunk;
      }
    } catch (error) {
      throw this.#broken(error);
    } finally {
      // A consumer that stops early leaves bytes in the pipe that nobody can skip cheaply.
      if (remaining > 0) this.destroy();
    }
  }

  #begin(timeoutMs = this.#networkTimeoutMs): void {
    if (this.#isBusy) throw new Error(`Cannot send to ${this.server}: a request is under way`);
    this.#isBusy = true;
    this.#timeoutMs = timeoutMs;
    this.#progressAt = Date.now();
    this.#watch = setInterval(() => this.#checkProgress(), Math.min(WATCH_PERIOD_MS, timeoutMs));
  }

  /** The answer is there. A request of which a part was never sent leaves the connection out of step. */
  #end(isSent: boolean): void {
    this.#isBusy = false;
    this.idleSince = Date.now();
    this.#stopWatch();
    if (!isSent) this.destroy();
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
    // Waiting for our own producer or consumer is not the server's fault.
    if (!this.#inbox.isAwaited && this.#wakeWriter === undefined) {
      this.#progressAt = Date.now();
      return;
    }
    if (Date.now() - this.#progressAt < this.#timeoutMs) return;
    this.#failure = codedError("ETIMEDOUT", `no progress for ${this.#timeoutMs} ms`);
    // The kernel would go on sending for minutes: a request that was given up, and repeated, must not be carried out later.
    this.#socket?.reset();
    this.destroy();
  }

  /** False when an answer came before everything was taken: it is to be read, whatever became of the connection. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    let rest = bytes;
    for (;;) {
      if (!this.#inbox.isEmpty) return rest.length === 0;
      if (this.#isClosed) throw this.#failure;
      const taken = this.#socket!.write(rest);
      // Also when nothing was taken: the producer may have been slow, the wait for the server begins now.
      this.#progressAt = Date.now();
      rest = rest.subarray(taken);
      if (rest.length === 0) return true;
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
      this.#wakeWriter = undefined;
    }
  }

  async #writeContent(content: AsyncIterable<Uint8Array>, length: number): Promise<boolean> {
    for await (const chunk of counted(content, length)) {
      if (!(await this.#write(chunk))) return false;
    }
    return true;
  }

  async #readWhole(): Promise<Answer> {
    const { bodyLength, status } = await this.#readHeader();
    if (bodyLength > WHOLE_BODY_MAX) throw new Error(`the server announced an answer of ${bodyLength} bytes`);
    return { status, body: await this.#inbox.readExactly(bodyLength) };
  }

  async #readHeader(): Promise<Header> {
    const header = decodeHeader(await this.#inbox.readExactly(HEADER_SIZE));
    if (header.command !== RESPONSE_COMMAND || header.bodyLength < 0) {
      throw new Error("the server does not answer as a FastDFS server");
    }
    return header;
  }
}
