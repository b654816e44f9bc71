// One connection of a storage to another one of its group: announced, one request at a time.

import type { ServerAddress } from "../../../conf/index.ts";
import type { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { type Command, encodeRequest } from "../../wire/command.ts";
import { quit } from "../../wire/common-commands.ts";
import { Status } from "../../wire/status.ts";
import { reportServerId } from "../../wire/storage-sync.ts";
import { dial, type LinkOptions } from "../control/dial.ts";

export class PeerLink {
  readonly #connection: ClientConnection;

  private constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  /** Connects and tells who we are: on every connection, C does it on its first only. Rejects with a RemoteError. */
  static async open(peer: ServerAddress, ownId: string, options: LinkOptions): Promise<PeerLink> {
    const { connection } = await dial(peer, options);
    const link = new PeerLink(connection);
    const status = await link.ask(reportServerId, { storageId: ownId });
    if (status === Status.OK) return link;
    link.close();
    throw RemoteError.fromStatus(connection.server, status);
  }

  get isUsable(): boolean {
    return this.#connection.isUsable;
  }

  /** Milliseconds since the last answer. */
  get idleMs(): number {
    return Date.now() - this.#connection.idleSince;
  }

  /** Sends a request; the answer's status. What an answer may carry is thrown away (storage.md §3.6). */
  async ask<Q, S>(command: Command<Q, S>, value: Q, options: { status?: number } = {}): Promise<number> {
    return (await this.#connection.request(encodeRequest(command, value, options))).status;
  }

  /** The same with the answer's body. */
  request<Q, S>(
    command: Command<Q, S>,
    value: Q,
    options: { status?: number } = {},
  ): Promise<{ status: number; body: Uint8Array }> {
    return this.#connection.request(encodeRequest(command, value, options));
  }

  /** Sends fields and content as one packet. */
  async askWith<Q, S>(command: Command<Q, S>, value: Q, content: Uint8Array): Promise<number> {
    const fields = encodeRequest(command, value, { streamLength: content.length });
    const packet = new Uint8Array(fields.length + content.length);
    packet.set(fields);
    packet.set(content, fields.length);
    return (await this.#connection.request(packet)).status;
  }

  /** Sends fields, then `length` bytes of content as they come. */
  async stream<Q, S>(
    command: Command<Q, S>,
    value: Q,
    content: AsyncIterable<Uint8Array>,
    length: number,
  ): Promise<number> {
    const { status } = await this.#connection.upload(
      encodeRequest(command, value, { streamLength: length }),
      content,
      length,
    );
    return status;
  }

  /** Takes leave where nothing is under way. */
  close(): void {
    if (this.#connection.isUsable) void this.#connection.sendAndClose(encodeRequest(quit, {}));
    else this.#connection.destroy();
  }
}
