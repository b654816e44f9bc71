// The runtime room's door: the same verbs whether Bun, Deno or Node runs below.

import { isBun } from "./host.ts";
import type { ConnectOptions, Listener, ListenOptions, Socket } from "./socket.ts";
import { adoptBun, connectBun, listenBun } from "./sockets-bun.ts";
import { connectNode, listenNode } from "./sockets-node.ts";

export { isBun, setProcessUser } from "./host.ts";
export { mapFile } from "./mapped-file.ts";
export { releaseBuffers } from "./memory.ts";
export { loadNative, type Native, native } from "./native.ts";
export type { Listener, Socket, SocketHandlers } from "./socket.ts";
export { startWorker, type WorkerHandle } from "./workers.ts";

/** Opens a TCP listener; rejects with a coded error (EADDRINUSE, EACCES ...). */
export function listen(options: ListenOptions): Promise<Listener> {
  return isBun ? listenBun(options) : listenNode(options);
}

/** Goes on with a connection that another thread gave away (`Socket.release`); rejects when it is gone. */
export function adopt(fd: number, accept: ListenOptions["accept"]): Promise<void> {
  return adoptBun(fd, accept);
}

/** Connects within `timeoutMs`; rejects with a coded error (ECONNREFUSED, ETIMEDOUT ...). */
export function connect(options: ConnectOptions): Promise<Socket> {
  return isBun ? connectBun(options) : connectNode(options);
}
