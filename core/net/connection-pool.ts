// Kept connections by server: last in, first out. One that has been idle for a while is probed with ACTIVE_TEST before it
// is trusted, one that has been idle for too long is closed.

import { isIPv6 } from "node:net";
import { encodeRequest } from "../wire/command.ts";
import { activeTest, quit } from "../wire/common-commands.ts";
import { ClientConnection, type ConnectionTarget } from "./client-connection.ts";

export interface PoolOptions {
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  readonly maxIdleMs: number;
  /** Idle longer than this, a connection is probed before use. */
  readonly probeAfterMs: number;
  /** Where connections come from: the first of the server's address family. Absent or empty: the system chooses. */
  readonly localAddresses?: readonly string[];
}

export class ConnectionPool {
  readonly #options: PoolOptions;
  /** By `host:port`, the one used last at the end. */
  readonly #idle = new Map<string, ClientConnection[]>();
  readonly #open = new Set<ClientConnection>();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A connection to the server, kept or fresh; `isFresh` tells which. Rejects with a RemoteError. */
  async take(host: string, port: number): Promise<{ connection: ClientConnection; isFresh: boolean }> {
    const key = `${host}:${port}`;
    for (;;) {
      const connection = this.#idle.get(key)?.pop();
      if (connection === undefined) return { connection: await this.open(host, port), isFresh: true };
      if (!this.#mayBeAlive(connection)) {
        this.#forget(connection);
      } else if (await this.#answers(connection)) {
        return { connection, isFresh: false };
      } else {
        // The others have been idle for longer: what ended this one has ended them too.
        this.#forget(connection);
        for (const other of this.#idle.get(key) ?? []) this.#forget(other);
        this.#idle.delete(key);
      }
    }
  }

  /** A fresh connection; give it back with `release`. Rejects with a RemoteError. */
  async open(host: string, port: number): Promise<ClientConnection> {
    const { connectTimeoutMs, networkTimeoutMs, localAddresses = [] } = this.#options;
    const localAddress = localAddresses.find((address) => isIPv6(address) === isIPv6(host));
    const target: ConnectionTarget = {
      host,
      port,
      connectTimeoutMs,
      networkTimeoutMs,
      ...(localAddress === undefined ? {} : { localAddress }),
    };
    const connection = await ClientConnection.open(target);
    if (this.#isClosed) connection.destroy();
    else this.#open.add(connection);
    return connection;
  }

  /** Gives a connection back; an unusable one is dropped. */
  release(host: string, port: number, connection: ClientConnection): void {
    if (!connection.isUsable || !this.#open.has(connection)) {
      this.#forget(connection);
      return;
    }
    const key = `${host}:${port}`;
    const list = this.#idle.get(key) ?? [];
    this.#idle.set(key, list);
    list.push(connection);
    // A burst leaves connections at the bottom that nobody reaches any more.
    while (list[0] !== undefined && !this.#mayBeAlive(list[0])) this.#forget(list.shift()!);
  }

  /** Closes what has been idle for too long. */
  trim(): void {
    for (const [key, list] of this.#idle) {
      const kept = list.filter((connection) => {
        if (this.#mayBeAlive(connection)) return true;
        this.#forget(connection);
        return false;
      });
      if (kept.length > 0) this.#idle.set(key, kept);
      else this.#idle.delete(key);
    }
  }

  /** Closes everything, politely where nothing is under way. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#open) {
      if (connection.isUsable) void connection.sendAndClose(encodeRequest(quit, {}));
      else connection.destroy();
    }
    this.#open.clear();
    this.#idle.clear();
  }

  #mayBeAlive(connection: ClientConnection): boolean {
    return connection.isUsable && Date.now() - connection.idleSince <= this.#options.maxIdleMs;
  }

  async #answers(connection: ClientConnection): Promise<boolean> {
    const { probeAfterMs, connectTimeoutMs, networkTimeoutMs } = this.#options;
    if (Date.now() - connection.idleSince < probeAfterMs) return true;
    try {
      // A probe must not cost more than a new connection.
      const timeoutMs = Math.min(connectTimeoutMs, networkTimeoutMs);
      const { status } = await connection.request(encodeRequest(activeTest, {}), { timeoutMs });
      return status === 0;
    } catch {
      return false;
    }
  }

  #forget(connection: ClientConnection): void {
    this.#open.delete(connection);
    connection.destroy();
  }
}
