// A scripted server on a free loopback port: it collects whole requests and sends the bytes it is told to. It is plain
// node:net on purpose, so that none of our own framing stands between a test and the wire.

import net from "node:net";

const HEADER_SIZE = 10;

/** What to do with a request: send bytes, close the connection, or nothing at all. */
export type Reaction = Uint8Array | "close" | "silence";

export interface FakeServer {
  readonly host: string;
  readonly port: number;
  /** Whole requests in the order of their arrival, headers included. */
  readonly requests: Buffer[];
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Ends all connections, as a server does that restarts. */
  drop(): void;
  close(): Promise<void>;
}

/** `react` gets each whole request; `count` is its number, from 1. `host` other than 127.0.0.1 makes a second address. */
export function startFakeServer(
  react: (request: Buffer, count: number) => Reaction,
  options: { host?: string; port?: number } = {},
): Promise<FakeServer> {
  const requests: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  let accepted = 0;
  const server = net.createServer((socket) => {
    accepted++;
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= HEADER_SIZE) {
        const size = HEADER_SIZE + Number(received.readBigInt64BE(0));
        if (received.length < size) return;
        const request = received.subarray(0, size);
        received = received.subarray(size);
        requests.push(request);
        const reaction = react(request, requests.length);
        if (reaction === "close") socket.destroy();
        else if (reaction !== "silence") socket.write(reaction);
      }
    });
  });
  const host = options.host ?? "127.0.0.1";
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, () => {
      const { port } = server.address() as net.AddressInfo;
      resolve({
        host,
        port,
        requests,
        get accepted() {
          return accepted;
        },
        get open() {
          return sockets.size;
        },
        drop,
        close: () =>
          new Promise((done) => {
            drop();
            server.close(() => done());
          }),
      });
    });
  });
}

/** A response: header with this status, then the body. */
export function response(body: Uint8Array | string = "", status = 0): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeBigInt64BE(BigInt(bytes.length));
  header[8] = 100;
  header[9] = status;
  return Buffer.concat([header, bytes]);
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
