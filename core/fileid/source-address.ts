// IP addresses as the four bytes that a file name has room for (storage.md §4.4). Nothing is resolved here: text in,
// bytes out.

import { FileNameError } from "./file-name-error.ts";

export type SourceBytes = readonly [number, number, number, number];

/** The bytes of an IPv4 address, or bytes 8 to 11 of an IPv6 address; throws FileNameError. */
export function addressBytes(address: string): SourceBytes {
  const bytes = address.includes(":") ? ipv6Middle(address) : ipv4(address);
  if (bytes === null) throw new FileNameError(`Cannot put '${address}' into a file name: not an IP address`);
  return bytes;
}

function ipv4(text: string): SourceBytes | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return null;
  return [Number(parts[0]), Number(parts[1]), Number(parts[2]), Number(parts[3])];
}

/** Groups 4 and 5 of the eight. */
function ipv6Middle(address: string): SourceBytes | null {
  const zone = address.indexOf("%");
  const halves = (zone < 0 ? address : address.slice(0, zone)).split("::");
  if (halves.length > 2) return null;
  const head = ipv6Groups(halves[0]!);
  const tail = ipv6Groups(halves[1] ?? "");
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const [high, low] = [groups[4]!, groups[5]!];
  return [high >>> 8, high & 0xff, low >>> 8, low & 0xff];
}

/** The groups of one side of `::`; the last two may be written as an IPv4 address. */
function ipv6Groups(text: string): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  for (const part of text.split(":")) {
    if (part.includes(".")) {
      const bytes = ipv4(part);
      if (bytes === null) return null;
      groups.push(bytes[0] * 256 + bytes[1], bytes[2] * 256 + bytes[3]);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}
