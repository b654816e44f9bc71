// The protocol of FastDHT servers (trunk-dedup-recovery.md §2.7): a 19-byte header, then `namespace | object id | key`, each
// behind its length. Only the commands that storages use. Which server has an entry is said here too, because client and
// servers must agree on it; connections are not.

import { type Infer, int32, lengthOf, record, sizedBytes, sizedText, uint8 } from "./layout.ts";
import { ProtocolError } from "./protocol-error.ts";

export const FASTDHT_HEADER_SIZE = 19;
/** Largest answer that is believed: C's package limit is 64 KB by default. */
const BODY_MAX = 1024 * 1024;
const NEVER = 0;
const UNCHANGED = -1;
/** Between the parts of a hash key. */
const SEPARATOR = 1;

const Command = { SET: 11, INC: 12, GET: 13, DEL: 14, RESPONSE: 40 } as const;

/** | off | size | field |: 0 body length, 4 hash of the key, 8 sender's time, 12 expiry, 16 command, 17 keep_alive, 18 status */
const header = record({
  bodyLength: int32(),
  keyHash: int32(),
  timestamp: int32(),
  /** Unix time; 0 never; -1 leaves it as it is. */
  expires: int32(),
  command: uint8(),
  keepAlive: uint8(),
  status: uint8(),
});
type FastdhtHeader = Infer<typeof header>;

const keyFields = {
  namespaceLength: lengthOf("namespace", int32()),
  namespace: sizedText("namespace"),
  objectLength: lengthOf("objectId", int32()),
  objectId: sizedBytes("objectId"),
  keyLength: lengthOf("key", int32()),
  key: sizedText("key"),
} as const;
const keyBody = record(keyFields);
const setBody = record({ ...keyFields, valueLength: lengthOf("value", int32()), value: sizedBytes("value") });
const incrementBody = record({ ...keyFields, by: int32() });
const valueBody = record({ valueLength: lengthOf("value", int32()), value: sizedBytes("value") });

/** One entry's address. */
export interface FastdhtKey {
  readonly namespace: string;
  readonly objectId: Uint8Array;
  readonly key: string;
}

export type FastdhtRequest =
  | { readonly kind: "get" | "remove" }
  | { readonly kind: "set"; readonly value: Uint8Array }
  | { readonly kind: "increment"; readonly by: number };

/** The packet of a request. `now`: Unix seconds; `keepAlive`: the connection will be used again. */
export function encodeFastdhtRequest(
  key: FastdhtKey,
  request: FastdhtRequest,
  now: number,
  keepAlive: boolean,
): Uint8Array {
  const body = bodyOf(key, request);
  const head = header.format({
    bodyLength: body.length,
    keyHash: fastdhtHash(key.namespace, key.objectId),
    timestamp: now,
    expires: request.kind === "get" ? UNCHANGED : NEVER,
    command: commandOf(request.kind),
    keepAlive: keepAlive ? 1 : 0,
    status: 0,
  });
  const packet = new Uint8Array(head.length + body.length);
  packet.set(head);
  packet.set(body, head.length);
  return packet;
}

function bodyOf(key: FastdhtKey, request: FastdhtRequest): Uint8Array {
  if (request.kind === "set") return setBody.format({ ...key, value: request.value });
  if (request.kind === "increment") return incrementBody.format({ ...key, by: request.by });
  return keyBody.format({ ...key });
}

function commandOf(kind: FastdhtRequest["kind"]): number {
  if (kind === "get") return Command.GET;
  if (kind === "set") return Command.SET;
  return kind === "increment" ? Command.INC : Command.DEL;
}

/** The 19 bytes before an answer; ProtocolError when they are none. */
export function decodeFastdhtHeader(bytes: Uint8Array): FastdhtHeader {
  const found = header.parse(bytes);
  if (found.command !== Command.RESPONSE || found.bodyLength < 0 || found.bodyLength > BODY_MAX) {
    throw new ProtocolError(`Cannot use a FastDHT answer: command ${found.command}, ${found.bodyLength} bytes`);
  }
  return found;
}

/** The value in the body of an answer to get or increment. */
export function decodeFastdhtValue(body: Uint8Array): Uint8Array {
  return valueBody.parse(body).value;
}

/** What requests carry and servers choose by: Time33 of `namespace 01 object id`, never negative. */
export function fastdhtHash(namespace: string, objectId: Uint8Array): number {
  let hash = 0;
  for (let at = 0; at < namespace.length; at++) hash = (Math.imul(hash, 33) + namespace.charCodeAt(at)) | 0;
  hash = (Math.imul(hash, 33) + SEPARATOR) | 0;
  for (let at = 0; at < objectId.length; at++) hash = (Math.imul(hash, 33) + objectId[at]!) | 0;
  return hash < 0 ? hash & 0x7fff_ffff : hash;
}

/** Index of the first server to ask in a group of `count`, sorted by address and port; the others follow round. */
export function firstFastdhtServer(hash: number, count: number): number {
  const rotated = (hash << 16) | (hash >> 16);
  return (rotated < 0 ? rotated & 0x7fff_ffff : rotated) % count;
}
