// What a client's request does on a simulated storage. Follows core/storage/service/{upload,append,modify,truncate,
// regenerate,delete,metadata,create-link,download}.ts, step by step where a crash in between matters.

import { crc32 } from "node:zlib";
import { formatFileName, formatSlaveName, formatTail, readFileName, tailOf } from "../../../core/fileid/file-id.ts";
import { formatLogicName, LOGIC_PATH_SIZE } from "../../../core/fileid/logic-name.ts";
import { encodeBlock } from "../../../core/fileid/packed-block.ts";
import { addressBytes, type SourceBytes } from "../../../core/fileid/source-address.ts";
import type { Intent } from "../../../core/storage/binlog/intents.ts";
import { formatRecord, Op } from "../../../core/storage/binlog/record.ts";
import { ORIGIN_OWN } from "../../../core/storage/scoreboard/versions.ts";
import { Status } from "../../../core/wire/status.ts";
import type { StoredFile } from "./disk.ts";
import { answer, type ClientRequest, type StorageAnswer } from "./messages.ts";
import type { NamesState } from "./names-state.ts";

const SUFFIX = "-m";
const DIRECTORIES = 4;

/** Hears of every change as it is made, before anybody is answered. */
export interface Witness {
  begin(request: number): void;
  /** `before`, `after`: content, null = no such file; `timestamp`: of the change, `deletedAt`: of the deletion that the
   * storage knows of, if that was the name's last change. */
  changed(name: string, before: string | null, after: string | null, timestamp: number, deletedAt: number | null): void;
}

export class ClientOperations {
  readonly #names: NamesState;
  readonly #witness: Witness;
  readonly #source: SourceBytes;

  constructor(names: NamesState, storage: string, witness: Witness) {
    this.#names = names;
    this.#witness = witness;
    this.#source = addressBytes(storage);
  }

  handle(id: number, request: ClientRequest): StorageAnswer {
    this.#witness.begin(id);
    switch (request.kind) {
      case "upload":
        return this.#upload(request.content, request.isAppender);
      case "uploadSlave":
        return this.#uploadSlave(request.master, request.content);
      case "append":
        return this.#append(request.name, request.content);
      case "modify":
        return this.#modify(request.name, request.offset, request.content);
      case "truncate":
        return this.#truncate(request.name, request.size);
      case "regenerate":
        return this.#regenerate(request.name);
      case "delete":
        return this.#delete(request.name);
      case "setMetadata":
        return this.#setMetadata(request.name, request.isMerge, request.items);
      case "link":
        return this.#link(request.source);
      case "download":
        return this.#download(request.name);
    }
  }

  #upload(content: string, isAppender: boolean): StorageAnswer {
    const names = this.#names;
    const timestamp = names.now;
    const serial = ++names.disk.created;
    const file = formatFileName({
      source: this.#source,
      timestamp,
      kind: isAppender ? "appender" : "normal",
      size: content.length,
      crc32: crc32(content),
      ext: "txt",
      blockRandom: serial,
      tailRandom: serial,
    });
    const name = formatLogicName(0, serial % DIRECTORIES, 0, file);
    const intent = names.intend(Op.CREATE, name);
    this.#write(name, content, timestamp);
    names.record(formatRecord(timestamp, Op.CREATE, name), [intent]);
    return answer(Status.OK, name);
  }

  #uploadSlave(master: string, content: string): StorageAnswer {
    const names = this.#names;
    if (!names.disk.files.has(master)) return answer(Status.ENOENT);
    const name = formatSlaveName(master, "_s", "txt");
    if (names.disk.files.has(name)) return answer(Status.EEXIST);
    const timestamp = names.ownTimestamp(name);
    const intent = names.intend(Op.CREATE, name);
    this.#write(name, content, timestamp);
    names.noteWritten(name, { timestamp, origin: ORIGIN_OWN });
    names.record(formatRecord(timestamp, Op.CREATE, name), [intent]);
    return answer(Status.OK, name);
  }

  /** The content of an appender file; a status where it is none. */
  #appender(name: string): { content: string } | number {
    const file = this.#names.disk.files.get(name);
    if (file === undefined) return Status.ENOENT;
    return readFileName(name).kind === "appender" ? file : Status.EINVAL;
  }

  #append(name: string, content: string): StorageAnswer {
    const file = this.#appender(name);
    if (typeof file === "number") return answer(file);
    const intent = this.#names.intend(Op.APPEND, name);
    const { now } = this.#names;
    this.#write(name, file.content + content, now);
    const range = `${name} ${file.content.length} ${content.length}`;
    this.#names.record(formatRecord(now, Op.APPEND, range), [intent]);
    return answer(Status.OK);
  }

  #modify(name: string, offset: number, content: string): StorageAnswer {
    const file = this.#appender(name);
    if (typeof file === "number") return answer(file);
    if (offset > file.content.length) return answer(Status.EINVAL);
    const intent = this.#names.intend(Op.MODIFY, name);
    const { now } = this.#names;
    this.#write(name, overwritten(file.content, offset, content), now);
    this.#names.record(formatRecord(now, Op.MODIFY, `${name} ${offset} ${content.length}`), [intent]);
    return answer(Status.OK);
  }

  #truncate(name: string, size: number): StorageAnswer {
    const file = this.#appender(name);
    if (typeof file === "number") return answer(file);
    const { content } = file;
    if (content.length === size) return answer(Status.OK);
    const intent = this.#names.intend(Op.TRUNCATE, name);
    const { now } = this.#names;
    this.#write(name, resized(content, size), now);
    this.#names.record(formatRecord(now, Op.TRUNCATE, `${name} ${content.length} ${size}`), [intent]);
    return answer(Status.OK);
  }

  #regenerate(name: string): StorageAnswer {
    const file = this.#appender(name);
    if (typeof file === "number") return answer(file);
    const names = this.#names;
    const timestamp = names.now;
    const random = ++names.disk.created;
    const crc = crc32(file.content);
    const block = encodeBlock(this.#source, timestamp, "normal", file.content.length, crc, random);
    const newName = name.slice(0, LOGIC_PATH_SIZE) + block + tailOf(name);
    const intent = names.intend(Op.RENAME, newName, name);
    this.#witnessed(newName, file.content, timestamp);
    this.#witnessed(name, null, timestamp);
    names.move(name, newName);
    names.noteDeleted(name, { timestamp, origin: ORIGIN_OWN });
    names.record(formatRecord(timestamp, Op.RENAME, `${newName} ${name}`), [intent]);
    return answer(Status.OK, newName);
  }

  #delete(name: string): StorageAnswer {
    const names = this.#names;
    if (!names.disk.files.has(name)) return answer(Status.ENOENT);
    const timestamp = names.ownTimestamp(name);
    const intents: Intent[] = [names.intend(Op.DELETE, name)];
    this.#remove(name, timestamp);
    let records = this.#deleted(name, timestamp);
    const metadata = name + SUFFIX;
    if (names.disk.files.has(metadata)) {
      const metadataTimestamp = names.ownTimestamp(metadata);
      intents.push(names.intend(Op.DELETE, metadata));
      this.#remove(metadata, metadataTimestamp);
      records += this.#deleted(metadata, metadataTimestamp);
    }
    names.record(records, intents);
    return answer(Status.OK);
  }

  #deleted(name: string, timestamp: number): string {
    this.#names.noteDeleted(name, { timestamp, origin: ORIGIN_OWN });
    return formatRecord(timestamp, Op.DELETE, name);
  }

  /** `items`: one a line; merging adds them to what is there. */
  #setMetadata(name: string, isMerge: boolean, items: string): StorageAnswer {
    const names = this.#names;
    if (this.#contentBehind(name) === undefined) return answer(Status.ENOENT);
    const metadata = name + SUFFIX;
    const before = names.disk.files.get(metadata);
    const timestamp = names.ownTimestamp(metadata);
    if (items === "") {
      if (isMerge || before === undefined) return answer(Status.OK);
      const intent = names.intend(Op.DELETE, metadata);
      this.#remove(metadata, timestamp);
      names.record(this.#deleted(metadata, timestamp), [intent]);
      return answer(Status.OK);
    }
    const text = isMerge && before !== undefined ? before.content + items : items;
    const intent = names.intend(Op.UPDATE, metadata);
    this.#write(metadata, text, timestamp);
    names.noteWritten(metadata, { timestamp, origin: ORIGIN_OWN });
    const op = before === undefined ? Op.CREATE : Op.UPDATE;
    names.record(formatRecord(timestamp, op, metadata), [intent]);
    return answer(Status.OK);
  }

  #link(source: string): StorageAnswer {
    const names = this.#names;
    const file = names.disk.files.get(source);
    if (file === undefined) return answer(Status.ENOENT);
    if (file.target !== null) return answer(Status.EINVAL);
    const timestamp = names.now;
    const serial = ++names.disk.created;
    const block = encodeBlock(this.#source, timestamp, "normal", file.content.length, serial, serial);
    const name = formatLogicName(0, serial % DIRECTORIES, 0, block + formatTail("lnk", serial));
    const intent = names.intend(Op.LINK, name);
    this.#witnessed(name, `-> ${source}`, timestamp);
    names.put(name, { content: "", modifiedAt: timestamp, target: source });
    names.noteWritten(name, { timestamp, origin: ORIGIN_OWN });
    names.record(formatRecord(timestamp, Op.LINK, `${name} ${source}`), [intent]);
    return answer(Status.OK, name);
  }

  #download(name: string): StorageAnswer {
    const content = this.#contentBehind(name);
    return content === undefined ? answer(Status.ENOENT) : answer(Status.OK, content);
  }

  /** Links are followed. */
  #contentBehind(name: string): string | undefined {
    const { files } = this.#names.disk;
    const file = files.get(name);
    return file?.target === null ? file.content : files.get(file?.target ?? "")?.content;
  }

  #write(name: string, content: string, modifiedAt: number): void {
    this.#witnessed(name, content, modifiedAt);
    this.#names.put(name, { content, modifiedAt, target: null });
  }

  #remove(name: string, timestamp: number): void {
    this.#witnessed(name, null, timestamp);
    this.#names.remove(name);
  }

  #witnessed(name: string, after: string | null, timestamp: number): void {
    const file = this.#names.disk.files.get(name);
    const version = this.#names.versions.of(name);
    const deletedAt = version?.isDeleted === true ? version.timestamp : null;
    this.#witness.changed(name, file === undefined ? null : contentOf(file), after, timestamp, deletedAt);
  }
}

/** What a file is compared by. */
export function contentOf({ content, target }: StoredFile): string {
  return target === null ? content : `-> ${target}`;
}

export function overwritten(content: string, offset: number, piece: string): string {
  return content.slice(0, offset) + piece + content.slice(offset + piece.length);
}

/** Longer with dots where real ones have zeros. */
export function resized(content: string, size: number): string {
  return content.slice(0, size).padEnd(size, ".");
}
