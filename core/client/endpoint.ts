// A server as the protocol names it, and the other addresses a two-address server may be reached at (storage_ids.conf,
// tracker_server). Which of them is tried first follows connect_first_by (http-config-tools.md §2.1).

import type { ServerAddress } from "../../conf/server-address.ts";
import type { StorageIdEntry } from "../../conf/storage-ids.ts";

/** Host and port of a server to talk to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.host === other.host && one.port === other.port;
}

/** The storages of a cluster with storage ids: known, to be asked for on first use, or null without ids. */
export type StorageTable = readonly StorageIdEntry[] | (() => Promise<readonly StorageIdEntry[]>) | null;

const keyOf = ({ host, port }: Endpoint): string => `${host}:${port}`;

export class AddressBook {
  readonly #hosts = new Map<string, readonly string[]>();
  /** The host that worked last, by the first of the server's addresses. */
  readonly #last = new Map<string, string>();
  readonly #ids = new Map<number, string>();
  readonly #isLastFirst: boolean;
  #ask: (() => Promise<readonly StorageIdEntry[]>) | null = null;

  constructor(trackers: readonly ServerAddress[], storages: StorageTable, connectFirstBy: "tracker" | "last") {
    this.#isLastFirst = connectFirstBy === "last";
    for (const tracker of trackers) this.#add(tracker);
    if (typeof storages === "function") this.#ask = storages;
    else if (storages !== null) this.#addStorages(storages);
  }

  /** The hosts to try, in order; at least the one given. */
  async hostsOf(server: Endpoint): Promise<readonly string[]> {
    if (!this.#hosts.has(keyOf(server))) await this.#load();
    const hosts = this.#hosts.get(keyOf(server));
    if (hosts === undefined || hosts.length < 2) return [server.host];
    const first = (this.#isLastFirst && this.#last.get(`${hosts[0]}:${server.port}`)) || server.host;
    return [first, ...hosts.filter((host) => host !== first)];
  }

  /** Remembers which address of a server works. */
  connected(server: Endpoint, host: string): void {
    const hosts = this.#hosts.get(keyOf(server));
    if (hosts !== undefined && hosts.length > 1) this.#last.set(`${hosts[0]}:${server.port}`, host);
  }

  /** The first address of the storage with this id, or "". */
  async addressOfId(id: number): Promise<string> {
    if (!this.#ids.has(id)) await this.#load();
    return this.#ids.get(id) ?? "";
  }

  /** Without the table two addresses of a storage are two storages: no reason to fail. It is asked for again later. */
  async #load(): Promise<void> {
    const ask = this.#ask;
    if (ask === null) return;
    this.#ask = null;
    try {
      this.#addStorages(await ask());
    } catch {
      this.#ask = ask;
    }
  }

  #addStorages(entries: readonly StorageIdEntry[]): void {
    for (const entry of entries) {
      this.#add(entry);
      this.#ids.set(Number(entry.id), entry.hosts[0]!);
    }
  }

  #add({ hosts, port }: { hosts: readonly string[]; port: number }): void {
    for (const host of hosts) this.#hosts.set(keyOf({ host, port }), hosts);
  }
}
