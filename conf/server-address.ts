// Addresses of servers as settings and storages write them: `host`, `host:port`, `ip1,ip2:port`, `[v6]:port`
// (http-config-tools.md §1.6). Names are kept as written; resolving them is not settings work.

/** One server with one or two addresses. */
export interface ServerAddress {
  readonly hosts: readonly string[];
  readonly port: number;
}

/** The class of an address (tracker.md §6.7): 1..3 private networks, 4 everything else. */
function addressClass(host: string): number {
  if (host.startsWith("10.")) return 1;
  if (/^172\.(1[6-9]|2\d|3[01])\./.test(host)) return 2;
  return host.startsWith("192.168.") ? 3 : 4;
}

/** Parses one address; a sentence when it is none. */
export function parseServerAddress(text: string, defaultPort: number): ServerAddress | string {
  const bracket = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  let list: string;
  let portText: string | undefined;
  if (bracket !== null) {
    list = bracket[1]!;
    portText = bracket[2];
  } else {
    const colon = text.indexOf(":");
    list = colon < 0 ? text : text.slice(0, colon);
    portText = colon < 0 ? undefined : text.slice(colon + 1);
    if (portText?.includes(":")) return "an IPv6 address stands in brackets: [address]:port";
  }
  const hosts = list.split(",").map((host) => host.trim());
  if (hosts.some((host) => host === "" || /[\s/]/.test(host))) return "expected host:port, ip1,ip2:port or [ipv6]:port";
  if (hosts.length > 2) return `a server has at most 2 addresses, found ${hosts.length}`;
  if (hosts.length === 2 && addressClass(hosts[0]!) === addressClass(hosts[1]!)) {
    return "two addresses of one server must be of different networks: one private and one public, or two private classes";
  }
  const port = portText === undefined ? defaultPort : /^\d+$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65535) return `the port is not in 1..65535: '${portText}'`;
  return { hosts, port };
}

/** `host:port` with brackets where the host is IPv6. */
export function formatServerAddress(address: ServerAddress): string {
  const list = address.hosts.join(",");
  return list.includes(":") ? `[${list}]:${address.port}` : `${list}:${address.port}`;
}

/** Duplicates dropped, sorted by number of addresses, address and port, as C keeps its list. */
export function sortServerAddresses(addresses: readonly ServerAddress[]): ServerAddress[] {
  const unique = new Map(addresses.map((address) => [formatServerAddress(address), address]));
  return [...unique.values()].sort(
    (a, b) =>
      a.hosts.length - b.hosts.length ||
      (a.hosts[0]! < b.hosts[0]! ? -1 : a.hosts[0]! > b.hosts[0]! ? 1 : 0) ||
      a.port - b.port,
  );
}
