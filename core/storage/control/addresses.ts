// Addresses of a storage: where it listens, where its own connections come from, what its trackers are called. Names of
// trackers are resolved here, because trackers compare addresses literally (tracker.md §4.1).

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  formatServerAddress,
  type ServerAddress,
  type StorageIdEntry,
  type StorageSettings,
} from "../../../conf/index.ts";

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** The port that trackers and peers are told. */
export function announcedPort(settings: StorageSettings): number {
  return settings.innerPort > 0 ? settings.innerPort : settings.port;
}

/** All addresses to listen on, without repeats. */
export function listenAddresses(settings: StorageSettings): ListenAddress[] {
  const everywhere = settings.addressFamily === "IPv6" || settings.addressFamily === "both" ? "::" : "0.0.0.0";
  const side = (own: string, port: number): ListenAddress[] => {
    const hosts = listOf(own === "" ? settings.bindAddr : own);
    return (hosts.length === 0 ? [everywhere] : hosts).map((hostname) => ({ hostname, port: port || settings.port }));
  };
  const all = [
    ...side(settings.innerBindAddr, settings.innerPort),
    ...side(settings.outerBindAddr, settings.outerPort),
  ];
  return [...new Map(all.map((address) => [`${address.hostname} ${address.port}`, address])).values()];
}

/** Where outgoing connections are bound (client_bind). */
export function localAddresses(settings: StorageSettings): string[] {
  if (!settings.clientBind) return [];
  return listOf(settings.innerBindAddr === "" ? settings.bindAddr : settings.innerBindAddr);
}

/** The tracker with addresses in place of names; rejects when a name is unknown. */
export async function resolveTracker(tracker: ServerAddress): Promise<ServerAddress> {
  const hosts: string[] = [];
  for (const host of tracker.hosts) {
    if (isIP(host) !== 0) {
      hosts.push(host);
      continue;
    }
    try {
      hosts.push((await lookup(host)).address);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${formatServerAddress(tracker)}: the name ${host} cannot be resolved (${reason})`);
    }
  }
  return { hosts, port: tracker.port };
}

/** Where another storage of the group can be reached: with storage ids the table may know two addresses. */
export function hostsOf(storageIds: readonly StorageIdEntry[], member: { id: string; ipAddress: string }): string[] {
  const hosts = storageIds.find(({ id }) => id === member.id)?.hosts ?? [];
  return [member.ipAddress, ...hosts.filter((host) => host !== member.ipAddress)];
}
