// Answers whose content comes from elsewhere: whole at every size, at the pace of the slower side, and what happens when
// either side fails on the way. Real sockets.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import net from "node:net";
import type { Connection } from "../../../../core/net/connection.ts";
import { OPEN_LENGTH } from "../../../../core/net/content-sender.ts";
import { type FrameServer, serveFrames } from "../../../../core/net/frame-server.ts";
import { loadNative } from "../../../../core/runtime/index.ts";
import { encodeHeader } from "../../../../core/wire/header.ts";

type Session = { connection: Connection<Session> };
type Script = () => AsyncGenerator<Uint8Array>;

const KB = 1024;
const HOST = "127.0.31.11";
let server: FrameServer;
/** What the next request is answered with, and the length that its head announces. */
let script: Script;
let announced = 0;
/** Bytes that the content was asked for. */
let produced = 0;
let ended = 0;
const results: { error: Error | null; bytesSent: number }[] = [];

beforeAll(async () => {
  await loadNative();
  server = await serveFrames<Session>({
    hostname: HOST,
    port: 0,
    routes: new Map([
      [1, { kind: "whole" as const, handle: ({ connection }: Session) => answer(connection) }],
      [2, { kind: "whole" as const, handle: ({ connection }: Session) => connection.replyStatus(0) }],
      [3, { kind: "whole" as const, handle: ({ connection }: Session) => answerOpenly(connection) }],
    ]),
    maxBodyBytes: 65536,
    oversize: "einval",
    closeAfterEinval: true,
    networkTimeoutMs: 1000,
    log: { warn() {}, debug() {}, error() {} },
    mayAccept: () => true,
    open: (connection) => ({ connection }),
    closed() {},
  });
});
afterAll(() => server.close(0));

function answer(connection: Connection<Session>): void {
  const head = encodeHeader({ bodyLength: announced, command: 100, status: 0 });
  connection.replyContent(head, script(), (error, bytesSent) => results.push({ error, bytesSent }));
}

function answerOpenly(connection: Connection<Session>): void {
  const head = encodeHeader({ bodyLength: OPEN_LENGTH, command: 100, status: 0 });
  connection.replyOpenContent(head, script(), (error, bytesSent) => results.push({ error, bytesSent }));
}

function prepare(length: number, next: Script): void {
  announced = length;
  script = next;
  produced = 0;
  ended = 0;
  results.length = 0;
}

/** `count` pieces of `size` bytes, each a turn of the event loop after the other was taken. */
const pieces = (count: number, size: number, pauseMs = 0): Script =>
  async function* () {
    try {
      for (let at = 0; at < count; at++) {
        await new Promise((resolve) => (pauseMs > 0 ? setTimeout(resolve, pauseMs) : setImmediate(resolve)));
        produced += size;
        yield Buffer.alloc(size, at & 0xff);
      }
    } finally {
      ended++;
    }
  };

const ask = (...commands: number[]): Buffer =>
  Buffer.concat(commands.map((command) => encodeHeader({ bodyLength: 0, command, status: 0 })));

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Reads until `wanted` bytes or the end. */
function exchange(bytes: Uint8Array, wanted = Number.POSITIVE_INFINITY): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = net.connect(server.port, HOST, () => socket.write(bytes));
    const received: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      socket.destroy();
      resolve(Buffer.concat(received));
    };
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      size += chunk.length;
      if (size >= wanted) finish();
    });
    socket.on("end", finish);
    socket.on("error", finish);
  });
}

function expected(count: number, size: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, at) => Buffer.alloc(size, at & 0xff)));
}

describe("content from elsewhere", () => {
  for (const [count, size] of [
    [0, 1],
    [1, 1],
    [3, 64 * KB],
    [1, 64 * KB + 1],
    [1, 9000 * KB],
    [700, 1000],
    [64, 256 * KB],
  ] as const) {
    test(`${count} pieces of ${size} bytes, with a request before and one behind`, async () => {
      prepare(count * size, pieces(count, size));
      const received = await exchange(ask(2, 1, 2), 30 + count * size);
      expect(received.readBigInt64BE(10)).toBe(BigInt(count * size));
      expect(Buffer.compare(received.subarray(20, -10), expected(count, size))).toBe(0);
      expect(received.subarray(-10)).toEqual(received.subarray(0, 10));
      expect(results).toEqual([{ error: null, bytesSent: count * size }]);
    });
  }

  test("a reader that stops reading holds the content back", async () => {
    prepare(64_000 * KB, pieces(1000, 64 * KB));
    const socket = net.connect(server.port, HOST, () => socket.write(ask(1)));
    socket.pause();
    let last = -1;
    while (last !== produced || produced === 0) {
      last = produced;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // What the kernel's two buffers take, and one piece.
    expect(produced).toBeLessThan(16_000 * KB);
    let size = 0;
    socket.on("data", (chunk: Buffer) => {
      size += chunk.length;
    });
    socket.resume();
    await until("all has come", () => size === 64_000 * KB + 10);
    socket.destroy();
  });

  test("content that comes slowly is no reason to close: its maker watches its own time", async () => {
    prepare(4, pieces(4, 1, 700));
    expect((await exchange(ask(1), 14)).subarray(10)).toEqual(Buffer.from([0, 1, 2, 3]));
  }, 10_000);

  test("a reader that takes nothing for the network timeout is closed, the content is given up", async () => {
    prepare(64_000 * KB, pieces(1000, 64 * KB));
    const socket = net.connect(server.port, HOST, () => socket.write(ask(1)));
    socket.pause();
    socket.on("error", () => {});
    await until("it is given up", () => results.length === 1 && ended === 1);
    expect(results[0]!.error).not.toBeNull();
    expect(results[0]!.bytesSent).toBeLessThan(64_000 * KB);
    socket.destroy();
  }, 10_000);

  test("a client that vanishes ends the iteration", async () => {
    prepare(64_000 * KB, pieces(1000, 64 * KB));
    const socket = net.connect(server.port, HOST, () => socket.write(ask(1)));
    socket.once("data", () => socket.destroy());
    await until("it is given up", () => results.length === 1 && ended === 1);
    expect(server.connectionCount).toBe(0);
  });
});

describe("content that cannot be kept to its length closes the connection", () => {
  test("it fails in the middle", async () => {
    prepare(300, async function* () {
      yield Buffer.alloc(100, 1);
      throw new Error("the source is gone");
    });
    expect((await exchange(ask(1, 2))).length).toBe(110);
    expect(results[0]?.error?.message).toBe("the source is gone");
  });

  test("it fails before its first byte", async () => {
    prepare(300, async function* () {
      yield* [];
      throw new Error("the source is gone");
    });
    expect((await exchange(ask(1, 2))).length).toBe(0);
  });

  test("it ends early", async () => {
    prepare(300, pieces(2, 100));
    expect((await exchange(ask(1, 2))).length).toBe(210);
    expect(results[0]?.error?.message).toBe("the content ended after 200 of 300 bytes");
  });

  test("it goes on", async () => {
    prepare(150, pieces(2, 100));
    expect((await exchange(ask(1, 2))).length).toBe(110);
    expect([results[0]?.error?.message, ended]).toEqual(["the content has more than the announced 150 bytes", 1]);
  });
});

describe("content of unknown length", () => {
  for (const [count, size] of [
    [0, 1],
    [1, 1],
    [5, 64 * KB],
    [300, 1000],
  ] as const) {
    test(`${count} pieces of ${size} bytes, then the connection ends; a request behind is not answered`, async () => {
      prepare(0, pieces(count, size));
      const received = await exchange(ask(2, 3, 2));
      expect(received.subarray(10, 20).toString("hex")).toBe("04000000000000006400");
      expect(Buffer.compare(received.subarray(20), expected(count, size))).toBe(0);
      expect(results).toEqual([{ error: null, bytesSent: count * size }]);
    });
  }
  test("content that fails is cut off", async () => {
    prepare(0, async function* () {
      yield Buffer.alloc(3);
      throw new Error("no more");
    });
    expect((await exchange(ask(3))).length).toBeLessThanOrEqual(13);
    await until("it is over", () => results.length === 1);
    expect(results[0]?.error?.message).toBe("no more");
  });
});
