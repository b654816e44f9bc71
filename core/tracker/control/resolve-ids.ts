// Names in storage_ids.conf become addresses when the tracker starts (tracker.md §9.1): storages are found by the address
// they connect from.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { StorageIdEntry } from "../../../conf/index.ts";

/** Entries with addresses only. Rejects with a sentence when a name is not known. */
export async function resolveStorageIds(entries: readonly StorageIdEntry[]): Promise<StorageIdEntry[]> {
  return Promise.all(
    entries.map(async (entry) => ({
      ...entry,
      hosts: await Promise.all(entry.hosts.map((host) => resolve(host, entry))),
    })),
  );
}

async function resolve(host: string, { id }: StorageIdEntry): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    const message = `Cannot resolve '${host}' of storage id ${id}: write its address, or make the name known`;
    throw new Error(message, { cause: error });
  }
}
