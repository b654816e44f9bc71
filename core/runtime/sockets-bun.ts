// Sockets on Bun.listen and Bun.connect: the fast path. Bun's write() may take a part and buffers nothing, which is
// exactly the contract of Socket.

import type { Socket as BunSocket, TCPSocketListenOptions } from "bun";
import { native } from "./native.ts";
import {
  type ConnectOptions,
  codedError,
  type Listener,
  type ListenOptions,
  type Socket,
  type SocketHandlers,
} from "./socket.ts";

class Adapter implements Socket {
  handlers: SocketHandlers | undefined;
  closed = false;
  readonly #socket: BunSocket<Adapter>;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;

  constructor(socket: BunSocket<Adapter>) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort;
  }

  get fd(): number {
    return this.closed ? -1 : ((this.#socket as unknown as { fd?: number }).fd ?? -1);
  }

  write(bytes: Uint8Array): number {
    if (this.closed) return 0;
    const taken = this.#socket.write(bytes);
    return Math.max(taken, 0);
  }

  pause(): void {
    if (!this.closed) this.#socket.pause();
  }

  resume(): void {
    if (!this.closed) this.#socket.resume();
  }

  end(): void {
    if (!this.closed) this.#socket.shutdown();
  }

  destroy(): void {
    // end() closes at once with a FIN where it can; terminate() would always send a reset.
    if (!this.closed) this.#socket.end();
  }

  reset(): void {
    if (!this.closed) this.#socket.terminate();
  }

  release(): number {
    const calls = native();
    const { fd } = this;
    const copy = calls === null || fd < 0 ? -1 : calls.duplicate(fd);
    if (calls === null || copy < 0) return -1;
    // Of Bun's ways to close this is the one that sends no FIN; the reset it arms has no effect while the copy is open.
    this.closed = true;
    this.#socket.terminate();
    calls.closeSoftly(copy);
    return copy;
  }

  finish(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.handlers?.close(error);
  }
}

/** `::ffff:1.2.3.4` of a dual-stack listener is the IPv4 address that peers know. */
function plainAddress(address: string | undefined): string {
  // A peer that has gone at once leaves a socket without addresses.
  if (address === undefined) return "";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

const events = {
  data: (socket: BunSocket<Adapter>, chunk: Uint8Array) => socket.data.handlers?.data(chunk),
  drain: (socket: BunSocket<Adapter>) => socket.data.handlers?.drain(),
  end: (socket: BunSocket<Adapter>) => socket.data?.destroy(),
  close: (socket: BunSocket<Adapter>, error?: Error) => socket.data?.finish(error),
  error: (socket: BunSocket<Adapter>, error: Error) => socket.data?.finish(error),
};

export function listenBun(options: ListenOptions): Promise<Listener> {
  const settings = {
    hostname: options.hostname,
    port: options.port,
    reusePort: options.reusePort ?? false,
    socket: {
      ...events,
      open: (socket: BunSocket<Adapter>) => accepted(socket, options.accept),
    },
  } as unknown as TCPSocketListenOptions<Adapter>;
  try {
    const listener = Bun.listen<Adapter>(settings);
    return Promise.resolve({ port: listener.port, close: () => listener.stop(false) });
  } catch (error) {
    const code = error !== null && typeof error === "object" && "code" in error ? String(error.code) : "EIO";
    const place = options.hostname.includes(":") ? `[${options.hostname}]` : options.hostname;
    return Promise.reject(codedError(code, `Cannot listen on ${place}:${options.port}: ${listenReason(code)}`));
  }
}

function accepted(socket: BunSocket<Adapter>, accept: ListenOptions["accept"]): void {
  const adapter = new Adapter(socket);
  socket.data = adapter;
  adapter.handlers = accept(adapter);
}

/** Goes on with a connection that another thread has released; rejects when it is gone. */
export async function adoptBun(fd: number, accept: ListenOptions["accept"]): Promise<void> {
  const settings = {
    fd,
    socket: { ...events, open: (socket: BunSocket<Adapter>) => accepted(socket, accept), connectError: () => {} },
  } as unknown as Parameters<typeof Bun.connect<Adapter>>[0];
  await Bun.connect<Adapter>(settings);
}

/** What an operator has to know of a refused address. */
function listenReason(code: string): string {
  if (code === "EADDRINUSE") return "another program listens there (EADDRINUSE)";
  if (code === "EADDRNOTAVAIL") return "this host does not have the address (EADDRNOTAVAIL)";
  if (code === "EACCES") return "not allowed (EACCES)";
  return code;
}

export function connectBun(options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const name = `${options.host}:${options.port}`;
    const timer = setTimeout(() => {
      settled = true;
      reject(codedError("ETIMEDOUT", `Cannot connect to ${name}: no answer within ${options.timeoutMs} ms`));
    }, options.timeoutMs);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      if (settled) return;
      settled = true;
      reject(error);
    };
    const target = {
      hostname: options.host,
      port: options.port,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      socket: {
        ...events,
        open(socket: BunSocket<Adapter>) {
          if (settled) {
            socket.terminate();
            return;
          }
          try {
            const adapter = new Adapter(socket);
            adapter.handlers = options.handlers(adapter);
            socket.data = adapter;
            clearTimeout(timer);
            settled = true;
            resolve(adapter);
          } catch (error) {
            // Whoever waits must hear of it: nothing else would end the wait.
            fail(codedError("ECONNRESET", `Cannot connect to ${name}: ${String(error)}`));
          }
        },
        // The server may be gone before the connection was handed over.
        close(socket: BunSocket<Adapter>, error?: Error) {
          if (socket.data === undefined) fail(codedError("ECONNRESET", `Cannot connect to ${name}: closed at once`));
          else socket.data.finish(error);
        },
        connectError: (_socket: BunSocket<Adapter>, error: Error) => fail(error),
      },
    } as unknown as Parameters<typeof Bun.connect<Adapter>>[0];
    Bun.connect<Adapter>(target).catch(fail);
  });
}
