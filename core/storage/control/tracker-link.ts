// One connection of a storage to one tracker: typed requests, one at a time, and a polite end. Which tracker and when is
// decided elsewhere.

import type { ServerAddress } from "../../../conf/index.ts";
import type { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../../wire/command.ts";
import { quit } from "../../wire/common-commands.ts";
import { Status } from "../../wire/status.ts";
import type { ReportAnswer } from "../../wire/tracker-report.ts";
import { dial, type LinkOptions } from "./dial.ts";
import { unlessAborted } from "./pause.ts";

export type { LinkOptions } from "./dial.ts";

export class TrackerLink {
  /** The address that was dialled. */
  readonly host: string;
  readonly #connection: ClientConnection;

  private constructor(host: string, connection: ClientConnection) {
    this.host = host;
    this.#connection = connection;
  }

  /** Connects to the first of the tracker's addresses that answers; rejects with the last one's RemoteError. */
  static async open(tracker: ServerAddress, options: LinkOptions): Promise<TrackerLink> {
    const { host, connection } = await dial(tracker, options);
    return new TrackerLink(host, connection);
  }

  /** As `open`; rejects at once when `signal` is aborted, and a connection that comes later is not kept. */
  static async openUnlessAborted(
    tracker: ServerAddress,
    options: LinkOptions,
    signal: AbortSignal,
  ): Promise<TrackerLink> {
    const opening = TrackerLink.open(tracker, options);
    opening.then(
      (link) => {
        if (signal.aborted) link.quit();
      },
      () => {},
    );
    return unlessAborted(opening, signal);
  }

  /** False when it was lost in the middle of something. */
  get isUsable(): boolean {
    return this.#connection.isUsable;
  }

  /** Rejects with a RemoteError; its `status` is what the tracker answered. */
  async request<Q, S>(command: Command<Q, S>, value: Q): Promise<S> {
    return this.#decode(command, await this.#ask(command, value));
  }

  /** For the three reports whose answer may be empty, which means that nothing is new (storage.md §7.4). */
  async report<Q>(command: Command<Q, ReportAnswer>, value: Q): Promise<ReportAnswer> {
    const body = await this.#ask(command, value);
    return body.length === 0 ? { flags: 0, briefs: [] } : this.#decode(command, body);
  }

  /** Takes leave: the tracker need not wait for a broken connection. */
  quit(): void {
    void this.#connection.sendAndClose(encodeRequest(quit, {}));
  }

  async #ask<Q, S>(command: Command<Q, S>, value: Q): Promise<Uint8Array> {
    const { status, body } = await this.#connection.request(encodeRequest(command, value));
    if (status !== Status.OK) throw RemoteError.fromStatus(this.#connection.server, status);
    return body;
  }

  #decode<Q, S>(command: Command<Q, S>, body: Uint8Array): S {
    try {
      return decodeResponse(command, body);
    } catch (error) {
      throw RemoteError.fromFailure(this.#connection.server, error);
    }
  }
}
