// The index of duplicates in a Redis or Valkey server, for storages on several machines that have no FastDHT. An entry is
// the string key `namespace 01 object id 01 key`, as FastDHT builds its own.

import { Buffer } from "node:buffer";
import type { RedisAddress } from "../../../conf/index.ts";
import { ByteLink, type ByteSource } from "../../net/byte-link.ts";
import { encodeRespCommand, type RespAnswer, RespDecoder } from "../../wire/resp.ts";
import { Status } from "../../wire/status.ts";
import { type DuplicateIndex, IndexError, type IndexKey } from "./duplicate-index.ts";
import { ExchangeFailure, LinkPool } from "./link-pool.ts";

const PIECE_BYTES = 64 * 1024;
const SEPARATOR = Buffer.from([1]);

/** Redis's error words by the errno they come to; anything else is EIO. */
const statusByWord: Readonly<Record<string, number>> = {
  NOAUTH: Status.EACCES,
  WRONGPASS: Status.EACCES,
  NOPERM: Status.EPERM,
  READONLY: Status.EROFS,
  LOADING: Status.EAGAIN,
  BUSY: Status.EBUSY,
  OOM: Status.ENOMEM,
};

type Word = string | Uint8Array;

export interface RedisTimes {
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
}

export class RedisIndex implements DuplicateIndex {
  readonly #address: RedisAddress;
  readonly #times: RedisTimes;
  readonly #name: string;
  readonly #prefix: Buffer;
  readonly #pool: LinkPool;

  constructor(address: RedisAddress, namespace: string, times: RedisTimes) {
    this.#address = address;
    this.#times = times;
    this.#name = `Redis at ${address.host}:${address.port}`;
    this.#prefix = Buffer.from(namespace);
    this.#pool = new LinkPool({ open: () => this.#open(), isKept: true });
  }

  async get(objectId: Uint8Array, key: IndexKey): Promise<Uint8Array | null> {
    const answer = await this.#ask(["GET", this.#entry(objectId, key)], true);
    if (answer.kind === "bytes") return answer.bytes;
    throw this.#unexpected(answer);
  }

  async set(objectId: Uint8Array, key: IndexKey, value: Uint8Array): Promise<void> {
    const answer = await this.#ask(["SET", this.#entry(objectId, key), value], true);
    if (answer.kind !== "text") throw this.#unexpected(answer);
  }

  async increment(objectId: Uint8Array, key: IndexKey, by: number): Promise<number> {
    const answer = await this.#ask(["INCRBY", this.#entry(objectId, key), String(by)], false);
    if (answer.kind === "number") return answer.number;
    throw this.#unexpected(answer);
  }

  async remove(objectId: Uint8Array, key: IndexKey): Promise<boolean> {
    const answer = await this.#ask(["DEL", this.#entry(objectId, key)], true);
    if (answer.kind === "number") return answer.number > 0;
    throw this.#unexpected(answer);
  }

  close(): void {
    this.#pool.close();
  }

  #entry(objectId: Uint8Array, key: IndexKey): Uint8Array {
    return Buffer.concat([this.#prefix, SEPARATOR, objectId, SEPARATOR, Buffer.from(key)]);
  }

  #unexpected(answer: RespAnswer): IndexError {
    return new IndexError(`${this.#name} answered with ${answer.kind}: no value of ours`, Status.EINVAL, true);
  }

  /** `isRepeatable`: asking twice does no harm. */
  async #ask(words: readonly Word[], isRepeatable: boolean): Promise<RespAnswer> {
    const packet = encodeRespCommand(words);
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#checked(await this.#pool.exchange(packet, readAnswer), words[0] as string);
      } catch (error) {
        if (!(error instanceof ExchangeFailure)) throw error;
        // A kept connection may have ended without our notice.
        if (error.isSent && isRepeatable && attempt === 1) continue;
        throw IndexError.from(`Cannot ask ${this.#name}`, error.cause, error.isSent);
      }
    }
  }

  #checked(answer: RespAnswer, command: string): RespAnswer {
    if (answer.kind !== "error") return answer;
    const status = statusByWord[answer.text.split(" ")[0]!] ?? Status.EIO;
    throw new IndexError(`${this.#name} refused ${command}: ${answer.text}`, status, false);
  }

  async #open(): Promise<ByteLink> {
    const { host, port, user, password, database } = this.#address;
    const link = await ByteLink.open({ host, port, ...this.#times });
    const greetings: Word[][] = [];
    if (password !== "") greetings.push(user === "" ? ["AUTH", password] : ["AUTH", user, password]);
    if (database !== 0) greetings.push(["SELECT", String(database)]);
    try {
      for (const words of greetings) {
        this.#checked(await link.exchange(encodeRespCommand(words), readAnswer), words[0] as string);
      }
    } catch (error) {
      link.destroy();
      throw error;
    }
    return link;
  }
}

async function readAnswer(source: ByteSource): Promise<RespAnswer> {
  const decoder = new RespDecoder();
  for (;;) {
    const answer = decoder.next();
    if (answer !== undefined) return answer;
    decoder.push(await source.readSome(PIECE_BYTES));
  }
}
