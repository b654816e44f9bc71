/**
 * Asks a tracker, with bytes written by hand, whether its storages are ACTIVE and writable.
 * It uses neither our wire code nor any client, so that a fault in those cannot hide a server that is not up.
 */
import { connect } from "node:net";

const HEADER_BYTES = 10;
const LIST_STORAGE = 92;
const QUERY_STORE_WITH_GROUP_ONE = 104;
const STATUS_ACTIVE = 7;
const PROBE_TIMEOUT_MS = 3000;

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Sends one frame (8-byte length, command, status 0, body) and resolves with the whole answer. */
export function exchange(host: string, port: number, command: number, body: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeBigInt64BE(BigInt(body.length), 0);
    header[8] = command;
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy(new Error(`no answer to command ${command}`)));
    socket.on("connect", () => socket.write(Buffer.concat([header, body])));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`${host}:${port} closed without an answer to command ${command}`)));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < HEADER_BYTES) return;
      const length = Number(received.readBigInt64BE(0));
      if (received.length < HEADER_BYTES + length) return;
      resolve({ status: received[9] ?? 255, body: received.subarray(HEADER_BYTES) });
      socket.destroy();
    });
  });
}

/** The state of the group as one line, "ready" when `count` storages are ACTIVE and uploads are accepted. */
export async function groupState(host: string, port: number, groupName: string, count: number): Promise<string> {
  const group = Buffer.alloc(16);
  group.write(groupName);
  try {
    const list = await exchange(host, port, LIST_STORAGE, group);
    if (list.status !== 0) return `LIST_STORAGE answers status ${list.status}`;
    if (list.body.length === 0 || list.body.length % count !== 0) return `LIST_STORAGE has ${list.body.length} bytes`;
    const record = list.body.length / count;
    const states = Array.from({ length: count }, (_, index) => list.body[index * record]);
    if (states.some((state) => state !== STATUS_ACTIVE)) return `storage states ${states.join(", ")} (7 is ACTIVE)`;
    const store = await exchange(host, port, QUERY_STORE_WITH_GROUP_ONE, group);
    return store.status === 0 ? "ready" : `QUERY_STORE answers status ${store.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
