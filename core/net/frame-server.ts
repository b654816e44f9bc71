// A listener that speaks frames: accepts, limits, counts, times out and closes connections. What the frames mean is in
// the routes it is given.

import { adopt, type Listener, listen, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { Connection, type ConnectionRules } from "./connection.ts";

export interface FrameServerOptions<S> extends ConnectionRules<S> {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort?: boolean;
  /** May give a new connection that was counted in away (`socket.release`); true when it has. */
  readonly passOn?: (socket: Socket) => boolean;
  /** May another connection be accepted? Asked before `open`. */
  mayAccept(connectionCount: number): boolean;
  /** The state of a new connection; null refuses it without an answer (allow_hosts). */
  open(connection: Connection<S>): S | null;
  /** Exactly once for every connection that `open` accepted. */
  closed(session: S): void;
}

export interface FrameServer {
  readonly port: number;
  readonly connectionCount: number;
  /** Serves a connection that another server gave away; its `mayAccept` has been asked there. Rejects when it is gone. */
  adopt(fd: number): Promise<void>;
  /** Stops accepting; connections may finish their request for `graceMs`, idle ones are closed at once. */
  close(graceMs: number): Promise<void>;
}

const SWEEP_MS = 1000;
/** Of a socket that is nobody's here any more. */
const GONE: SocketHandlers = { data() {}, drain() {}, close() {} };

/** Starts serving; rejects with a coded error when the address cannot be bound. */
export async function serveFrames<S>(options: FrameServerOptions<S>): Promise<FrameServer> {
  const connections = new Set<Connection<S>>();
  const onClose = (connection: Connection<S>): void => {
    if (!connections.delete(connection)) return;
    if (connection.session !== undefined) options.closed(connection.session);
  };
  const serve = (socket: Socket): Connection<S> => {
    const connection = new Connection<S>(socket, options, onClose);
    const session = options.open(connection);
    if (session === null) {
      socket.destroy();
      return connection;
    }
    connection.session = session;
    connections.add(connection);
    return connection;
  };
  const listener: Listener = await listen({
    hostname: options.hostname,
    port: options.port,
    reusePort: options.reusePort ?? false,
    accept(socket) {
      if (options.mayAccept(connections.size)) return options.passOn?.(socket) === true ? GONE : serve(socket);
      options.log.warn(`Connection of ${socket.remoteAddress} refused: ${connections.size} connections are open`);
      socket.destroy();
      return GONE;
    },
  });
  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) connection.checkTimeout(now);
  }, SWEEP_MS);

  return {
    port: listener.port,
    get connectionCount() {
      return connections.size;
    },
    adopt: (fd) => adopt(fd, serve),
    async close(graceMs) {
      listener.close();
      clearInterval(sweep);
      const deadline = Date.now() + graceMs;
      for (;;) {
        for (const connection of connections) if (connection.isIdle || Date.now() >= deadline) connection.destroy();
        if (connections.size === 0 || Date.now() >= deadline + 1000) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
