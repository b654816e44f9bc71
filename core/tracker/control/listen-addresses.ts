// Where a tracker listens, from its settings (tracker.md §9.2): bind_addr and port, or an inner and an outer address and
// port of their own.

import type { TrackerSettings } from "../../../conf/index.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

type ListenSettings = Pick<
  TrackerSettings,
  "bindAddr" | "innerBindAddr" | "outerBindAddr" | "innerPort" | "outerPort" | "addressFamily"
>;

/** Every address and port once, the inner ones first. `port` is the effective one. */
export function listenAddresses(settings: ListenSettings, port: number): ListenAddress[] {
  const innerPort = settings.innerPort || port;
  const outerPort = settings.outerPort || port;
  const { innerBindAddr, outerBindAddr, bindAddr } = settings;
  const found: ListenAddress[] = [];
  const add = (hosts: readonly string[], at: number): void => {
    for (const host of hosts) {
      if (!found.some((known) => known.host === host && known.port === at)) found.push({ host, port: at });
    }
  };
  if (innerBindAddr !== "" || outerBindAddr !== "") {
    add(split(innerBindAddr), innerPort);
    add(split(outerBindAddr), outerPort);
    return found;
  }
  const hosts = split(bindAddr);
  const all = hosts.length > 0 ? hosts : [anyAddress(settings.addressFamily)];
  add(all, innerPort);
  add(all, outerPort);
  return found;
}

function split(list: string): string[] {
  return list
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
}

function anyAddress(family: TrackerSettings["addressFamily"]): string {
  return family === "IPv6" || family === "both" ? "::" : "0.0.0.0";
}
