// One request to one server over the pool. A kept connection that proves dead before its answer began is replaced by a
// fresh one, once, when repeating the request does no harm.

import type { ConnectionPool } from "../net/connection-pool.ts";
import { RemoteError } from "../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../wire/command.ts";

/** Host and port of a server to talk to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface CallOptions {
  /** Header status byte of the request. */
  readonly status?: number;
  /** Sending it twice does no harm. */
  readonly isRepeatable?: boolean;
}

/** Sends `value` and decodes the answer; throws RemoteError. */
export async function call<Q, S>(
  pool: ConnectionPool,
  { host, port }: Endpoint,
  command: Command<Q, S>,
  value: Q,
  options: CallOptions = {},
): Promise<S> {
  const packet = encodeRequest(command, value, options.status === undefined ? {} : { status: options.status });
  for (let isRetry = false; ; isRetry = true) {
    const { connection, isFresh } = isRetry
      ? { connection: await pool.open(host, port), isFresh: true }
      : await pool.take(host, port);
    try {
      const { status, body } = await connection.request(packet);
      if (status !== 0) throw RemoteError.fromStatus(connection.server, status);
      // Some C servers echo the request where nothing is expected: it has been read and means nothing (storage.md §2.5).
      return decodeResponse(command, command.response.size(16) === 0 ? new Uint8Array(0) : body);
    } catch (error) {
      const isDead = error instanceof RemoteError && !error.answered;
      if (isFresh || !isDead || options.isRepeatable !== true) throw error;
    } finally {
      pool.release(host, port, connection);
    }
  }
}

/** Sends a request with `length` bytes of content behind it. */
export async function callWithContent<Q, S>(
  pool: ConnectionPool,
  { host, port }: Endpoint,
  command: Command<Q, S>,
  value: Q,
  content: AsyncIterable<Uint8Array>,
  length: number,
): Promise<S> {
  const packet = encodeRequest(command, value, { streamLength: length });
  // Content cannot be sent twice: a connection that was probed or is fresh, nothing else.
  const { connection } = await pool.take(host, port);
  try {
    const { status, body } = await connection.upload(packet, content, length);
    if (status !== 0) throw RemoteError.fromStatus(connection.server, status);
    return decodeResponse(command, command.response.size(16) === 0 ? new Uint8Array(0) : body);
  } finally {
    pool.release(host, port, connection);
  }
}

/** Sends a request whose answer is a stream; the connection goes back to the pool when the stream has ended. */
export async function callForContent<Q>(
  pool: ConnectionPool,
  { host, port }: Endpoint,
  command: Command<Q, unknown>,
  value: Q,
): Promise<{ length: number; content: AsyncIterable<Uint8Array> }> {
  const { connection } = await pool.take(host, port);
  try {
    const { status, length, body } = await connection.download(encodeRequest(command, value));
    if (status !== 0) throw RemoteError.fromStatus(connection.server, status);
    return { length, content: releasing(body, () => pool.release(host, port, connection)) };
  } catch (error) {
    pool.release(host, port, connection);
    throw error;
  }
}

async function* releasing(body: AsyncIterable<Uint8Array>, release: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    release();
  }
}
