// Server addresses as settings and command lines give them (http-config-tools.md §1.6): `host`, `host:port`,
// `ip1,ip2:port`, `[v6]:port`. Texts only: names are not resolved here.

import { isIP } from "node:net";

/** A server with one or two addresses. */
export interface ServerAddress {
  /** Names or addresses without brackets; of two addresses the inner one comes first. */
  readonly hosts: readonly string[];
  readonly port: number;
}

/** Parses one address; a sentence that tells what is wrong when the text is none. */
export function parseServerAddress(text: string, defaultPort: number): ServerAddress | string {
  const parts = splitPort(text.trim());
  if (typeof parts === "string") return parts;
  const { hostsText, portText } = parts;
  const port = portText === null ? defaultPort : Number(portText);
  if (portText !== null && (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65535)) {
    return `the port ${JSON.stringify(portText)} is not a number from 1 to 65535`;
  }
  const hosts = parseHosts(hostsText);
  return typeof hosts === "string" ? hosts : { hosts, port };
}

/** One or two hosts separated by a comma, IPv6 without brackets. */
function parseHosts(text: string): readonly string[] | string {
  const hosts = text.split(",").map((host) => host.trim());
  if (hosts.length > 2) return `${hosts.length} addresses of one server, at most 2 are possible`;
  for (const host of hosts) {
    if (host === "") return "the address is empty";
    if (isIP(host) === 0 && !/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host)) {
      return `${JSON.stringify(host)} is neither an IP address nor a host name`;
    }
  }
  const [first, second] = hosts as [string, string?];
  if (second === undefined || isIP(first) === 0 || isIP(second) === 0) return hosts;
  if (addressClass(first) === addressClass(second)) {
    return (
      `of the two addresses ${first} and ${second} one must be private and the other public, ` +
      "or both private of different classes (10/8, 172.16/12, 192.168/16)"
    );
  }
  return addressClass(first) === "outer" ? [second, first] : hosts;
}

/** C's fc_get_net_type_by_ip without its trap for addresses of less than 8 characters. Loopback and IPv6 are outer. */
function addressClass(ip: string): "10" | "172" | "192" | "outer" {
  if (ip.startsWith("10.")) return "10";
  if (ip.startsWith("192.168.")) return "192";
  return /^172\.(1[6-9]|2\d|3[01])\./.test(ip) ? "172" : "outer";
}

/** Text of an address in a settings file. */
export function formatServerAddress(address: ServerAddress): string {
  const hosts = address.hosts.join(",");
  return `${hosts.includes(":") ? `[${hosts}]` : hosts}:${address.port}`;
}

/** Without duplicates, in the order C keeps: number of addresses, first address, port. File order does not survive. */
export function sortServerAddresses(addresses: readonly ServerAddress[]): ServerAddress[] {
  const byText = new Map(addresses.map((address) => [formatServerAddress(address), address]));
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...byText.values()].sort(
    (a, b) => a.hosts.length - b.hosts.length || compare(a.hosts.join(","), b.hosts.join(",")) || a.port - b.port,
  );
}

function splitPort(text: string): { hostsText: string; portText: string | null } | string {
  if (text.startsWith("[")) {
    const match = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
    if (match === null) return "a bracketed address must read [address] or [address]:port";
    return { hostsText: match[1]!, portText: match[2] ?? null };
  }
  const at = text.indexOf(":");
  if (at < 0) return { hostsText: text, portText: null };
  if (text.indexOf(":", at + 1) >= 0) return "an IPv6 address must stand in brackets: [address]:port";
  return { hostsText: text.slice(0, at), portText: text.slice(at + 1) };
}
