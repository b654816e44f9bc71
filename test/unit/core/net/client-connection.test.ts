// One client connection against scripted servers: answers whole, byte by byte and cut at random; uploads that are refused
// half-way; slow readers; peers that vanish, stall or speak another protocol.

import { afterEach, describe, expect, test } from "bun:test";
import net from "node:net";
import { ClientConnection } from "../../../../core/net/client-connection.ts";
import { RemoteError } from "../../../../core/net/remote-error.ts";
import { type FakeServer, type Reaction, response, startFakeServer, until } from "./client-fake-server.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const REQUEST = Buffer.from("00000000000000046f0061626364", "hex");

async function fake(react: (request: Buffer, count: number) => Reaction): Promise<FakeServer> {
  const server = await startFakeServer(react);
  closers.push(() => server.close());
  return server;
}

/** A server that does with the raw socket what the test wants. */
async function raw(serve: (socket: net.Socket) => void): Promise<{ port: number }> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port };
}

async function open(port: number, networkTimeoutMs = 5000): Promise<ClientConnection> {
  const connection = await ClientConnection.open({ host: "127.0.0.1", port, connectTimeoutMs: 5000, networkTimeoutMs });
  closers.push(() => connection.destroy());
  return connection;
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: Error) => error,
  );
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("request", () => {
  test("sends the packet as it is and returns status and body", async () => {
    const server = await fake(() => response("body", 2));
    const connection = await open(server.port);
    const { status, body } = await connection.request(REQUEST);
    expect(status).toBe(2);
    expect(Buffer.from(body).toString()).toBe("body");
    expect(server.requests).toEqual([REQUEST]);
    expect(connection.isUsable).toBe(true);
  });

  const cuts: [name: string, pieces: (answer: Buffer) => Buffer[]][] = [
    ["whole", (answer) => [answer]],
    ["byte by byte", (answer) => Array.from(answer, (byte) => Buffer.from([byte]))],
    ["cut at random", (answer) => cutAtRandom(answer)],
  ];
  test.each(cuts)("understands an answer that comes %s", async (_, pieces) => {
    const answer = response("0123456789".repeat(20));
    const server = await raw((socket) => {
      socket.setNoDelay(true);
      socket.once("data", async () => {
        for (const piece of pieces(answer)) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    });
    const { body } = await (await open(server.port)).request(REQUEST);
    expect(Buffer.from(body).toString()).toBe("0123456789".repeat(20));
  });

  test("a second request at the same time is refused, the first goes on", async () => {
    const server = await fake(() => response());
    const connection = await open(server.port);
    const first = connection.request(REQUEST);
    expect((await failure(connection.request(REQUEST))).message).toContain("a request is under way");
    expect((await first).status).toBe(0);
  });

  test("a server that closes instead of answering is a RemoteError with ECONNRESET", async () => {
    const server = await fake(() => "close");
    const connection = await open(server.port);
    const error = await failure(connection.request(REQUEST));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ status: 104, answered: false, server: `127.0.0.1:${server.port}` });
    expect(connection.isUsable).toBe(false);
  });

  test("a server that says nothing is a RemoteError with ETIMEDOUT", async () => {
    const server = await fake(() => "silence");
    const connection = await open(server.port, 30);
    const error = await failure(connection.request(REQUEST));
    expect(error).toMatchObject({ status: 110, answered: false });
    expect(error.message).toBe(`127.0.0.1:${server.port}: connection timed out`);
  });

  test("a time limit of its own ends one request only", async () => {
    const server = await fake((_, count) => (count === 1 ? response() : "silence"));
    const connection = await open(server.port, 60_000);
    await connection.request(REQUEST);
    expect(await failure(connection.request(REQUEST, { timeoutMs: 20 }))).toMatchObject({ status: 110 });
  });

  test("a refused connection is a RemoteError with ECONNREFUSED", async () => {
    const server = await startFakeServer(() => "silence");
    await server.close();
    expect(await failure(open(server.port))).toMatchObject({ status: 111, answered: false });
  });

  const strangers: [name: string, answer: Buffer][] = [
    ["text of another protocol", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["a negative length", Buffer.from("ffffffffffffffff6400", "hex")],
    ["a huge length", Buffer.from("00ffffffffffffff6400", "hex")],
  ];
  test.each(strangers)("%s is an error at once", async (_, answer) => {
    const server = await fake(() => answer);
    const connection = await open(server.port);
    expect(await failure(connection.request(REQUEST))).toMatchObject({ answered: false });
    expect(connection.isUsable).toBe(false);
  });

  test("bytes nobody asked for make the connection unusable", async () => {
    const server = await fake(() => Buffer.concat([response(), Buffer.from("more")]));
    const connection = await open(server.port);
    await connection.request(REQUEST);
    await until(() => !connection.isUsable);
  });
});

describe("upload", () => {
  const SIZE = 8 * 1024 * 1024;
  const packet = (length: number): Buffer => {
    const header = Buffer.alloc(10);
    header.writeBigInt64BE(BigInt(length));
    header[8] = 11;
    return header;
  };
  async function* pieces(count: number, size: number, pulled: { count: number }): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < count; index++) {
      pulled.count++;
      yield Buffer.alloc(size, index);
    }
  }

  test("the content arrives in order, whatever the socket takes at a time", async () => {
    const server = await fake((request) => response(request.subarray(10)));
    const pulled = { count: 0 };
    const { body } = await (await open(server.port)).upload(packet(SIZE), pieces(32, SIZE / 32, pulled), SIZE);
    expect(body.length).toBe(SIZE);
    for (let index = 0; index < 32; index++) expect(body[(index * SIZE) / 32]).toBe(index);
  });

  test("a receiver that does not read stops the source", async () => {
    const server = await raw((socket) => socket.pause());
    const connection = await open(server.port);
    const pulled = { count: 0 };
    const huge = 64 * 1024 * 1024;
    const sending = failure(connection.upload(packet(huge), pieces(1024, huge / 1024, pulled), huge));
    await until(() => pulled.count > 0);
    let before = -1;
    // Until the kernel's buffers are full the source is read; then no more.
    while (before !== pulled.count) {
      before = pulled.count;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(pulled.count).toBeLessThan(1024);
    connection.destroy();
    expect(await sending).toBeInstanceOf(RemoteError);
  });

  test("a refusal in the middle ends the sending, is returned, and ends the connection", async () => {
    const server = await raw((socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write(response("", 28));
      });
    });
    const connection = await open(server.port);
    const pulled = { count: 0 };
    const huge = 64 * 1024 * 1024;
    const { status } = await connection.upload(packet(huge), pieces(1024, huge / 1024, pulled), huge);
    expect(status).toBe(28);
    expect(pulled.count).toBeLessThan(1024);
    expect(connection.isUsable).toBe(false);
  });

  test("a refusal is returned even when the server closes behind it", async () => {
    const server = await raw((socket) => {
      socket.once("data", () => socket.end(response("", 22)));
    });
    const connection = await open(server.port);
    const { status } = await connection.upload(packet(SIZE), pieces(32, SIZE / 32, { count: 0 }), SIZE);
    expect(status).toBe(22);
  });

  test("what the content throws is thrown as it is", async () => {
    const server = await fake(() => response());
    const connection = await open(server.port);
    const broken = new Error("the disk is gone");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10);
      throw broken;
    }
    expect(await failure(connection.upload(packet(20), failing(), 20))).toBe(broken);
    expect(connection.isUsable).toBe(false);
  });

  const wrong: [name: string, yielded: number, message: string][] = [
    ["too short", 9, "it ended after 9 of 10 bytes"],
    ["too long", 11, "it has more than the announced 10 bytes"],
  ];
  test.each(wrong)("content that is %s is an error", async (_, yielded, message) => {
    const server = await fake(() => response());
    const connection = await open(server.port);
    const error = await failure(connection.upload(packet(10), pieces(1, yielded, { count: 0 }), 10));
    expect(error.message).toBe(`Cannot send the content: ${message}`);
    expect(error).not.toBeInstanceOf(RemoteError);
  });
});

describe("download", () => {
  const SIZE = 32 * 1024 * 1024;

  test("the body is a stream, then the connection is free again", async () => {
    const server = await fake(() => response("content"));
    const connection = await open(server.port);
    for (let round = 0; round < 2; round++) {
      const { status, length, body } = await connection.download(REQUEST);
      expect([status, length]).toEqual([0, 7]);
      expect(connection.isUsable).toBe(false);
      expect((await collect(body)).toString()).toBe("content");
      expect(connection.isUsable).toBe(true);
    }
    expect(server.accepted).toBe(1);
  });

  test("an empty body leaves the connection free at once", async () => {
    const server = await fake(() => response("", 2));
    const connection = await open(server.port);
    const { status, body } = await connection.download(REQUEST);
    expect(status).toBe(2);
    expect(connection.isUsable).toBe(true);
    expect((await collect(body)).length).toBe(0);
    expect(connection.isUsable).toBe(true);
  });

  test("a consumer that is slow stops the sender, and gets everything", async () => {
    const content = Buffer.alloc(SIZE);
    for (let at = 0; at < SIZE; at += 4096) content.writeUInt32BE(at, at);
    let sender: net.Socket | undefined;
    const server = await raw((socket) => {
      sender = socket;
      socket.once("data", () => socket.write(response(content)));
    });
    const connection = await open(server.port);
    const { body } = await connection.download(REQUEST);
    const iterator = body[Symbol.asyncIterator]();
    const first = await iterator.next();
    let before = -1;
    while (before !== sender!.writableLength) {
      before = sender!.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(sender!.writableLength).toBeGreaterThan(SIZE / 4);
    const received = [first.value as Uint8Array];
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) received.push(step.value);
    expect(Buffer.concat(received).equals(content)).toBe(true);
  });

  test("a consumer may take longer than the network timeout", async () => {
    const server = await fake(() => response(Buffer.alloc(SIZE)));
    const connection = await open(server.port, 400);
    const { body } = await connection.download(REQUEST);
    let size = 0;
    for await (const chunk of body) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 900));
      size += chunk.length;
    }
    expect(size).toBe(SIZE);
  });

  test("a body that stops half-way is an error, not a short file", async () => {
    const server = await raw((socket) => {
      socket.once("data", () => socket.end(response(Buffer.alloc(1000)).subarray(0, 500)));
    });
    const { body } = await (await open(server.port)).download(REQUEST);
    expect(await failure(collect(body))).toMatchObject({ status: 104, answered: false });
  });

  test("a body that stalls is an error after the network timeout", async () => {
    const server = await raw((socket) => {
      socket.once("data", () => socket.write(response(Buffer.alloc(1000)).subarray(0, 500)));
    });
    const { body } = await (await open(server.port, 50)).download(REQUEST);
    expect(await failure(collect(body))).toMatchObject({ status: 110, answered: false });
  });

  test("a consumer that stops early ends the connection", async () => {
    const server = await fake(() => response(Buffer.alloc(SIZE)));
    const connection = await open(server.port);
    const { body } = await connection.download(REQUEST);
    for await (const _ of body) break;
    expect(connection.isUsable).toBe(false);
    await until(() => server.open === 0);
  });
});

/** Pieces of 1 to 9 bytes. */
function cutAtRandom(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(Math.random() * 9);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
