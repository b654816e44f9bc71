// A port that nobody listens on, for a server whose threads must all be told the same one.

import { listen } from "../runtime/index.ts";

export async function freePort(hostname: string): Promise<number> {
  const listener = await listen({
    hostname,
    port: 0,
    accept(socket) {
      socket.destroy();
      return { data() {}, drain() {}, close() {} };
    },
  });
  listener.close();
  return listener.port;
}
