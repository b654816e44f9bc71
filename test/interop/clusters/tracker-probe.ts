/**
 * Asks a tracker, with bytes written by hand, whether its storages are ACTIVE and writable.
 * It uses neither our wire code nor any client, so that a fault in those cannot hide a server that is not up.
 */
import { connect } from "node:net";

const HEADER_BYTES = 10;
const LIST_STORAGE = 92;
const QUERY_STORE_WITH_GROUP_ONE = 104;
/** The record's width where addresses take 16 bytes: no storage here has an IPv6 address. */
const STORAGE_RECORD_BYTES = 487;
const IP_AT = 18;
const IP_BYTES = 16;
const SOURCE_AT = 34;
const ID_BYTES = 16;
const PORT_AT = 130;
const GET_LEADER = 95;
const ACTIVE_TEST = 111;
const TRACKER_CLUSTER_STAT = 96;
const TRACKER_RECORD_BYTES = 90;
const TRACKER_HOST_BYTES = 52;
const IS_ACTIVE_AT = 53;
export const STATUS_ACTIVE = 7;
const PROBE_TIMEOUT_MS = 3000;

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Sends one frame (8-byte length, command, status 0, body) and resolves with the whole answer. */
export function exchange(
  host: string,
  port: number,
  command: number,
  body: Uint8Array,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeBigInt64BE(BigInt(body.length), 0);
    header[8] = command;
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const silence = new Error(`${host}:${port} does not answer command ${command} within ${timeoutMs / 1000} s`);
    socket.setTimeout(timeoutMs, () => socket.destroy(silence));
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

export interface StorageState {
  readonly status: number;
  /** Id of the storage that hands it the old files, "" when none does. */
  readonly syncSourceId: string;
}

/** The state of each storage by its `ip:port`; throws when the tracker does not answer or has no such group. */
export async function storageStates(host: string, port: number, groupName: string): Promise<Map<string, StorageState>> {
  const group = Buffer.alloc(16);
  group.write(groupName);
  const { status, body } = await exchange(host, port, LIST_STORAGE, group);
  if (status !== 0) throw new Error(`LIST_STORAGE is answered with status ${status} by ${host}:${port}`);
  const states = new Map<string, StorageState>();
  for (let at = 0; at + STORAGE_RECORD_BYTES <= body.length; at += STORAGE_RECORD_BYTES) {
    const record = body.subarray(at, at + STORAGE_RECORD_BYTES);
    const state = { status: record[0] ?? -1, syncSourceId: textAt(record, SOURCE_AT, ID_BYTES) };
    states.set(`${textAt(record, IP_AT, IP_BYTES)}:${record.readBigInt64BE(PORT_AT)}`, state);
  }
  return states;
}

/** Throws unless the server answers ACTIVE_TEST. */
export async function answers(host: string, port: number): Promise<void> {
  const { status } = await exchange(host, port, ACTIVE_TEST, new Uint8Array(0));
  if (status !== 0) throw new Error(`ACTIVE_TEST is answered with status ${status} by ${host}:${port}`);
}

/** `ip:port` of the leader this tracker knows, or null when it knows none. */
export async function leaderOf(host: string, port: number): Promise<string | null> {
  const { status, body } = await exchange(host, port, GET_LEADER, new Uint8Array(0));
  return status === 0 ? body.toString() : null;
}

/** The trackers a leader counts as alive: itself, and whoever pinged it in the last 3 s. Throws when it does not lead. */
export async function activeTrackers(host: string, port: number): Promise<string[]> {
  const { status, body } = await exchange(host, port, TRACKER_CLUSTER_STAT, new Uint8Array(3));
  if (status !== 0) throw new Error(`TRACKER_CLUSTER_STAT is answered with status ${status} by ${host}:${port}`);
  const active: string[] = [];
  for (let at = 1; at + TRACKER_RECORD_BYTES <= body.length; at += TRACKER_RECORD_BYTES) {
    const record = body.subarray(at, at + TRACKER_RECORD_BYTES);
    if (record[IS_ACTIVE_AT] === 1) active.push(textAt(record, 0, TRACKER_HOST_BYTES));
  }
  return active.sort();
}

/** The text in a field, up to its first NUL. */
function textAt(record: Buffer, at: number, size: number): string {
  return record
    .subarray(at, at + size)
    .toString()
    .replace(/\0.*$/s, "");
}
