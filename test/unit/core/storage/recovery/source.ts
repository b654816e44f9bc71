// A storage that recovery is made from, in this process: files in memory, with refusals and breakdowns on demand.

import type { Candidate } from "../../../../../core/storage/recovery/group-questions.ts";
import { encodeResponse } from "../../../../../core/wire/command.ts";
import { encodeHeader, encodeStatus } from "../../../../../core/wire/header.ts";
import { downloadFile, queryFileInfo } from "../../../../../core/wire/storage-client.ts";
import { type FakeServer, type Reaction, startFakeServer } from "../../net/client-fake-server.ts";

const [ANNOUNCE, DOWNLOAD, INFO, ONE_PATH, LIST] = [9, 14, 22, 26, 201];

/** An answer of unknown length, whole. */
export function openAnswer(text: string, announced = text.length): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeBigInt64BE(BigInt(announced));
  return Buffer.concat([
    encodeHeader({ bodyLength: 2 ** 58, command: 100, status: 0 }),
    Buffer.from(text, "latin1"),
    trailer,
  ]);
}

export class Source {
  readonly files = new Map<string, Buffer>();
  /** Statuses that names are refused with. */
  readonly refusals = new Map<string, number>();
  readonly asked: string[] = [];
  /** Answers to the questions for lists; absent: 22. */
  binlog: Buffer | undefined;
  list: Buffer | undefined;
  /** After so many downloads it hangs up on every one. */
  diesAfter = Number.POSITIVE_INFINITY;
  readonly #id: string;
  #server: FakeServer | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  async start(): Promise<this> {
    this.#server = await startFakeServer((request) => this.#react(request));
    return this;
  }

  get candidate(): Candidate {
    const { host, port } = this.#server!;
    return { id: this.#id, host, port };
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Ends the connections: that is how a list ends. */
  drop(): void {
    this.#server?.drop();
  }

  #react(request: Buffer): Reaction {
    const body = request.subarray(10);
    const command = request[8]!;
    if (command === ANNOUNCE) return encodeStatus(0);
    if (command === DOWNLOAD) return this.#download(downloadFile.request.parse(body).fileName);
    if (command === INFO) {
      const content = this.files.get(queryFileInfo.request.parse(body).fileName);
      if (content === undefined) return encodeStatus(2);
      const facts = { fileSize: content.length, modificationTime: 1, crc32: 0, sourceIp: "127.0.0.1" };
      return encodeResponse(queryFileInfo, facts, 16);
    }
    if (command === ONE_PATH || command === LIST) {
      const answer = command === ONE_PATH ? this.binlog : this.list;
      if (answer === undefined) return encodeStatus(22);
      setTimeout(() => this.drop(), 20);
      return answer;
    }
    return encodeStatus(22);
  }

  #download(name: string): Reaction {
    this.asked.push(name);
    if (this.asked.length > this.diesAfter) return "close";
    const refusal = this.refusals.get(name);
    if (refusal !== undefined) return encodeStatus(refusal);
    const content = this.files.get(name);
    if (content === undefined) return encodeStatus(2);
    if (content.length === 0) return encodeStatus(22);
    return Buffer.concat([encodeHeader({ bodyLength: content.length, command: 100, status: 0 }), content]);
  }
}
