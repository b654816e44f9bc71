// Who may connect: allow_hosts after its names have been resolved (storage.md §10.1). The expansion of ranges and CIDRs
// is settings work and stands in conf/; this file asks the resolver and answers yes or no.

import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv6 } from "node:net";

/** Addresses, networks and names as the settings give them. */
export interface HostRules {
  readonly addresses: readonly string[];
  readonly cidrs: readonly { readonly address: string; readonly bits: number }[];
  readonly names: readonly string[];
}

export type HostFilter = (address: string) => boolean;

/** Everybody: allow_hosts is absent or has a `*`. */
export const allowAll: HostFilter = () => true;

/** Builds the filter; a name that cannot be resolved is reported and left out, as C does. */
export async function createHostFilter(rules: HostRules, warn: (text: string) => void): Promise<HostFilter> {
  const addresses = new Set<string>(rules.addresses);
  for (const name of rules.names) {
    try {
      for (const found of await lookup(name, { all: true })) addresses.add(found.address);
    } catch {
      warn(`Cannot resolve '${name}' of allow_hosts: left out`);
    }
  }
  const networks = new BlockList();
  for (const { address, bits } of rules.cidrs) networks.addSubnet(address, bits, isIPv6(address) ? "ipv6" : "ipv4");
  return (address) =>
    addresses.has(address) || (isIP(address) !== 0 && networks.check(address, isIPv6(address) ? "ipv6" : "ipv4"));
}
