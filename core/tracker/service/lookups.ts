// Look-ups by address and id, no join needed (tracker.md §4.16).

import { Buffer } from "node:buffer";
import { formatServerAddress, parseServerAddress } from "../../../conf/index.ts";
import { DEFAULT_STORAGE_PORT, GROUP_NAME_SIZE, HOST_PORT_SIZE, IPV6_SIZE } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import * as lookup from "../../wire/tracker-lookup.ts";
import { briefOf } from "../cluster/reports.ts";
import { orderAddresses } from "../cluster/storage-ids.ts";
import type { Session } from "./context.ts";

const PORT_SIZE = 4;
/** Room that C leaves free at the end of its buffer. */
const IDS_MARGIN = 128;
const rwWords: Readonly<Record<number, string>> = {
  0: " rw=none",
  2: " rw=write",
  4: " rw=read",
  6: "",
};

export function getMyIp(session: Session, body: Uint8Array): void {
  const { groupName, port } = lookup.getMyIp.request.parse(body);
  const { cluster } = session.tracker;
  const peer = session.connection.remoteAddress;
  const entry = cluster.settings.useStorageId ? cluster.ids.byAddress(groupName, peer, port) : undefined;
  session.reply(lookup.getMyIp, {
    addresses: entry === undefined ? peer : orderAddresses(entry.hosts).join(","),
  });
}

export function getGroupName(session: Session, body: Uint8Array): void {
  const { cluster } = session.tracker;
  if (!cluster.settings.useStorageId) throw new ProtocolError("storages have no ids", Status.EOPNOTSUPP);
  if (body.length < PORT_SIZE) throw new ProtocolError(`Cannot use ${body.length} bytes`);
  const { ipAndPort } = lookup.getGroupName.request.parse(body);
  const ipLength = ipAndPort.length - PORT_SIZE;
  if (ipLength >= IPV6_SIZE) throw new ProtocolError("the address is too long", Status.ENAMETOOLONG);
  const bytes = Buffer.from(ipAndPort);
  const ip = ipLength === 0 ? session.connection.remoteAddress : bytes.toString("latin1", 0, ipLength);
  const entry = cluster.ids.byHostAndPort(ip, bytes.readInt32BE(ipLength));
  if (entry === undefined) throw new ProtocolError(`${ip} is not in the storage ids`, Status.ENOENT);
  session.reply(lookup.getGroupName, { groupName: entry.groupName });
}

/** The id that a group and an address stand for; throws 2. */
function idOf(session: Session, groupName: string, host: string): string {
  const { cluster } = session.tracker;
  // Since 6.16 the port belongs to the address: several storages may share a host.
  const address = /:\d+$/.test(host) ? parseServerAddress(host, DEFAULT_STORAGE_PORT) : "no port";
  if (typeof address === "string") throw new ProtocolError(`Cannot use the address '${host}'`);
  const ip = address.hosts[0]!;
  if (!cluster.settings.useStorageId) return ip;
  const entry = cluster.ids.byAddress(groupName, ip, address.port);
  if (entry === undefined) throw new ProtocolError(`${host} is not in the storage ids`, Status.ENOENT);
  return entry.id;
}

function readGroupAndHost(body: Uint8Array): {
  groupName: string;
  host: string;
} {
  if (body.length <= GROUP_NAME_SIZE || body.length > GROUP_NAME_SIZE + HOST_PORT_SIZE)
    throw new ProtocolError(`Cannot use ${body.length} bytes`);
  return lookup.getServerId.request.parse(body);
}

export function getServerId(session: Session, body: Uint8Array): void {
  const { groupName, host } = readGroupAndHost(body);
  session.reply(lookup.getServerId, {
    storageId: idOf(session, groupName, host),
  });
}

export function getStorageStatus(session: Session, body: Uint8Array): void {
  const { groupName, host } = readGroupAndHost(body);
  const storage = session.tracker.cluster.find(groupName)?.find(idOf(session, groupName, host));
  if (storage === undefined) throw new ProtocolError(`${host} of ${groupName} is not there`, Status.ENOENT);
  session.reply(lookup.getStorageStatus, briefOf(storage));
}

export function fetchStorageIds(session: Session, body: Uint8Array): void {
  const { startIndex, allowEmpty } = lookup.fetchStorageIds.request.parse(body);
  const { cluster, maxPackageBytes } = session.tracker;
  if (!cluster.settings.useStorageId) {
    if (!allowEmpty) throw new ProtocolError("storages have no ids", Status.EOPNOTSUPP);
    session.reply(lookup.fetchStorageIds, { total: 0, current: 0, lines: "" });
    return;
  }
  const { entries } = cluster.ids;
  if (startIndex < 0 || startIndex >= entries.length)
    throw new ProtocolError(`Cannot start at ${startIndex} of ${entries.length}`);
  let lines = "";
  let current = 0;
  for (const entry of entries.slice(startIndex)) {
    if (lines.length >= maxPackageBytes - IDS_MARGIN) break;
    const host = formatServerAddress({
      hosts: orderAddresses(entry.hosts),
      port: entry.port,
    });
    lines += `${entry.id} ${entry.groupName} ${host}${rwWords[entry.rwMode] ?? ""}\n`;
    current++;
  }
  session.reply(lookup.fetchStorageIds, {
    total: entries.length,
    current,
    lines,
  });
}
