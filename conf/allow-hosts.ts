// `allow_hosts` lines as rules (storage.md §10.1): addresses, IPv4 networks, names, and one bracket list with ranges that
// is expanded here. Resolving names and asking whether an address matches is the network room's.

import { isIP } from "node:net";

/** Who may connect; empty lists let nobody in. Where everybody may, the settings have null instead. */
export interface AllowedHosts {
  readonly addresses: readonly string[];
  readonly cidrs: readonly { readonly address: string; readonly bits: number }[];
  readonly names: readonly string[];
}

const EXPANDED_HOSTS_MAX = 65_536;

/** One line's hosts. Error with the reason when the line is wrong. */
export function expandAllowHosts(line: string): AllowedHosts {
  const empty: AllowedHosts = { addresses: [], cidrs: [], names: [] };
  if (line === "") return empty;
  if (line.includes("[")) return classify(expandBrackets(line));
  if (!line.includes("/")) return classify([line]);
  const [address, bitsText] = line.split("/", 2) as [string, string];
  const family = isIP(address);
  const bits = Number(bitsText);
  if (family === 0 || !/^\d{1,3}$/.test(bitsText) || bits < 1 || bits > (family === 4 ? 32 : 128)) {
    throw new Error("not a network: write address/bits such as 192.168.5.64/26");
  }
  return { ...empty, cidrs: [{ address, bits }] };
}

/** All lines together. Empty lines allow nobody by themselves. */
export function mergeAllowHosts(rules: readonly AllowedHosts[]): AllowedHosts {
  const unique = (values: readonly string[]): string[] => [...new Set(values)];
  return {
    addresses: unique(rules.flatMap((rule) => rule.addresses)),
    cidrs: rules.flatMap((rule) => rule.cidrs),
    names: unique(rules.flatMap((rule) => rule.names)),
  };
}

function classify(hosts: readonly string[]): AllowedHosts {
  for (const host of hosts) {
    if (isIP(host) === 0 && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(host)) {
      throw new Error(`${JSON.stringify(host)} is neither an IP address nor a host name`);
    }
  }
  return {
    addresses: hosts.filter((host) => isIP(host) !== 0),
    cidrs: [],
    names: hosts.filter((host) => isIP(host) === 0),
  };
}

/** `host[01-03,7].lan`: numbers keep the width of a range's first number. */
function expandBrackets(line: string): string[] {
  const match = /^([^[\]]*)\[([^[\]]*)\]([^[\]]*)$/.exec(line);
  if (match === null) throw new Error("there must be exactly one pair of brackets");
  const [, head, list, tail] = match as unknown as [string, string, string, string];
  const hosts: string[] = [];
  for (const part of list.split(",")) {
    const range = /^\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*$/.exec(part);
    if (range === null) throw new Error(`${JSON.stringify(part)} is neither a number nor a range such as 1-15`);
    const first = Number(range[1]);
    const end = Number(range[2] ?? range[1]);
    if (end < first) throw new Error(`the range ${part.trim()} ends before it starts`);
    if (hosts.length + end - first >= EXPANDED_HOSTS_MAX) {
      throw new Error(`more than ${EXPANDED_HOSTS_MAX} hosts in one line: use a network (address/bits)`);
    }
    for (let number = first; number <= end; number++) {
      hosts.push(`${head}${String(number).padStart(range[1]!.length, "0")}${tail}`);
    }
  }
  return hosts;
}
