// Kept connections by server: last in, first out. One that has been idle for a while is probed with ACTIVE_TEST before it
// is trusted, one that has been idle for too long is closed.

import { encodeRequest } from "../wire/command.ts";
import { activeTest, quit } from "../wire/common-commands.ts";
import { encodeHeader } from "../wire/header.ts";
import { ClientConnection, type ConnectionTarget } from "./client-connection.ts";

export interface PoolOptions {
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  readonly maxIdleMs: number;
  /** Idle longer than this, a connection is probed before use. */
  readonly probeAfterMs: number;
  readonly localAddress?: string;
}

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle = new Map<string, ClientConnection[]>();
  readonly #open = new Set<ClientConnection>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A connection to the server, kept or fresh; `isFresh` tells which. Rejects with a RemoteError. */
  async take(host: string, port: number): Promise<{ connection: ClientConnection; isFresh: boolean }> {
    const list = this.#idle.get(`${host}:${port}`);
    for (let connection = list?.pop(); connection !== undefined; connection = list?.pop()) {
      if (await this.#isAlive(connection)) return { connection, isFresh: false };
      this.#forget(connection);
    }
    return { connection: await this.open(host, port), isFresh: true };
  }

  /** A fresh connection; give it back with `release`. */
  async open(host: string, port: number): Promise<ClientConnection> {
    const { connectTimeoutMs, networkTimeoutMs, localAddress } = this.#options;
    const target: ConnectionTarget = {
      host,
      port,
      connectTimeoutMs,
      networkTimeoutMs,
      ...(localAddress === undefined ? {} : { localAddress }),
    };
    const connection = await ClientConnection.open(target);
    this.#open.add(connection);
    return connection;
  }

  /** Gives a connection back; an unusable one is dropped. */
  release(host: string, port: number, connection: ClientConnection): void {
    if (!connection.isUsable || !this.#open.has(connection)) {
      this.#forget(connection);
      return;
    }
    const key = `${host}:${port}`;
    const list = this.#idle.get(key);
    if (list === undefined) this.#idle.set(key, [connection]);
    else list.push(connection);
  }

  /** Closes everything, politely where nothing is under way. */
  close(): void {
    for (const connection of this.#open) {
      if (connection.isUsable) void connection.sendAndClose(encodeRequest(quit, {}));
      else connection.destroy();
    }
    this.#open.clear();
    this.#idle.clear();
  }

  async #isAlive(connection: ClientConnection): Promise<boolean> {
    if (!connection.isUsable) return false;
    const idleMs = Date.now() - connection.idleSince;
    if (idleMs > this.#options.maxIdleMs) return false;
    if (idleMs < this.#options.probeAfterMs) return true;
    try {
      const probe = encodeHeader({ bodyLength: 0, command: activeTest.number, status: 0 });
      return (await connection.request(probe)).status === 0;
    } catch {
      return false;
    }
  }

  #forget(connection: ClientConnection): void {
    this.#open.delete(connection);
    connection.destroy();
  }
}
