// One request to one server over the pool. A kept connection that proves dead before its answer began is replaced by a
// fresh one, once, when repeating the request does no harm; a server's other address is tried when the first cannot be
// reached. Refusals become RemoteError.

import type { ClientConnection } from "../net/client-connection.ts";
import type { ConnectionPool } from "../net/connection-pool.ts";
import { RemoteError } from "../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../wire/command.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { Status } from "../wire/status.ts";
import type { AddressBook, Endpoint } from "./endpoint.ts";
import { unlessAborted } from "./interruption.ts";

interface CallOptions {
  /** Header status byte of the request. */
  readonly status?: number;
  /** Sending it twice does no harm. */
  readonly isRepeatable?: boolean;
}

/** Content to be sent once: all of it where it is small, else piece by piece. */
export interface Sendable {
  readonly length: number;
  takeWhole(): Uint8Array | null;
  chunks(): AsyncIterable<Uint8Array>;
}

interface Taken {
  readonly connection: ClientConnection;
  readonly isFresh: boolean;
  release(): void;
}

export class Caller {
  readonly #pool: ConnectionPool;
  readonly #book: AddressBook;

  constructor(pool: ConnectionPool, book: AddressBook) {
    this.#pool = pool;
    this.#book = book;
  }

  /** Sends `value` and decodes the answer; throws RemoteError. */
  async call<Q, S>(server: Endpoint, command: Command<Q, S>, value: Q, options: CallOptions = {}): Promise<S> {
    const packet = encodeRequest(command, value, options.status === undefined ? {} : { status: options.status });
    return this.#over(server, options.isRepeatable === true, undefined, async ({ connection, release }) => {
      try {
        const { status, body } = await connection.request(packet);
        return answerOf(connection, command, status, body);
      } finally {
        release();
      }
    });
  }

  /** Sends a request with `length` bytes of content behind it. Content is sent once: it may be gone after that. */
  async callWithContent<Q, S>(
    server: Endpoint,
    command: Command<Q, S>,
    value: Q,
    content: Sendable,
    signal?: AbortSignal,
  ): Promise<S> {
    const packet = encodeRequest(command, value, { streamLength: content.length });
    return this.#over(server, false, signal, async ({ connection, release }) => {
      try {
        const whole = content.takeWhole();
        const { status, body } = await (whole === null
          ? connection.upload(packet, content.chunks(), content.length)
          : connection.request(joined(packet, whole)));
        // A C storage takes what it had not read of the content for the next request (storage.md §1.1).
        if (status !== 0) connection.destroy();
        return answerOf(connection, command, status, body);
      } finally {
        release();
      }
    });
  }

  /** Sends a request whose answer is a stream; the connection goes back to the pool when the stream has ended. */
  async callForContent<Q>(
    server: Endpoint,
    command: Command<Q, unknown>,
    value: Q,
    signal?: AbortSignal,
  ): Promise<AsyncGenerator<Uint8Array>> {
    const packet = encodeRequest(command, value);
    return this.#over(server, true, signal, async ({ connection, release }) => {
      try {
        const { status, body } = await connection.download(packet);
        if (status !== 0) throw refusal(connection, status);
        return releasing(body, connection, release, signal);
      } catch (error) {
        release();
        throw error;
      }
    });
  }

  /** Runs a conversation on a connection of its own, which nobody uses after it; `signal` ends the wait for a connection. */
  async alone<T>(
    server: Endpoint,
    signal: AbortSignal,
    talk: (connection: ClientConnection) => Promise<T>,
  ): Promise<T> {
    const { connection, release } = await this.#take(server, true, signal);
    try {
      return await talk(connection);
    } finally {
      connection.destroy();
      release();
    }
  }

  async #over<T>(
    server: Endpoint,
    isRepeatable: boolean,
    signal: AbortSignal | undefined,
    run: (taken: Taken) => Promise<T>,
  ): Promise<T> {
    for (let isRetry = false; ; isRetry = true) {
      const taken = await this.#take(server, isRetry, signal);
      try {
        return await ending(taken.connection, signal, () => run(taken));
      } catch (error) {
        signal?.throwIfAborted();
        const isDead = error instanceof RemoteError && !error.answered && error.status !== Status.ETIMEDOUT;
        if (taken.isFresh || !isDead || !isRepeatable) throw error;
      }
    }
  }

  async #take(server: Endpoint, mustBeFresh: boolean, signal: AbortSignal | undefined): Promise<Taken> {
    const { port } = server;
    const failures: RemoteError[] = [];
    for (const host of await this.#book.hostsOf(server)) {
      const release = (connection: ClientConnection): void => this.#pool.release(host, port, connection);
      try {
        const work = mustBeFresh
          ? this.#pool.open(host, port).then((connection) => ({ connection, isFresh: true }))
          : this.#pool.take(host, port);
        const { connection, isFresh } = await unlessAborted(work, signal, (late) => release(late.connection));
        this.#book.connected(server, host);
        return { connection, isFresh, release: () => release(connection) };
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        failures.push(error);
      }
    }
    throw together(failures);
  }
}

/** Request and content in one piece: one system call and mostly one packet. */
function joined(packet: Uint8Array, content: Uint8Array): Uint8Array {
  if (content.length === 0) return packet;
  const both = new Uint8Array(packet.length + content.length);
  both.set(packet);
  both.set(content, packet.length);
  return both;
}

/** One error for all addresses of a server. */
function together(failures: readonly RemoteError[]): RemoteError {
  const [first, ...others] = failures;
  if (first === undefined || others.length === 0) return first!;
  const detail = first.message.slice(first.server.length + 2);
  const text = [detail, ...others.map(({ message }) => message)].join("; ");
  return new RemoteError(first.server, failures.at(-1)!.status, false, text, first.cause);
}

/** One request on a connection that `alone` gave; throws RemoteError. */
export async function ask<Q, S>(
  connection: ClientConnection,
  command: Command<Q, S>,
  value: Q,
  options: { readonly status?: number; readonly timeoutMs?: number } = {},
): Promise<S> {
  const packet = encodeRequest(command, value, options.status === undefined ? {} : { status: options.status });
  const { timeoutMs } = options;
  const { status, body } = await connection.request(packet, timeoutMs === undefined ? {} : { timeoutMs });
  return answerOf(connection, command, status, body);
}

function refusal(connection: ClientConnection, status: number): RemoteError {
  // A C storage closes the connection behind this answer (storage.md §1.1); it must not be found in the pool.
  if (status === Status.EINVAL) connection.destroy();
  return RemoteError.fromStatus(connection.server, status);
}

function answerOf<Q, S>(connection: ClientConnection, command: Command<Q, S>, status: number, body: Uint8Array): S {
  if (status !== 0) throw refusal(connection, status);
  try {
    // Some C servers echo the request where nothing is expected: it has been read and means nothing (storage.md §2.5).
    return decodeResponse(command, command.response.size(16) === 0 ? new Uint8Array(0) : body);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    connection.destroy();
    throw new RemoteError(connection.server, error.status, true, error.message, error);
  }
}

/** Runs something on a connection that an abort closes. */
async function ending<T>(
  connection: ClientConnection,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return run();
  const stop = (): void => connection.destroy();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await run();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function* releasing(
  body: AsyncIterable<Uint8Array>,
  connection: ClientConnection,
  release: () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const stop = (): void => connection.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const chunk of body) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    release();
  }
}
