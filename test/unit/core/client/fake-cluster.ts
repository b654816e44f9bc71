// A scripted cluster: trackers that name scripted storages. Answers are built here byte by byte from the tables of
// tracker.md §2, not by our encoder; file operations are answered by the captures of the protocol documents.

import { createClient, type FdfsClient } from "../../../../core/client/index.ts";
import { type FakeServer, type Reaction, response, startFakeServer } from "../net/client-fake-server.ts";
import { captures } from "../wire/captures.ts";

export { response, until } from "../net/client-fake-server.ts";

type React = (request: Buffer, count: number) => Reaction;

export interface Place {
  readonly host: string;
  readonly port: number;
}

const field = (text: string, size: number): Buffer => Buffer.concat([Buffer.from(text)], size);
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const server = ({ host, port }: Place): Buffer => Buffer.concat([field(host, 15), int64(port)]);

/** group 16 | ip 15 | port i64 | store path index. */
const storeOne = (place: Place, pathIndex = 0): Buffer =>
  response(Buffer.concat([field("group1", 16), server(place), Buffer.from([pathIndex])]));
/** group 16 | n x (ip 15, port i64) | store path index. */
const storeAll = (places: readonly Place[]): Buffer =>
  response(Buffer.concat([field("group1", 16), ...places.map(server), Buffer.from([0])]));
/** group 16 | n x (ip 15, port i64): fetch one, update, fetch all. */
export const fetchFrom = (...places: readonly Place[]): Buffer =>
  response(Buffer.concat([field("group1", 16), ...places.map(server)]));

/** Exactly the captured requests are answered, with the captured answers; anything else is refused. */
export const replay: React = (request) => {
  const hex = request.toString("hex");
  const answer = captures.find((capture) => capture.request === hex)?.response;
  return answer === undefined ? response("", 22) : Buffer.from(answer, "hex");
};

export function captured(source: string): { request: string; response: string } {
  const { request, response: answer = "" } = captures.find((capture) => capture.source === source)!;
  return { request, response: answer };
}

/** A tracker that names `places`, the first of them where one is asked for; the rest is replayed. */
export function naming(places: () => readonly Place[], pathIndex = 0): React {
  return (request, count) => {
    switch (request[8]) {
      case 101:
      case 104:
        return storeOne(places()[0]!, pathIndex);
      case 102:
      case 103:
        return fetchFrom(places()[0]!);
      case 105:
        return fetchFrom(...places());
      case 106:
      case 107:
        return storeAll(places());
      default:
        return replay(request, count);
    }
  };
}

/** Servers and clients of one test; `close` ends them all. */
export class Stage {
  readonly #closers: (() => unknown)[] = [];

  async server(react: React, options: { host?: string; port?: number } = {}): Promise<FakeServer> {
    const started = await startFakeServer(react, options);
    this.#closers.push(() => started.close());
    return started;
  }

  /** A place where nobody listens. */
  async nobody(): Promise<Place> {
    const gone = await startFakeServer(() => "silence");
    await gone.close();
    return { host: gone.host, port: gone.port };
  }

  client(trackers: readonly Place[], options: Partial<Parameters<typeof createClient>[0]> = {}): FdfsClient {
    const addresses = trackers.map(({ host, port }) => ({ hosts: [host], port }));
    const client = createClient({ trackers: addresses, networkTimeoutMs: 5000, connectTimeoutMs: 5000, ...options });
    this.#closers.unshift(() => client.close());
    return client;
  }

  /** One tracker, one storage, and a client for them. */
  async simple(
    react: React = replay,
    pathIndex = 0,
  ): Promise<{ client: FdfsClient; tracker: FakeServer; storage: FakeServer }> {
    const storage = await this.server(react);
    const tracker = await this.server(naming(() => [storage], pathIndex));
    return { client: this.client([tracker]), tracker, storage };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }
}

export async function failure(work: Promise<unknown>): Promise<Error & { status?: number; code?: string }> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: Error) => error,
  );
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const hexOf = ({ requests }: FakeServer): string[] => requests.map((request) => request.toString("hex"));
