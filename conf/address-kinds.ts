// The kinds of settings that name machines: tracker_server, bind_addr, allow_hosts. Their syntax is in server-address.ts
// and allow-hosts.ts; here it becomes table entries that point at the wrong line.

import { isIP } from "node:net";
import { type AllowedHosts, expandAllowHosts, mergeAllowHosts } from "./allow-hosts.ts";
import { text } from "./kinds.ts";
import { formatServerAddress, parseServerAddress, type ServerAddress, sortServerAddresses } from "./server-address.ts";
import type { Setting, SettingFacts } from "./setting.ts";

/** C's readers take 16 trackers and drop the rest without a word. */
const TRACKERS_MAX = 16;
const DEFAULT_TRACKER_PORT = 22122;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `tracker_server`: at least one. Loopback is what C storages refuse; `warnLoopback` says so. */
export function trackerServers(
  facts: SettingFacts & { readonly warnLoopback?: boolean },
): Setting<readonly ServerAddress[]> {
  const { warnLoopback = false, ...rest } = facts;
  const allowed = "host:port, ip1,ip2:port or [IPv6]:port, port 22122 when left out";
  return {
    ...rest,
    kind: "server address",
    allowed,
    repeats: true,
    required: true,
    missing: () => [],
    format: (value) => value.map(formatServerAddress),
    parse(values, reporter) {
      const addresses: ServerAddress[] = [];
      for (const value of values) {
        const address = parseServerAddress(value.text, DEFAULT_TRACKER_PORT);
        if (typeof address === "string") {
          reporter.fail(value, address, { allowed });
          continue;
        }
        addresses.push(address);
        if (warnLoopback && address.hosts.some((host) => ["127.0.0.1", "::1", "fe80::1"].includes(host))) {
          reporter.warn(value, "works here, but C storage servers refuse this address", {
            remedy: "give an address that all servers of the cluster can reach",
          });
        }
      }
      const first = values[TRACKERS_MAX];
      if (first !== undefined) reporter.warn(first, `C programs read only the first ${TRACKERS_MAX} trackers`);
      return sortServerAddresses(addresses);
    },
  };
}

/** Addresses to listen on as they stand in the file: one IPv4, one IPv6, or both with a comma; empty means all. */
export function bindAddresses(facts: SettingFacts): Setting<string> {
  return text({
    ...facts,
    kind: "addresses",
    allowed: "an IPv4 address, an IPv6 address, or both separated by a comma; empty for all addresses",
    check(value) {
      const addresses = value.split(",").map((address) => address.trim().replace(/^\[(.*)\]$/, "$1"));
      if (addresses.length > 2) return "more than two addresses";
      const wrong = value === "" ? undefined : addresses.find((address) => isIP(address) === 0);
      return wrong === undefined ? null : `${JSON.stringify(wrong)} is no IP address`;
    },
  });
}

/** `allow_hosts`: absent or any line `*` lets everybody in; only empty lines let nobody in, as in C. */
export function allowHosts(facts: SettingFacts): Setting<AllowedHosts | null> {
  const allowed = "*, an IP address, a host name, 192.168.5.64/26, 10.0.1.[1-15,20] or host[01-08].domain.com";
  return {
    ...facts,
    kind: "hosts",
    allowed,
    repeats: true,
    required: false,
    missing: () => null,
    format: formatAllowHosts,
    parse(values, reporter) {
      if (values.some((value) => value.text === "*")) return null;
      const rules = values.map((value) => {
        try {
          return expandAllowHosts(value.text);
        } catch (error) {
          reporter.fail(value, reasonOf(error), { allowed });
          return { addresses: [], cidrs: [], names: [] };
        }
      });
      if (values.every((value) => value.text === "")) {
        reporter.warn(values[0]!, "empty: nobody is allowed to connect", { remedy: "write * to allow everybody" });
      }
      return mergeAllowHosts(rules);
    },
  };
}

function formatAllowHosts(hosts: AllowedHosts | null): string[] {
  if (hosts === null) return ["*"];
  const lines = [...hosts.addresses, ...hosts.cidrs.map(({ address, bits }) => `${address}/${bits}`), ...hosts.names];
  return lines.length === 0 ? [""] : lines;
}
