// Links to contents that another storage keeps: a tracker says who may change the source, that storage makes the link
// (CREATE_LINK, trunk-dedup-recovery.md §2.6). One a worker.

import type { ServerAddress } from "../../../conf/index.ts";
import { ConnectionPool } from "../../net/connection-pool.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { type Command, decodeResponse, encodeRequest } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { createLink } from "../../wire/storage-client.ts";
import { queryUpdate } from "../../wire/tracker-query.ts";
import type { FileRef } from "./bookkeeping.ts";

const MAX_IDLE_MS = 30_000;
const PROBE_AFTER_MS = 5000;

export interface OwnerLinkOptions {
  readonly trackers: readonly ServerAddress[];
  /** Addresses and port under which trackers know this storage. */
  readonly ownAddresses: readonly string[];
  readonly ownPort: number;
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  readonly localAddresses: readonly string[];
}

/** Where a link to a source is to be made; null: here. */
export type Owner = { readonly host: string; readonly port: number } | null;

export class OwnerLink {
  readonly #options: OwnerLinkOptions;
  readonly #pool: ConnectionPool;

  constructor(options: OwnerLinkOptions) {
    this.#options = options;
    this.#pool = new ConnectionPool({ ...options, maxIdleMs: MAX_IDLE_MS, probeAfterMs: PROBE_AFTER_MS });
  }

  /** Who may change the file; rejects with the last tracker's RemoteError. */
  async ownerOf(file: FileRef): Promise<Owner> {
    let failure: unknown;
    for (const { hosts, port } of this.#options.trackers) {
      for (const host of hosts) {
        try {
          const { ipAddress, port: storagePort } = await this.#ask(host, port, queryUpdate, file);
          const { ownAddresses, ownPort } = this.#options;
          if (storagePort === ownPort && ownAddresses.includes(ipAddress)) return null;
          return { host: ipAddress, port: storagePort };
        } catch (error) {
          failure = error;
        }
      }
    }
    throw failure;
  }

  /** Has the link made there; rejects with a RemoteError (2: there is no such file). */
  async link(owner: NonNullable<Owner>, source: FileRef, signature: Uint8Array, fileExt: string): Promise<FileRef> {
    return this.#ask(owner.host, owner.port, createLink, {
      groupName: source.groupName,
      prefix: "",
      fileExt,
      masterName: "",
      sourceName: source.fileName,
      signature,
    });
  }

  close(): void {
    this.#pool.close();
  }

  async #ask<Q, S>(host: string, port: number, command: Command<Q, S>, value: Q): Promise<S> {
    const { connection } = await this.#pool.take(host, port);
    try {
      const { status, body } = await connection.request(encodeRequest(command, value));
      if (status !== Status.OK) throw RemoteError.fromStatus(connection.server, status);
      return decodeResponse(command, body);
    } finally {
      this.#pool.release(host, port, connection);
    }
  }
}
