// A client of the simulated cluster: does one thing after another with files of its own, asks a tracker where, as the real
// client does, and takes every failure as it comes.

import { formatSlaveName } from "../../../core/fileid/file-id.ts";
import { type Command, decodeResponse, encodeRequest } from "../../../core/wire/command.ts";
import { Status } from "../../../core/wire/status.ts";
import { queryFetchOne, queryStoreWithGroupOne, queryUpdate } from "../../../core/wire/tracker-query.ts";
import type { ClientRequest, StorageAnswer, StorageRequest } from "../storage/messages.ts";
import type { TrackerAnswer } from "../tracker/connection.ts";
import type { Life } from "../world/life.ts";
import type { Link, Network } from "../world/network.ts";
import { GROUP, TRACKERS } from "../world/places.ts";
import type { Random } from "../world/random.ts";
import type { Trace } from "../world/trace.ts";
import type { Ledger } from "./ledger.ts";

export interface ClientParts {
  readonly life: Life;
  readonly network: Network;
  readonly random: Random;
  readonly trace: Trace;
  readonly ledger: Ledger;
  /** A number for each request. */
  nextRequest(): number;
  complain(text: string): void;
}

interface OwnFile {
  readonly name: string;
  readonly isAppender: boolean;
  /** Of a normal file: its content for ever. */
  readonly content: string;
}

const OPERATIONS = {
  upload: 6,
  uploadAppender: 4,
  append: 9,
  modify: 3,
  truncate: 2,
  regenerate: 2,
  slave: 4,
  deleteSlave: 2,
  metadata: 6,
  delete: 4,
  link: 2,
  download: 4,
};
const THINK_MS = 700;

export class Client {
  readonly #parts: ClientParts;
  readonly #label: string;
  #files: OwnFile[] = [];
  #serial = 0;
  isDone = false;

  constructor(parts: ClientParts, label: string) {
    this.#parts = parts;
    this.#label = label;
  }

  async run(operations: number): Promise<void> {
    const { life, random } = this.#parts;
    for (let count = 0; count < operations; count++) {
      await life.sleep(random.next() * THINK_MS);
      try {
        await this.#operate(random.weighted(OPERATIONS));
      } catch (error) {
        this.#note(() => `failed: ${String(error)}`);
      }
    }
    this.isDone = true;
  }

  async #operate(kind: keyof typeof OPERATIONS): Promise<void> {
    const { random } = this.#parts;
    const file = random.pick(this.#files);
    const appender = random.pick(this.#files.filter(({ isAppender }) => isAppender));
    const text = `${this.#label}${++this.#serial}${"_".repeat(random.between(0, 6))};`;
    if (file === undefined || kind === "upload" || kind === "uploadAppender") {
      const isAppender = kind === "uploadAppender";
      const name = await this.#change(null, { kind: "upload", isAppender, content: text });
      if (name !== null) this.#files.push({ name, isAppender, content: text });
      return;
    }
    const { name } = file;
    switch (kind) {
      case "append":
        if (appender !== undefined) await this.#change(appender.name, { kind, name: appender.name, content: text });
        return;
      case "modify":
        if (appender === undefined) return;
        await this.#change(appender.name, { kind, name: appender.name, offset: random.between(0, 6), content: text });
        return;
      case "truncate":
        if (appender === undefined) return;
        await this.#change(appender.name, { kind, name: appender.name, size: random.between(0, 20) });
        return;
      case "regenerate": {
        if (appender === undefined) return;
        this.#forget(appender.name);
        await this.#change(appender.name, { kind, name: appender.name });
        return;
      }
      case "slave":
        await this.#change(name, { kind: "uploadSlave", master: name, content: text });
        return;
      case "deleteSlave": {
        const slave = formatSlaveName(name, "_s", "txt");
        await this.#change(slave, { kind: "delete", name: slave });
        return;
      }
      case "metadata":
        await this.#change(name, {
          kind: "setMetadata",
          name,
          isMerge: random.chance(0.4),
          items: random.chance(0.2) ? "" : text,
        });
        return;
      case "delete":
        this.#forget(name);
        await this.#change(name, { kind, name });
        return;
      case "link":
        await this.#change(name, { kind, source: name });
        return;
      case "download":
        await this.#download(file);
        return;
    }
  }

  #forget(name: string): void {
    this.#files = this.#files.filter((file) => file.name !== name);
  }

  /** Returns the answer's text; null when it was refused. Rejects when nothing is known of it. */
  async #change(about: string | null, request: ClientRequest): Promise<string | null> {
    const host =
      about === null
        ? (await this.#askTracker(queryStoreWithGroupOne, { groupName: GROUP })).ipAddress
        : (await this.#askTracker(queryUpdate, { groupName: GROUP, fileName: about })).ipAddress;
    const id = this.#parts.nextRequest();
    const { status, text } = await this.#askStorage(host, id, request);
    if (status !== Status.OK) return null;
    this.#parts.ledger.acknowledge(id);
    return text;
  }

  async #download({ name, isAppender, content }: OwnFile): Promise<void> {
    const { ipAddress } = await this.#askTracker(queryFetchOne, { groupName: GROUP, fileName: name });
    const { status, text } = await this.#askStorage(ipAddress, 0, { kind: "download", name });
    if (status === Status.OK && !isAppender && text !== content) {
      this.#parts.complain(`${ipAddress} gave '${text}' for ${name}, which holds '${content}'`);
    }
  }

  async #askTracker<Q, S>(command: Command<Q, S>, value: Q): Promise<S> {
    const { network, life, random } = this.#parts;
    const link: Link<Uint8Array, TrackerAnswer> = await network.connect(life, random.pick(TRACKERS));
    try {
      const { status, body } = await link.request(encodeRequest(command, value));
      if (status !== Status.OK) throw new Error(`${command.name} is answered ${status}`);
      return decodeResponse(command, body);
    } finally {
      link.close();
    }
  }

  async #askStorage(host: string, id: number, request: ClientRequest): Promise<StorageAnswer> {
    const { network, life } = this.#parts;
    const link: Link<StorageRequest, StorageAnswer> = await network.connect(life, host);
    try {
      const result = await link.request({ ...request, from: "client", id });
      this.#note(() => `${JSON.stringify(request)} at ${host}: ${JSON.stringify(result)}`);
      return result;
    } finally {
      link.close();
    }
  }

  #note(text: () => string): void {
    this.#parts.trace.note(`client ${this.#label}`, text);
  }
}
