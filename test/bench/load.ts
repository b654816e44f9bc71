// A closed-loop load over raw sockets: N connections, each sends its next request when the answer to the last one is
// complete. Knows the bytes of upload and download and nothing of who serves them.

import net from "node:net";
import { encodeRequest } from "../../core/wire/command.ts";
import { decodeHeader } from "../../core/wire/header.ts";
import { downloadFile, uploadFile } from "../../core/wire/storage-client.ts";

export type Operation = "upload" | "download";

export interface LoadResult {
  operations: number;
  seconds: number;
  /** Milliseconds, sorted ascending. */
  latencies: Float64Array;
  errors: number;
  /** Logic names that uploads got. */
  names: string[];
}

interface LoadOptions {
  host: string;
  port: number;
  operation: Operation;
  sizeBytes: number;
  connections: number;
  operations: number;
  groupName: string;
  /** What downloads read, in turn. */
  names: readonly string[];
}

const NAME_LIMIT = 200_000;

function requestOf(options: LoadOptions, index: number): Uint8Array {
  if (options.operation === "download") {
    const fileName = options.names[index % options.names.length]!;
    return encodeRequest(downloadFile, { offset: 0, byteCount: 0, groupName: options.groupName, fileName });
  }
  const head = encodeRequest(
    uploadFile,
    { storePathIndex: -1, fileSize: options.sizeBytes, fileExt: "bin" },
    { streamLength: options.sizeBytes },
  );
  const packet = Buffer.alloc(head.length + options.sizeBytes, index & 0xff);
  packet.set(head);
  return packet;
}

/** Runs `operations` requests over the connections and measures each. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies = new Float64Array(options.operations);
  const names: string[] = [];
  let started = 0;
  let finished = 0;
  let errors = 0;

  const client = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(options.port, options.host);
      socket.setNoDelay(true);
      let sentAt = 0;
      let head: Buffer = Buffer.alloc(0);
      let awaited = -1;
      let body: Buffer[] = [];
      const next = (): void => {
        if (started >= options.operations) {
          socket.end();
          resolve();
          return;
        }
        const packet = requestOf(options, started++);
        head = Buffer.alloc(0);
        awaited = -1;
        body = [];
        sentAt = performance.now();
        socket.write(packet);
      };
      socket.on("connect", next);
      socket.on("error", reject);
      socket.on("data", (chunk: Buffer) => {
        let rest = chunk;
        if (awaited < 0) {
          head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
          if (head.length < 10) return;
          const header = decodeHeader(head);
          awaited = header.bodyLength;
          if (header.status !== 0) errors++;
          rest = head.subarray(10);
        }
        awaited -= rest.length;
        if (options.operation === "upload") body.push(rest);
        if (awaited > 0) return;
        latencies[finished++] = performance.now() - sentAt;
        if (options.operation === "upload" && names.length < NAME_LIMIT) {
          names.push(Buffer.concat(body).subarray(16).toString("latin1"));
        }
        next();
      });
    });

  const begin = performance.now();
  await Promise.all(Array.from({ length: options.connections }, client));
  const seconds = (performance.now() - begin) / 1000;
  return { operations: finished, seconds, latencies: latencies.slice(0, finished).sort(), errors, names };
}

/** The latency below which `share` (0..1) of the operations finished, in milliseconds. */
export function percentile(latencies: Float64Array, share: number): number {
  if (latencies.length === 0) return Number.NaN;
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!;
}
