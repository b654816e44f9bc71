// One connection to a tracker: typed requests by the declarations of core/wire, refusals as RemoteError.

import type { ServerAddress } from "../../../conf/index.ts";
import { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../../wire/command.ts";
import { quit } from "../../wire/common-commands.ts";

export interface LinkOptions {
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  readonly localAddress?: string;
}

export class TrackerLink {
  readonly #connection: ClientConnection;
  /** The address that was dialled. */
  readonly host: string;

  private constructor(connection: ClientConnection, host: string) {
    this.#connection = connection;
    this.host = host;
  }

  /** Connects to the first of the tracker's addresses that answers. */
  static async open(tracker: ServerAddress, options: LinkOptions): Promise<TrackerLink> {
    const failures: string[] = [];
    let last: unknown;
    for (const host of tracker.hosts) {
      try {
        return new TrackerLink(await ClientConnection.open({ host, port: tracker.port, ...options }), host);
      } catch (error) {
        last = error;
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (failures.length === 1) throw last;
    throw new Error(failures.join("; "));
  }

  get server(): string {
    return this.#connection.server;
  }

  /** Sends one request; throws RemoteError on a status other than 0. */
  async call<Q, S>(command: Command<Q, S>, value: Q): Promise<S> {
    const { status, body } = await this.#connection.request(encodeRequest(command, value));
    if (status !== 0) throw RemoteError.fromStatus(this.server, status);
    return decodeResponse(command, body);
  }

  /** Leaves politely. */
  async quit(): Promise<void> {
    await this.#connection.sendAndClose(encodeRequest(quit, {}));
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
