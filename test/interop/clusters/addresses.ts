/**
 * Free loopback addresses and ports for servers under test, all in 127.0.50.0 - 127.0.59.255.
 * C storages refuse a tracker on 127.0.0.1 and identify themselves by address, so each server gets its own.
 */
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";

const FIRST_BLOCK = 50;
const BLOCKS = 10;
const handedOut = new Set<string>();

/** A loopback address no server of this process has been given yet; all have 12 characters, so answers compare by length. */
export function takeAddress(): string {
  for (;;) {
    const block = FIRST_BLOCK + Math.floor(Math.random() * BLOCKS);
    const host = 100 + Math.floor(Math.random() * 150);
    const address = `127.0.${block}.${host}`;
    if (!handedOut.has(address)) {
      handedOut.add(address);
      return address;
    }
  }
}

/** A port that is free on every one of `addresses` now; storages of one group must share theirs. */
export async function freePort(addresses: readonly string[]): Promise<number> {
  const [first, ...others] = addresses;
  if (first === undefined) throw new Error("freePort needs at least one address");
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = await tryListen(first, 0);
    if (port === null) continue;
    const taken = await Promise.all(others.map((address) => tryListen(address, port)));
    if (taken.every((result) => result === port)) return port;
  }
  throw new Error(`No port is free on all of ${addresses.join(", ")} after 50 attempts`);
}

function tryListen(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve(bound));
    });
  });
}

/**
 * An IPv4 address of this machine besides loopback, or null. C trackers do not bind outgoing connections, and a leader
 * knows a follower by the address it comes from (tracker.md 7.4): on 127.x that is always 127.0.0.1, which no storage
 * accepts as a tracker. Two trackers on one such address with different ports find each other.
 */
export function ownAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return all.find((entry) => entry.family === "IPv4" && !entry.internal)?.address ?? null;
}
