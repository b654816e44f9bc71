// `#@function NAME` in front of an item (http-config-tools.md §1.5): LOCAL_IP_GET turns the item into this machine's
// addresses, REPLACE_VARS puts `#@set` variables into its value.

import { isIPv4 } from "node:net";
import { replaceVariables, type Variables } from "./directives.ts";
import type { HostFacts } from "./host-facts.ts";
import { confProblem } from "./problem.ts";
import { type Findings, type SourceLine, trim } from "./source-line.ts";

/** The values that stand in place of the annotated one. An unknown function leaves it alone. */
export function annotate(
  annotation: SourceLine,
  name: string,
  value: string,
  host: HostFacts,
  variables: Variables,
  findings: Findings,
): string[] {
  if (name === "REPLACE_VARS") return [replaceVariables(value, variables, annotation, findings)];
  if (name === "LOCAL_IP_GET") return localIps(value, host);
  const message = `there is no function ${name}: the next line is read as it stands`;
  findings.warn(confProblem(annotation, message, { allowed: "LOCAL_IP_GET, REPLACE_VARS" }));
  return [value];
}

function localIps(value: string, host: HostFacts): string[] {
  const match = /^([^[]*)(?:\[\s*(-?\d+)\s*\])?/.exec(value)!;
  const wantsPrivate = /^(inner|private)$/i.test(trim(match[1]!));
  const ips = host.localIps.filter((ip) => isPrivateIp(ip) === wantsPrivate);
  const chosen = match[2] === undefined ? ips : [ips.at(Number(match[2])) ?? ""];
  return chosen.length === 0 ? [""] : chosen;
}

/** 10/8, 172.16/12 and 192.168/16, as C's `is_private_ip`; here also the IPv6 ranges fc00::/7 and fe80::/10. */
function isPrivateIp(ip: string): boolean {
  return isIPv4(ip) ? /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(ip) : /^(f[cd]|fe[89ab])/i.test(ip);
}
