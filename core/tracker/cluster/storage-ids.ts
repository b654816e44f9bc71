// The table of storage_ids.conf, searched by id and by address (tracker.md §6.6), and the choice between two addresses of
// one storage (§6.7).

import type { StorageIdEntry } from "../../../conf/index.ts";

export class StorageIds {
  readonly entries: readonly StorageIdEntry[];
  readonly #byId = new Map<string, StorageIdEntry>();
  readonly #byAddress = new Map<string, StorageIdEntry>();

  constructor(entries: readonly StorageIdEntry[]) {
    this.entries = [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const entry of entries) {
      this.#byId.set(entry.id, entry);
      for (const host of entry.hosts) this.#byAddress.set(`${entry.groupName} ${host} ${entry.port}`, entry);
    }
  }

  byId(id: string): StorageIdEntry | undefined {
    return this.#byId.get(id);
  }

  byAddress(groupName: string, host: string, port: number): StorageIdEntry | undefined {
    return this.#byAddress.get(`${groupName} ${host} ${port}`);
  }

  /** The entry of an address and port in any group (STORAGE_GET_GROUP_NAME). */
  byHostAndPort(host: string, port: number): StorageIdEntry | undefined {
    return this.entries.find((entry) => entry.port === port && entry.hosts.includes(host));
  }
}

const UNKNOWN_BELOW = 8;

/** Network class of an address (tracker.md §6.7): 0 unknown, 1..3 private networks, 4 everything else. */
function addressClass(address: string): number {
  if (address.length < UNKNOWN_BELOW) return 0;
  if (address.startsWith("10.")) return 1;
  if (/^172\.(1[6-9]|2\d|3[01])\./.test(address)) return 2;
  return address.startsWith("192.168.") ? 3 : 4;
}

/** The address that a client reaches best: the second when it is of the client's class, else the first. */
export function addressFor(addresses: readonly string[], client: string): string {
  const [first = "", second] = addresses;
  return second !== undefined && addressClass(second) === addressClass(client) ? second : first;
}

/** [inner, outer]: an outer address that stands first is moved behind. */
export function orderAddresses(addresses: readonly string[]): string[] {
  const [first, second] = addresses;
  if (first === undefined || second === undefined) return [...addresses];
  return addressClass(first) === 4 ? [second, first] : [first, second];
}
