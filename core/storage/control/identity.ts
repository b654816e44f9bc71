// Who this storage is: its id and the four bytes of its id that file names carry (storage.md §4.4, §7.1). Pure; the facts
// come from settings, trackers and the host.

import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { parseStorageIds, type StorageIdEntry } from "../../../conf/index.ts";
import { addressBytes, type SourceBytes } from "../../fileid/source-address.ts";

/** Id without storage ids: the IPv4 text, for IPv6 a short code of 12 characters (tracker.md §4.1). */
export function idOfAddress(address: string): string {
  if (!address.includes(":")) return address;
  // The tracker's CRC has no final inversion.
  const code = new Uint8Array(8);
  new DataView(code.buffer).setUint32(0, ~crc32(address) >>> 0, true);
  return `${Buffer.from(code).toString("base64url")}.`;
}

/** Lines of the trackers' list (FETCH_STORAGE_IDS); throws ConfError when a line cannot be read. */
export function readIdLines(lines: string): StorageIdEntry[] {
  // `[v6]:port` and `a,b:port` are the forms of storage_ids.conf itself.
  return parseStorageIds(lines, "the tracker's storage ids");
}

/** Facts to find the own entry of the list with. */
export interface OwnFacts {
  readonly groupName: string;
  readonly port: number;
  /** server_id of storage.conf; "" = not given. */
  readonly serverId: string;
  /** Addresses of this host that others can reach. */
  readonly addresses: readonly string[];
}

/**
 * The own id where the tracker trusts storages (trust_storage_server_id): the configured one, else that of the entry with
 * our group, port and one of our addresses; null = the tracker must be asked. Throws when the configured id is not in the list.
 */
export function findTrustedId(entries: readonly StorageIdEntry[], facts: OwnFacts): string | null {
  if (facts.serverId !== "") {
    const entry = entries.find((candidate) => candidate.id === facts.serverId);
    if (entry === undefined) {
      throw new Error(`Cannot be storage ${facts.serverId}: server_id is not in the tracker's storage_ids.conf`);
    }
    if (entry.groupName !== facts.groupName) {
      throw new Error(
        `Cannot be storage ${facts.serverId}: it belongs to ${entry.groupName}, group_name is ${facts.groupName}`,
      );
    }
    return entry.id;
  }
  const own = entries.find(
    ({ groupName, port, hosts }) =>
      groupName === facts.groupName &&
      (port === facts.port || port === 0) &&
      hosts.some((host) => facts.addresses.includes(host)),
  );
  return own?.id ?? null;
}

/** The source field of new file names: the id's bytes, little-endian, or the address's. */
export function sourceBytesOf(idType: "ip" | "id", id: string, address: string): SourceBytes {
  if (idType === "ip") return addressBytes(address);
  const number = Number(id);
  return [number & 0xff, (number >>> 8) & 0xff, (number >>> 16) & 0xff, number >>> 24];
}
