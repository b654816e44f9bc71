// The framed server over real sockets: requests whole, byte by byte and cut at random must all give the same answers;
// bad frames get their answer and the server lives on; file replies survive a reader that stops reading.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "../../../../core/net/connection.ts";
import type { BodySink, Route } from "../../../../core/net/frame-protocol.ts";
import { type FrameServer, serveFrames } from "../../../../core/net/frame-server.ts";
import { loadNative } from "../../../../core/runtime/index.ts";
import { encodeHeader } from "../../../../core/wire/header.ts";

const ECHO = 1;
const STREAM = 2;
const FILE = 3;
const LATER = 4;
const REFUSE_STREAM = 5;
const FILE_BYTES = 8 * 1024 * 1024;

let server: FrameServer;
let folder: string;
let filePath: string;
const aborted: string[] = [];

const packet = (command: number, body: Uint8Array): Uint8Array =>
  Buffer.concat([encodeHeader({ bodyLength: body.length, command, status: 0 }), body]);

type Session = { connection: Connection<Session> };

const routes = new Map<number, Route<Session>>([
  [ECHO, { kind: "whole", handle: ({ connection }, body) => connection.reply(packet(100, body)) }],
  [
    STREAM,
    {
      kind: "stream",
      headSize: () => 4,
      start({ connection }, head): BodySink {
        let sum = 0;
        return {
          write(chunk) {
            for (const byte of chunk) sum += byte;
          },
          finish: () => connection.reply(packet(100, Buffer.from(`${Buffer.from(head)}:${sum}`))),
          abort: () => aborted.push("stream"),
        };
      },
    },
  ],
  [
    FILE,
    {
      kind: "whole",
      handle({ connection }, body) {
        const length = Buffer.from(body).readUInt32BE(0);
        const fd = openSync(filePath, "r");
        connection.replyFile(encodeHeader({ bodyLength: length, command: 100, status: 0 }), fd, 0, length, () =>
          closeSync(fd),
        );
      },
    },
  ],
  [LATER, { kind: "whole", handle: ({ connection }) => setTimeout(() => connection.replyStatus(2), 5) }],
  [
    REFUSE_STREAM,
    {
      kind: "stream",
      headSize: () => 1,
      start({ connection }) {
        connection.replyStatus(28);
        return null;
      },
    },
  ],
]);

beforeAll(async () => {
  await loadNative();
  folder = mkdtempSync(join(tmpdir(), "fdfs-net-"));
  filePath = join(folder, "file");
  writeFileSync(filePath, Buffer.alloc(FILE_BYTES, 7));
  server = await serveFrames<Session>({
    hostname: "127.0.0.1",
    port: 0,
    routes,
    maxBodyBytes: 65536,
    oversize: "einval",
    closeAfterEinval: true,
    networkTimeoutMs: 30_000,
    log: { warn() {}, debug() {}, error() {} },
    mayAccept: () => true,
    open: (connection) => ({ connection }),
    closed() {},
  });
});

afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
});

/** Sends the pieces one event-loop turn apart and reads until `expected` bytes or the end. */
function exchange(pieces: Uint8Array[], expected: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.setNoDelay(true);
    const received: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      socket.destroy();
      resolve(Buffer.concat(received));
    };
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      size += chunk.length;
      if (size >= expected) finish();
    });
    socket.on("end", finish);
    socket.on("error", reject);
    socket.on("connect", async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((next) => setImmediate(next));
      }
    });
  });
}

const bytewise = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

describe("framing", () => {
  const requests = Buffer.concat([
    packet(ECHO, Buffer.from("one")),
    packet(STREAM, Buffer.from("head\x01\x02\x03")),
    packet(LATER, Buffer.alloc(0)),
    packet(STREAM, Buffer.from("none")),
    packet(REFUSE_STREAM, Buffer.from("xrefused content")),
    packet(ECHO, Buffer.from("two")),
  ]);
  const answers = Buffer.concat([
    packet(100, Buffer.from("one")),
    packet(100, Buffer.from("head:6")),
    encodeHeader({ bodyLength: 0, command: 100, status: 2 }),
    packet(100, Buffer.from("none:0")),
    encodeHeader({ bodyLength: 0, command: 100, status: 28 }),
    packet(100, Buffer.from("two")),
  ]);

  test("requests in one piece are answered in order", async () => {
    expect(await exchange([requests], answers.length)).toEqual(answers);
  });

  test("requests byte by byte give the same answers", async () => {
    expect(await exchange(bytewise(requests), answers.length)).toEqual(answers);
  });

  test("requests cut at random give the same answers", async () => {
    const seed = Number(process.env.FDFS_SEED ?? Date.now());
    let state = seed;
    const random = (): number => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state / 2147483648;
    };
    for (let round = 0; round < 20; round++) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < requests.length; ) {
        const size = 1 + Math.floor(random() * 20);
        pieces.push(requests.subarray(at, at + size));
        at += size;
      }
      expect(await exchange(pieces, answers.length), `seed ${seed}`).toEqual(answers);
    }
  });
});

describe("bad frames", () => {
  test("an unknown command answers 22 and the connection closes", async () => {
    const answer = await exchange([packet(77, Buffer.from("abc"))], 1000);
    expect(answer).toEqual(Buffer.from(encodeHeader({ bodyLength: 0, command: 100, status: 22 })));
  });

  test("a negative body length closes without an answer", async () => {
    expect(await exchange([encodeHeader({ bodyLength: -1, command: ECHO, status: 0 })], 10)).toEqual(Buffer.alloc(0));
  });

  test("a body above the limit answers 22 before it arrives", async () => {
    const answer = await exchange([encodeHeader({ bodyLength: 2 ** 40, command: ECHO, status: 0 })], 1000);
    expect(answer[9]).toBe(22);
  });

  test("a fixed part longer than the announced body answers 22", async () => {
    expect((await exchange([packet(STREAM, Buffer.from("abc"))], 1000))[9]).toBe(22);
  });

  test("a client that vanishes in mid-stream aborts the sink", async () => {
    aborted.length = 0;
    const socket = net.connect(server.port, "127.0.0.1");
    socket.write(encodeHeader({ bodyLength: 1000, command: STREAM, status: 0 }));
    socket.write("head1234");
    await new Promise((next) => setTimeout(next, 20));
    socket.destroy();
    while (aborted.length === 0) await new Promise((next) => setTimeout(next, 5));
    expect(aborted).toEqual(["stream"]);
  });
});

describe("file replies", () => {
  for (const length of [0, 1, 4096, 40_000, FILE_BYTES]) {
    test(`${length} bytes arrive whole and the connection goes on`, async () => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(length);
      const requests = Buffer.concat([packet(FILE, size), packet(ECHO, Buffer.from("after"))]);
      const answer = await exchange([requests], 10 + length + 15);
      expect(answer.length).toBe(10 + length + 15);
      expect(answer.subarray(10, 10 + length).every((byte) => byte === 7)).toBe(true);
      expect(answer.subarray(-5).toString()).toBe("after");
    });
  }

  test("a reader that stops for a while still gets everything", async () => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(FILE_BYTES);
    const socket = net.connect(server.port, "127.0.0.1");
    socket.write(packet(FILE, size));
    let received = 0;
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received >= FILE_BYTES + 10) return resolve();
        socket.pause();
        setTimeout(() => socket.resume(), 2);
      });
    });
    socket.destroy();
    expect(received).toBe(FILE_BYTES + 10);
  });
});
