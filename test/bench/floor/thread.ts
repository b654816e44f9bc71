// One thread of the floor server: a listener on the shared port and its connections.

import { parentPort, workerData } from "node:worker_threads";
import type { Socket, TCPSocketListenOptions } from "bun";
import { loadNative } from "../../../core/runtime/index.ts";
import { FloorConnection } from "./connection.ts";
import { FloorFolder } from "./folder.ts";

const { host, port, groupName, folder, thread, threads } = workerData as {
  host: string;
  port: number;
  groupName: string;
  folder: string;
  thread: number;
  threads: number;
};

if ((await loadNative()) === null) throw new Error("The floor server needs sendfile through FFI");
const files = new FloorFolder(folder, thread, threads);
const listening = {
  hostname: host,
  port,
  reusePort: true,
  socket: {
    open(socket: Socket<FloorConnection>) {
      socket.data = new FloorConnection(files, groupName);
    },
    data: (socket: Socket<FloorConnection>, chunk: Buffer) => socket.data.take(socket, chunk),
    drain: (socket: Socket<FloorConnection>) => socket.data.drain(socket),
    close: (socket: Socket<FloorConnection>) => socket.data.close(),
  },
} as TCPSocketListenOptions<FloorConnection>;
Bun.listen<FloorConnection>(listening);
parentPort?.postMessage("listening");
