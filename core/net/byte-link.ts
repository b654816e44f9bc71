// A connection to a server that does not speak FastDFS: one exchange at a time, bytes out, as many bytes in as the caller's
// reader wants, all within one time limit. After any failure the connection is gone.

import { connect, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { codedError } from "../runtime/socket.ts";
import type { ConnectionTarget } from "./client-connection.ts";
import { ClientInbox } from "./client-inbox.ts";
import { RemoteError } from "./remote-error.ts";

/** What a reader may ask of the answer. */
export type ByteSource = Pick<ClientInbox, "readExactly" | "readSome">;

export class ByteLink implements SocketHandlers {
  /** `host:port`, for messages. */
  readonly server: string;
  readonly #timeoutMs: number;
  readonly #inbox: ClientInbox;
  #socket: Socket | undefined;
  #isClosed = false;
  #isBusy = false;
  /** What the kernel has not taken yet. */
  #rest: Uint8Array = new Uint8Array(0);

  private constructor(target: ConnectionTarget) {
    this.server = target.host.includes(":") ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
    this.#timeoutMs = target.networkTimeoutMs;
    this.#inbox = new ClientInbox({ pause: () => this.#socket?.pause(), resume: () => this.#socket?.resume() });
  }

  /** Connects; rejects with a RemoteError. */
  static async open(target: ConnectionTarget): Promise<ByteLink> {
    const link = new ByteLink(target);
    try {
      link.#socket = await connect({
        host: target.host,
        port: target.port,
        ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
        timeoutMs: target.connectTimeoutMs,
        handlers: () => link,
      });
    } catch (error) {
      throw RemoteError.fromFailure(link.server, error);
    }
    return link;
  }

  /** True while the connection is open and nothing is under way or left over on it. */
  get isUsable(): boolean {
    return !this.#isClosed && !this.#isBusy && this.#inbox.isEmpty;
  }

  /** Sends `request` and lets `read` take the answer; rejects with a RemoteError, or what `read` throws. */
  async exchange<T>(request: Uint8Array, read: (source: ByteSource) => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new Error(`Cannot send to ${this.server}: a request is under way`);
    this.#isBusy = true;
    const timer = setTimeout(
      () => this.#end(codedError("ETIMEDOUT", `no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    try {
      this.#rest = request;
      this.drain();
      const answer = await read(this.#inbox);
      this.#isBusy = false;
      return answer;
    } catch (error) {
      this.destroy();
      throw RemoteError.fromFailure(this.server, error);
    } finally {
      clearTimeout(timer);
    }
  }

  destroy(): void {
    this.#end(codedError("ECONNRESET", "the connection was closed"));
  }

  // ---- socket events ----

  data(chunk: Uint8Array): void {
    this.#inbox.push(chunk);
  }

  drain(): void {
    if (this.#rest.length === 0 || this.#isClosed) return;
    this.#rest = this.#rest.subarray(this.#socket!.write(this.#rest));
  }

  close(error?: Error): void {
    this.#isClosed = true;
    this.#inbox.end(error ?? codedError("ECONNRESET", "the server closed the connection"));
  }

  #end(failure: Error): void {
    if (this.#isClosed) return;
    this.close(failure);
    this.#socket?.destroy();
  }
}
