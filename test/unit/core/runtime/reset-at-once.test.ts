// A server that accepts and resets at once, as one does that is being killed: whoever connects must hear of it, one way or
// the other. A wait without end here once held up replication for ever.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Server } from "node:net";
import { connect } from "../../../../core/runtime/index.ts";

const HOST = "127.0.33.77";
let server: Server;
beforeAll(async () => {
  server = createServer((socket) => socket.resetAndDestroy());
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
});
afterAll(() => void server.close());

test("connecting to a server that resets at once always comes to an end", async () => {
  const { port } = server.address() as AddressInfo;
  for (let round = 0; round < 300; round++) {
    const closed = Promise.withResolvers<void>();
    const handlers = () => ({ data() {}, drain() {}, close: () => closed.resolve() });
    const socket = await connect({ host: HOST, port, timeoutMs: 2000, handlers }).catch(() => null);
    // A connection that was made ends by itself.
    if (socket !== null) await closed.promise;
  }
  expect(server.listening).toBe(true);
}, 30_000);
