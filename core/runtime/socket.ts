// What a TCP socket is to the rest of the house: a handful of verbs that Bun's own sockets and node:net both offer.
// The two implementations stand beside this file; nothing above this floor knows which one runs.

/** One TCP connection. Events go to the handlers it was accepted or connected with. */
export interface Socket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** File descriptor for zero-copy calls, or -1 where the runtime keeps it to itself. */
  readonly fd: number;
  /** Hands bytes to the kernel. Returns how many were taken: the rest stays with the caller until `drain`. */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  /** Sends FIN after what was taken; the peer may still send. */
  end(): void;
  /** Closes at once; `close` follows. */
  destroy(): void;
  /** The same with a reset: what was written and has not arrived never will. */
  reset(): void;
  /**
   * Gives the connection away before anything was read: this socket closes without the peer noticing. Returns a descriptor
   * for `adopt` on another thread, or -1 where that cannot be done and nothing has happened.
   */
  release(): number;
}

export interface SocketHandlers {
  /** A chunk of received bytes; it belongs to the receiver. */
  data(chunk: Uint8Array): void;
  drain(): void;
  close(error?: Error): void;
}

export interface ListenOptions {
  hostname: string;
  /** 0 chooses a free port. */
  port: number;
  /** Several listeners, one a worker, share the port. */
  reusePort?: boolean;
  accept(socket: Socket): SocketHandlers;
}

export interface Listener {
  readonly port: number;
  close(): void;
}

export interface ConnectOptions {
  host: string;
  port: number;
  localAddress?: string;
  timeoutMs: number;
  handlers(socket: Socket): SocketHandlers;
}

/** An error with a system code, in the form of node:net's errors. */
export function codedError(code: string, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code });
}
