// Loopback addresses for the servers of the cluster tests, all in 127.0.40.0 - 127.0.44.255. Storages of a group share their
// port, so each needs an address of its own.

const FIRST_BLOCK = 40;
const BLOCKS = 5;
const handedOut = new Set<string>();

/** An address that no server of this process has been given yet. */
export function takeAddress(): string {
  for (;;) {
    const block = FIRST_BLOCK + Math.floor(Math.random() * BLOCKS);
    const address = `127.0.${block}.${10 + Math.floor(Math.random() * 240)}`;
    if (handedOut.has(address)) continue;
    handedOut.add(address);
    return address;
  }
}
