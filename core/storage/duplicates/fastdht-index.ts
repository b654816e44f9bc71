// The index of duplicates in FastDHT servers, as C storages use them: an entry's group follows from its hash, inside a group
// one server is asked first and the others when that one cannot be connected to (trunk-dedup-recovery.md §2.7, §2.8).

import { Buffer } from "node:buffer";
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import type { ServerAddress } from "../../../conf/index.ts";
import { ByteLink, type ByteSource } from "../../net/byte-link.ts";
import {
  decodeFastdhtHeader,
  decodeFastdhtValue,
  encodeFastdhtRequest,
  FASTDHT_HEADER_SIZE,
  type FastdhtRequest,
  fastdhtHash,
  firstFastdhtServer,
} from "../../wire/fastdht.ts";
import { Status, statusText } from "../../wire/status.ts";
import { type DuplicateIndex, IndexError, type IndexKey, numberIn } from "./duplicate-index.ts";
import { ExchangeFailure, LinkPool } from "./link-pool.ts";

/** C takes no more of a namespace. */
const NAMESPACE_MAX = 64;
/** A server that could not be connected to is asked after the others for so long. */
const REST_MS = 5000;

export interface FastdhtOptions {
  /** By group; each has at least one server. */
  readonly groups: readonly (readonly ServerAddress[])[];
  readonly keepAlive: boolean;
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  /** Where connections come from, at most one address a family; empty: the system chooses. */
  readonly localAddresses: readonly string[];
}

interface Server {
  readonly name: string;
  readonly pool: LinkPool;
  restingUntilMs: number;
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

export class FastdhtIndex implements DuplicateIndex {
  readonly #options: FastdhtOptions;
  readonly #namespace: string;
  #groups: Promise<Server[][]> | undefined;
  #isClosed = false;

  constructor(namespace: string, options: FastdhtOptions) {
    this.#options = options;
    this.#namespace = Buffer.from(namespace).subarray(0, NAMESPACE_MAX).toString("latin1");
  }

  async get(objectId: Uint8Array, key: IndexKey): Promise<Uint8Array | null> {
    const { status, body } = await this.#ask(objectId, key, { kind: "get" });
    return status === Status.ENOENT ? null : decodeFastdhtValue(body);
  }

  async set(objectId: Uint8Array, key: IndexKey, value: Uint8Array): Promise<void> {
    await this.#ask(objectId, key, { kind: "set", value });
  }

  async increment(objectId: Uint8Array, key: IndexKey, by: number): Promise<number> {
    const { body } = await this.#ask(objectId, key, { kind: "increment", by });
    return numberIn(decodeFastdhtValue(body));
  }

  async remove(objectId: Uint8Array, key: IndexKey): Promise<boolean> {
    return (await this.#ask(objectId, key, { kind: "remove" })).status !== Status.ENOENT;
  }

  close(): void {
    this.#isClosed = true;
    this.#groups?.then(
      (groups) => {
        for (const { pool } of groups.flat()) pool.close();
      },
      () => {},
    );
  }

  /** The answer's status is 0, or 2 where that says that there is no such entry. */
  async #ask(objectId: Uint8Array, key: IndexKey, request: FastdhtRequest): Promise<Answer> {
    const { keepAlive } = this.#options;
    const address = { namespace: this.#namespace, objectId, key };
    const packet = encodeFastdhtRequest(address, request, Math.floor(Date.now() / 1000), keepAlive);
    const mayBeMissing = request.kind === "get" || request.kind === "remove";
    let failure: unknown = new Error("no server");
    let mayBeDone = false;
    for (const server of await this.#serversOf(fastdhtHash(this.#namespace, objectId))) {
      try {
        const answer = await server.pool.exchange(packet, readAnswer);
        if (answer.status === Status.OK || (answer.status === Status.ENOENT && mayBeMissing)) return answer;
        const text = `${server.name} refused to ${request.kind}: ${statusText(answer.status)} (${answer.status})`;
        throw new IndexError(`FastDHT server ${text}`, answer.status, answer.status !== Status.EINVAL);
      } catch (error) {
        if (!(error instanceof ExchangeFailure)) throw error;
        failure = error.cause;
        mayBeDone ||= error.isSent;
        server.restingUntilMs = Date.now() + REST_MS;
        // Adding twice would be wrong, the others can be repeated at the next server.
        if (error.isSent && request.kind === "increment") break;
      }
    }
    throw IndexError.from(`Cannot ${request.kind} at FastDHT`, failure, mayBeDone);
  }

  /** The servers of a hash's group in the order in which they are asked. */
  async #serversOf(hash: number): Promise<Server[]> {
    if (this.#isClosed) throw new IndexError("Cannot ask FastDHT: the index is closed", Status.ENOTCONN, false);
    this.#groups ??= this.#resolve();
    let groups: Server[][];
    try {
      groups = await this.#groups;
    } catch (error) {
      this.#groups = undefined;
      throw IndexError.from("Cannot find the FastDHT servers", error, false);
    }
    const group = groups[hash % groups.length]!;
    const first = firstFastdhtServer(hash, group.length);
    const ring = [...group.slice(first), ...group.slice(0, first)];
    const now = Date.now();
    const isResting = (server: Server): boolean => server.restingUntilMs > now;
    return [...ring.filter((server) => !isResting(server)), ...ring.filter(isResting)];
  }

  /** All clients must have the same order: by address, as text, and port. */
  async #resolve(): Promise<Server[][]> {
    return Promise.all(
      this.#options.groups.map(async (group) => {
        const places = await Promise.all(
          group.map(async ({ hosts, port }) => ({ ip: await addressOf(hosts[0]!), port })),
        );
        places.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port));
        return places.map(({ ip, port }) => this.#server(ip, port));
      }),
    );
  }

  #server(host: string, port: number): Server {
    const { localAddresses, keepAlive, connectTimeoutMs, networkTimeoutMs } = this.#options;
    const localAddress = localAddresses.find((address) => isIPv6(address) === isIPv6(host));
    const target = {
      host,
      port,
      connectTimeoutMs,
      networkTimeoutMs,
      ...(localAddress === undefined ? {} : { localAddress }),
    };
    const pool = new LinkPool({ open: () => ByteLink.open(target), isKept: keepAlive });
    return { name: `${host}:${port}`, pool, restingUntilMs: 0 };
  }
}

async function addressOf(host: string): Promise<string> {
  return isIP(host) !== 0 ? host : (await lookup(host)).address;
}

async function readAnswer(source: ByteSource): Promise<Answer> {
  const { status, bodyLength } = decodeFastdhtHeader(await source.readExactly(FASTDHT_HEADER_SIZE));
  return { status, body: await source.readExactly(bodyLength) };
}
