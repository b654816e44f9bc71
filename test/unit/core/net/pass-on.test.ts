// A connection that one server has accepted and another one serves: the peer notices nothing, whatever it has sent
// meanwhile, and the end of either side arrives.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import net from "node:net";
import type { Connection } from "../../../../core/net/connection.ts";
import type { Route } from "../../../../core/net/frame-protocol.ts";
import { type FrameServer, serveFrames } from "../../../../core/net/frame-server.ts";
import { loadNative } from "../../../../core/runtime/index.ts";
import { encodeHeader, RESPONSE_COMMAND } from "../../../../core/wire/header.ts";

const ECHO = 1;
const LARGE = 2;
const LARGE_BYTES = 5 * 1024 * 1024;

interface Session {
  readonly connection: Connection<Session>;
}

const answer = (bodyLength: number): Uint8Array =>
  Buffer.concat([encodeHeader({ bodyLength, command: RESPONSE_COMMAND, status: 0 }), Buffer.alloc(bodyLength, 7)]);
const routes = new Map<number, Route<Session>>([
  [ECHO, { kind: "whole", handle: ({ connection }, body) => connection.reply(answer(body.length)) }],
  [LARGE, { kind: "whole", handle: ({ connection }) => connection.reply(answer(LARGE_BYTES)) }],
]);
const rules = {
  hostname: "127.0.0.1",
  port: 0,
  routes,
  maxBodyBytes: 65536,
  oversize: "einval",
  closeAfterEinval: true,
  networkTimeoutMs: 30_000,
  log: { warn() {}, debug() {}, error() {} },
  mayAccept: () => true,
} as const;

const served: string[] = [];
const ended: string[] = [];
const open =
  (name: string) =>
  (connection: Connection<Session>): Session => {
    served.push(name);
    return { connection };
  };
let giver: FrameServer;
let taker: FrameServer;
beforeAll(async () => {
  await loadNative();
  taker = await serveFrames<Session>({ ...rules, open: open("taker"), closed: () => ended.push("taker") });
  giver = await serveFrames<Session>({
    ...rules,
    open: open("giver"),
    closed: () => ended.push("giver"),
    passOn(socket) {
      const fd = socket.release();
      // Later, as between threads.
      setTimeout(() => void taker.adopt(fd), 20);
      return fd >= 0;
    },
  });
});
afterAll(async () => {
  await giver.close(0);
  await taker.close(0);
});

const packet = (command: number, length: number): Uint8Array =>
  Buffer.concat([encodeHeader({ bodyLength: length, command, status: 0 }), Buffer.alloc(length)]);

async function receive(socket: net.Socket, expected: number): Promise<number> {
  for (let received = 0; ; ) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received += chunk.length;
    if (received >= expected) return received;
  }
}

test("what was sent before and after is answered by the other server, and the peer's end is seen", async () => {
  const socket = net.connect(giver.port, "127.0.0.1");
  socket.write(packet(ECHO, 100));
  expect(await receive(socket, 110)).toBe(110);
  socket.write(packet(LARGE, 0));
  expect(await receive(socket, LARGE_BYTES + 10)).toBe(LARGE_BYTES + 10);
  expect(served).toEqual(["taker"]);
  expect(taker.connectionCount).toBe(1);
  expect(giver.connectionCount).toBe(0);
  socket.end();
  await once(socket, "close");
  expect(ended).toEqual(["taker"]);
});

test("a peer that has gone meanwhile leaves nothing behind", async () => {
  const socket = net.connect(giver.port, "127.0.0.1");
  await once(socket, "connect");
  socket.resetAndDestroy();
  await once(socket, "close");
  const next = net.connect(giver.port, "127.0.0.1");
  next.write(packet(ECHO, 1));
  await receive(next, 11);
  // Adopted in order: the one that has gone is over.
  expect(taker.connectionCount).toBe(1);
  next.destroy();
  await once(next, "close");
});

test("the server that took a connection ends it without a reset", async () => {
  const socket = net.connect(giver.port, "127.0.0.1");
  let failure: unknown;
  socket.on("error", (error) => {
    failure = error;
  });
  socket.write(packet(ECHO, 1));
  await receive(socket, 11);
  const end = once(socket, "close");
  await taker.close(0);
  await end;
  expect(failure).toBeUndefined();
});
