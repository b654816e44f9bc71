// Sockets on node:net: the portable path (Deno, Node). node:net buffers what the kernel does not take, so a write is
// refused while that buffer is above its high-water mark; this keeps memory bounded as the contract asks.

import net from "node:net";
import {
  type ConnectOptions,
  codedError,
  type Listener,
  type ListenOptions,
  type Socket,
  type SocketHandlers,
} from "./socket.ts";

class Adapter implements Socket {
  readonly fd = -1;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #socket: net.Socket;
  #full = false;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress ?? "");
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress ?? "");
    this.localPort = socket.localPort ?? 0;
    socket.setNoDelay(true);
  }

  attach(handlers: SocketHandlers): void {
    let failure: Error | undefined;
    this.#socket.on("data", (chunk: Uint8Array) => handlers.data(chunk));
    this.#socket.on("drain", () => {
      this.#full = false;
      handlers.drain();
    });
    this.#socket.on("error", (error: Error) => {
      failure = error;
    });
    this.#socket.on("close", () => handlers.close(failure));
  }

  write(bytes: Uint8Array): number {
    if (this.#full || this.#socket.destroyed) return 0;
    this.#full = !this.#socket.write(bytes);
    return bytes.length;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  release(): number {
    return -1;
  }
}

function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

export function listenNode(options: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      const adapter = new Adapter(socket);
      adapter.attach(options.accept(adapter));
    });
    server.once("error", reject);
    server.listen({ host: options.hostname, port: options.port }, () => {
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : options.port;
      resolve({ port, close: () => server.close() });
    });
  });
}

export function connectNode(options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      host: options.host,
      port: options.port,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    });
    const timer = setTimeout(() => {
      const name = `${options.host}:${options.port}`;
      socket.destroy();
      reject(codedError("ETIMEDOUT", `Cannot connect to ${name}: no answer within ${options.timeoutMs} ms`));
    }, options.timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      const adapter = new Adapter(socket);
      adapter.attach(options.handlers(adapter));
      resolve(adapter);
    });
  });
}
