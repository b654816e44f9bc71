// Connects a storage to another server, from the address that its settings bind outgoing connections to.

import { isIPv6 } from "node:net";
import type { ServerAddress } from "../../../conf/index.ts";
import { ClientConnection } from "../../net/client-connection.ts";

export interface LinkOptions {
  /** Where outgoing connections come from, at most one address a family; empty: the system chooses. */
  readonly localAddresses: readonly string[];
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
}

/** Connects to the first of the server's addresses that answers; rejects with the last one's RemoteError. */
export async function dial(
  server: ServerAddress,
  options: LinkOptions,
): Promise<{ readonly host: string; readonly connection: ClientConnection }> {
  let failure: unknown;
  for (const host of server.hosts) {
    const local = options.localAddresses.find((address) => isIPv6(address) === isIPv6(host));
    try {
      const connection = await ClientConnection.open({
        host,
        port: server.port,
        ...(local === undefined ? {} : { localAddress: local }),
        connectTimeoutMs: options.connectTimeoutMs,
        networkTimeoutMs: options.networkTimeoutMs,
      });
      return { host, connection };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
