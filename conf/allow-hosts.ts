// allow_hosts: who may connect (storage.md §10.1). Expands ranges and networks to a plain specification; resolving names
// and matching connections is done where connections are.

import { isIP } from "node:net";

/** null: everybody. Empty lists: nobody. */
export interface AllowedHosts {
  readonly addresses: readonly string[];
  readonly cidrs: readonly { readonly address: string; readonly bits: number }[];
  readonly names: readonly string[];
}

const RANGE_LIMIT = 65_536;

/** Expands one bracket list, `10.0.1.[1-15,20]` or `host[01-08].x`; null when it is malformed. */
function expandRange(text: string): string[] | null {
  const match = /^([^[\]]*)\[([^[\]]+)\]([^[\]]*)$/.exec(text);
  if (match === null) return /[[\]]/.test(text) ? null : [text];
  const expanded: string[] = [];
  for (const part of match[2]!.split(",")) {
    const range = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    if (range === null) return null;
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (last < first || last - first > RANGE_LIMIT) return null;
    // Numbers are printed with the width of the first one.
    for (let n = first; n <= last; n++)
      expanded.push(match[1]! + String(n).padStart(range[1]!.length, "0") + match[3]!);
  }
  return expanded;
}

/** The specification of all lines; null for "everybody"; a problem text for each line that cannot be used. */
export function parseAllowHosts(lines: readonly string[]): {
  hosts: AllowedHosts | null;
  problems: [line: string, message: string][];
} {
  const problems: [string, string][] = [];
  if (lines.length === 0 || lines.some((line) => line === "*")) return { hosts: null, problems };
  const addresses: string[] = [];
  const cidrs: { address: string; bits: number }[] = [];
  const names: string[] = [];
  for (const line of lines) {
    if (line === "") continue;
    const cidr = /^([^/]+)\/(\d+)$/.exec(line);
    if (cidr !== null) {
      const bits = Number(cidr[2]);
      if (isIP(cidr[1]!) === 0 || bits > (isIP(cidr[1]!) === 4 ? 32 : 128))
        problems.push([line, "expected address/bits"]);
      else cidrs.push({ address: cidr[1]!, bits });
      continue;
    }
    const expanded = expandRange(line);
    if (expanded === null)
      problems.push([line, "expected *, an address, a name, address/bits, or one range such as 10.0.1.[1-15,20]"]);
    else for (const host of expanded) (isIP(host) === 0 ? names : addresses).push(host);
  }
  return { hosts: { addresses, cidrs, names }, problems };
}
