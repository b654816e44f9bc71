// Content that somebody else takes from the socket: what had arrived before comes first, nobody is asked twice, the next
// request follows, and content that comes two ways at once ends the connection instead of getting mixed.

import { expect, test } from "bun:test";
import { setImmediate as turn } from "node:timers/promises";
import { Connection } from "../../../../core/net/connection.ts";
import type { Route } from "../../../../core/net/frame-protocol.ts";
import type { Socket } from "../../../../core/runtime/index.ts";
import { encodeHeader } from "../../../../core/wire/header.ts";

const TAKE = 1;
const FD = 77;
const ended: (number | string)[] = [];

class PlayedSocket implements Socket {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly localAddress = "127.0.0.1";
  readonly localPort = 2;
  readonly fd = FD;
  readonly written: Uint8Array[] = [];
  isPaused = false;
  isDestroyed = false;
  write(bytes: Uint8Array): number {
    this.written.push(bytes.slice());
    return bytes.length;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  end(): void {}
  destroy(): void {
    this.isDestroyed = true;
  }
  reset(): void {}
  release(): number {
    return -1;
  }
}

interface Session {
  readonly connection: Connection<Session>;
}

/** A connection whose sink leaves its content with every piece that it gets, as a storage does. */
function serve(stop: (() => void) | null) {
  const socket = new PlayedSocket();
  const begun: [fd: number, length: number][] = [];
  const pieces: string[] = [];
  const route: Route<Session> = {
    kind: "stream",
    headSize: () => 0,
    start: ({ connection }) => ({
      write(chunk) {
        pieces.push(Buffer.from(chunk).toString());
        connection.leaveContent((fd, length) => {
          begun.push([fd, length]);
          return stop;
        });
      },
      finish: () => connection.replyStatus(0),
      abort: () => void ended.push("aborted"),
    }),
  };
  const rules = {
    routes: new Map([[TAKE, route]]),
    maxBodyBytes: 1000,
    oversize: "einval",
    closeAfterEinval: true,
    networkTimeoutMs: 1000,
    log: { warn() {}, debug() {}, error() {} },
  } as const;
  const connection = new Connection<Session>(socket, rules, () => {});
  connection.session = { connection };
  return { socket, begun, pieces, connection };
}

const head = (bodyLength: number): Uint8Array => encodeHeader({ bodyLength, command: TAKE, status: 0 });
const packet = (bodyLength: number, content: string): Uint8Array =>
  Buffer.concat([head(bodyLength), Buffer.from(content)]);

test("what came before the pause comes first, and one is asked once", async () => {
  const { socket, begun, pieces, connection } = serve(() => {});
  connection.data(packet(100, "first"));
  expect(socket.isPaused).toBe(true);
  connection.data(Buffer.from("second"));
  await turn();
  await turn();
  expect(pieces).toEqual(["first", "second"]);
  expect(begun).toEqual([[FD, 89]]);
  connection.contentTaken(89);
  connection.resumeBody();
  expect(socket.written.map(({ length }) => length)).toEqual([10]);
  expect(socket.isPaused).toBe(false);
  connection.data(packet(5, "again"));
  await turn();
  expect(pieces).toEqual(["first", "second", "again"]);
  expect(socket.written.length).toBe(2);
});

test("when nobody can, the content goes on as before", async () => {
  const { begun, pieces, connection, socket } = serve(null);
  connection.data(packet(10, "01234"));
  await turn();
  expect(socket.isPaused).toBe(false);
  connection.data(Buffer.from("56789"));
  await turn();
  expect(begun).toEqual([[FD, 5]]);
  expect(pieces.join("")).toBe("0123456789");
  expect(socket.written.length).toBe(1);
});

test("content that comes two ways at once ends the connection", async () => {
  const stopped: string[] = [];
  const { pieces, connection, socket } = serve(() => void stopped.push("stopped"));
  connection.data(packet(100, "first"));
  await turn();
  connection.data(Buffer.from("astray"));
  expect(socket.isDestroyed).toBe(true);
  connection.close();
  expect(stopped).toEqual(["stopped"]);
  expect(pieces).toEqual(["first"]);
  expect(ended).toEqual(["aborted"]);
});

test("a peer that goes before anybody was asked is told of nobody", async () => {
  const { begun, connection } = serve(() => {});
  connection.data(packet(100, "first"));
  connection.close();
  await turn();
  expect(begun).toEqual([]);
});
