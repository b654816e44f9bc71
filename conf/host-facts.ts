// What `#@if %{LOCAL_IP}`, `%{LOCAL_HOST}` and `#@function LOCAL_IP_GET` ask about this machine. Handed into the reader, so
// that a file can be read as another machine would read it.

import { hostname, networkInterfaces } from "node:os";

export interface HostFacts {
  /** Addresses of all interfaces except loopback, IPv4 before IPv6 within an interface as the system lists them. */
  readonly localIps: readonly string[];
  readonly hostName: string;
}

/** Asks the operating system. */
export function readHostFacts(): HostFacts {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return {
    localIps: addresses.filter(({ internal }) => !internal).map(({ address }) => address),
    hostName: hostname(),
  };
}
