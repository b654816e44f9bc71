/**
 * Free loopback addresses and ports for servers under test, all in 127.0.20.0 - 127.0.29.255.
 * C storages refuse a tracker on 127.0.0.1 and identify themselves by address, so each server gets its own.
 */
import { createServer } from "node:net";

const FIRST_BLOCK = 20;
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
