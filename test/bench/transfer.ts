// Transfers of files too large to stand in memory, and readers that stop reading: raw connections to a storage, with
// content made as it is sent and thrown away as it comes.

import { connect, type Socket } from "../../core/runtime/index.ts";
import { encodeRequest } from "../../core/wire/command.ts";
import { decodeHeader } from "../../core/wire/header.ts";
import { GROUP_NAME_SIZE, HEADER_SIZE } from "../../core/wire/limits.ts";
import { downloadFile, uploadFile } from "../../core/wire/storage-client.ts";
import { GROUP } from "./site.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const BLOCK = new Uint8Array(1024 * 1024);

/** Uploads `sizeBytes` over one connection as fast as the storage takes them; resolves with the logic name. */
export function uploadLarge(storage: Address, sizeBytes: number): Promise<string> {
  const head = encodeRequest(
    uploadFile,
    { storePathIndex: -1, fileSize: sizeBytes, fileExt: "bin" },
    { streamLength: sizeBytes },
  );
  let left = sizeBytes;
  let pending: Uint8Array = head;
  const send = (socket: Socket): void => {
    for (;;) {
      if (pending.length === 0) {
        if (left === 0) return;
        pending = BLOCK.subarray(0, Math.min(left, BLOCK.length));
        left -= pending.length;
      }
      const taken = socket.write(pending);
      pending = pending.subarray(taken);
      if (pending.length > 0) return;
    }
  };
  const answer: Uint8Array[] = [];
  return converse(storage, send, (chunk) => {
    answer.push(chunk);
    const bytes = Buffer.concat(answer);
    if (bytes.length < HEADER_SIZE) return undefined;
    const { status, bodyLength } = decodeHeader(bytes);
    if (status !== 0) throw new Error(`An upload of ${sizeBytes} bytes is answered with status ${status}`);
    if (bytes.length < HEADER_SIZE + bodyLength) return undefined;
    return bytes.subarray(HEADER_SIZE + GROUP_NAME_SIZE).toString("latin1");
  });
}

/** Downloads a file and resolves with its length. */
export function downloadLarge(storage: Address, fileName: string): Promise<number> {
  let received = 0;
  let expected = Number.POSITIVE_INFINITY;
  return converse(storage, writeOnce(downloadRequest(fileName)), (chunk) => {
    // The header comes in one piece with the first bytes.
    if (received === 0) {
      const { status, bodyLength } = decodeHeader(chunk);
      if (status !== 0) throw new Error(`The download of ${fileName} is answered with status ${status}`);
      expected = HEADER_SIZE + bodyLength;
    }
    received += chunk.length;
    return received < expected ? undefined : received - HEADER_SIZE;
  });
}

/** Asks for a file and reads nothing of it, until the connection is closed by `destroy`. */
export async function stalledDownload({ host, port }: Address, fileName: string): Promise<Socket> {
  const handlers = { data: () => {}, drain: () => {}, close: () => {} };
  const socket = await connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS, handlers: () => handlers });
  socket.pause();
  socket.write(downloadRequest(fileName));
  return socket;
}

function downloadRequest(fileName: string): Uint8Array {
  return encodeRequest(downloadFile, { offset: 0, byteCount: 0, groupName: GROUP, fileName });
}

const writeOnce = (request: Uint8Array): ((socket: Socket) => void) => {
  let isWritten = false;
  return (socket) => {
    if (!isWritten) socket.write(request);
    isWritten = true;
  };
};

/** Calls `send` at first and when the socket takes bytes again; ends with what `take` makes of the answer. */
function converse<T>(
  { host, port }: Address,
  send: (socket: Socket) => void,
  take: (chunk: Uint8Array) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const handlers = (socket: Socket) => ({
      data(chunk: Uint8Array): void {
        try {
          const result = take(chunk);
          if (result === undefined) return;
          resolve(result);
        } catch (error) {
          reject(error);
        }
        socket.destroy();
      },
      drain: () => send(socket),
      close: () => reject(new Error(`${host}:${port} closed the connection within a transfer`)),
    });
    connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS, handlers }).then(send, reject);
  });
}
