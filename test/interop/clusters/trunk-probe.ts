/**
 * Asks a tracker, with bytes written by hand, who the trunk server of a group is, and to appoint one.
 */
import { exchange } from "./tracker-probe.ts";

const GROUP_BYTES = 16;
const LIST_STORAGE = 92;
/** The record's width where addresses take 16 bytes. */
const STORAGE_RECORD_BYTES = 487;
const IP_AT = 18;
const IP_BYTES = 16;
const PORT_AT = 130;
const IS_TRUNK_SERVER_AT = 486;
const LIST_ONE_GROUP = 90;
const TRUNK_FREE_MB_AT = 41;
const TRUNK_FILE_ID_AT = 105;
const SET_TRUNK_SERVER = 94;
const ALREADY = 114;
const STORAGE_PARAMETERS = 75;

/** `ip:port` of the storage that the tracker calls the trunk server, or null. */
export async function trunkServerOf(host: string, port: number, groupName: string): Promise<string | null> {
  const { status, body } = await exchange(host, port, LIST_STORAGE, group(groupName));
  if (status !== 0) throw new Error(`LIST_STORAGE is answered with status ${status} by ${host}:${port}`);
  for (let at = 0; at + STORAGE_RECORD_BYTES <= body.length; at += STORAGE_RECORD_BYTES) {
    const record = body.subarray(at, at + STORAGE_RECORD_BYTES);
    if (record[IS_TRUNK_SERVER_AT] !== 1) continue;
    const ip = record.subarray(IP_AT, IP_AT + IP_BYTES).toString();
    return `${ip.replace(/\0.*$/s, "")}:${record.readBigInt64BE(PORT_AT)}`;
  }
  return null;
}

export interface TrunkFigures {
  readonly freeMb: number;
  readonly fileId: number;
}

/** What the trunk server has told the tracker of its trunk files. */
export async function trunkFigures(host: string, port: number, groupName: string): Promise<TrunkFigures> {
  const { status, body } = await exchange(host, port, LIST_ONE_GROUP, group(groupName));
  if (status !== 0) throw new Error(`LIST_ONE_GROUP is answered with status ${status} by ${host}:${port}`);
  return {
    freeMb: Number(body.readBigInt64BE(TRUNK_FREE_MB_AT)),
    fileId: Number(body.readBigInt64BE(TRUNK_FILE_ID_AT)),
  };
}

/** SET_TRUNK_SERVER: `id` becomes trunk server when no active storage is; "" asks for an election. Throws when it is refused. */
export async function setTrunkServer(host: string, port: number, groupName: string, id: string): Promise<void> {
  const body = Buffer.concat([group(groupName), Buffer.from(id)]);
  const { status } = await exchange(host, port, SET_TRUNK_SERVER, body);
  if (status === 0 || status === ALREADY) return;
  throw new Error(`SET_TRUNK_SERVER is answered with status ${status} by ${host}:${port}`);
}

/** The parameters a tracker gives to storages, as their text. */
export async function storageParameters(host: string, port: number): Promise<string> {
  const { status, body } = await exchange(host, port, STORAGE_PARAMETERS, new Uint8Array(0));
  if (status !== 0) throw new Error(`STORAGE_PARAMETER_REQ is answered with status ${status} by ${host}:${port}`);
  return body.toString();
}

function group(name: string): Buffer {
  const bytes = Buffer.alloc(GROUP_BYTES);
  bytes.write(name);
  return bytes;
}
