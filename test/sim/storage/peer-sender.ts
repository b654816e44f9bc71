// Brings one record to a peer. Follows core/storage/replication/{deliver,send-copy,send-range,send-name}.ts: what is sent
// is the file as it is when the message leaves.

import { type BinlogRecord, Op, upperOf } from "../../../core/storage/binlog/record.ts";
import { isReusable } from "../../../core/storage/replication/judge.ts";
import { Status } from "../../../core/wire/status.ts";
import type { Disk, StoredFile } from "./disk.ts";
import type { PeerRequest, StorageAnswer } from "./messages.ts";

export interface Traits {
  hasFilesAlready: boolean;
}

export class PeerSender {
  readonly #disk: Disk;
  readonly #traits: Traits;
  readonly #ask: (request: PeerRequest) => Promise<StorageAnswer>;

  constructor(disk: Disk, traits: Traits, ask: (request: PeerRequest) => Promise<StorageAnswer>) {
    this.#disk = disk;
    this.#traits = traits;
    this.#ask = ask;
  }

  /** Returns 0, or the status that refuses the record. */
  deliver(record: BinlogRecord): Promise<number> {
    if (record.op === Op.SYNC_RENAME) return this.#copy(record, false);
    switch (upperOf(record.op)) {
      case Op.CREATE:
        return this.#copy(record, false);
      case Op.UPDATE:
        return this.#copy(record, true);
      case Op.DELETE:
        return this.#deletion(record);
      case Op.APPEND:
      case Op.MODIFY:
        return this.#range(record);
      case Op.TRUNCATE:
        return this.#truncation(record);
      case Op.LINK:
        return this.#link(record);
      default:
        return this.#rename(record);
    }
  }

  async #copy({ name, timestamp }: BinlogRecord, isUpdate: boolean): Promise<number> {
    const content = this.#contentOf(name);
    if (content === undefined) return 0;
    const isCreation = !isUpdate && !isReusable(name);
    const time = isCreation ? timestamp : Math.max(timestamp, this.#fileOf(name)!.modifiedAt);
    const message = { kind: "copy", name, timestamp: time, content, isAnnouncedOnly: false } as const;
    let asUpdate = isUpdate;
    if (!isUpdate && this.#traits.hasFilesAlready && !isReusable(name)) {
      const has = await this.#ask({ kind: "size", name });
      if (has.status === Status.OK && has.size === content.length) {
        const { status } = await this.#ask({ ...message, isUpdate: false, isAnnouncedOnly: true });
        return this.#copied(false, status);
      }
      asUpdate = has.status === Status.OK;
    }
    const { status } = await this.#ask({ ...message, isUpdate: asUpdate });
    return this.#copied(isUpdate, status);
  }

  #copied(isUpdate: boolean, status: number): number {
    if (!isUpdate) this.#traits.hasFilesAlready = status === Status.EEXIST;
    return status === Status.EEXIST ? 0 : status;
  }

  async #range(record: BinlogRecord): Promise<number> {
    const { name, first: offset, second: count, timestamp } = record;
    const content = this.#contentOf(name);
    if (content === undefined) return 0;
    if (content.length < offset + count) return this.#copy(record, true);
    const kind = upperOf(record.op) === Op.APPEND ? "append" : "modify";
    const piece = content.slice(offset, offset + count);
    return this.#changed(record, await this.#ask({ kind, name, timestamp, offset, content: piece }));
  }

  async #truncation(record: BinlogRecord): Promise<number> {
    const { name, first: oldSize, second: newSize, timestamp } = record;
    if (this.#contentOf(name) === undefined) return 0;
    return this.#changed(record, await this.#ask({ kind: "truncate", name, timestamp, oldSize, newSize }));
  }

  #changed(record: BinlogRecord, { status }: StorageAnswer): Promise<number> | number {
    if (status === Status.ENOENT) return this.#copy(record, true);
    return status === Status.EEXIST ? 0 : status;
  }

  async #deletion({ name, timestamp }: BinlogRecord): Promise<number> {
    return this.#disk.files.has(name) ? 0 : this.#deleteThere(name, timestamp);
  }

  async #deleteThere(name: string, timestamp: number): Promise<number> {
    const { status } = await this.#ask({ kind: "delete", name, timestamp });
    return status === Status.ENOENT ? 0 : status;
  }

  async #rename(record: BinlogRecord): Promise<number> {
    const { name, otherName, timestamp } = record;
    if (!this.#disk.files.has(name)) return 0;
    const { status } = await this.#ask({ kind: "rename", name, otherName, timestamp });
    if (status !== Status.ENOENT && status !== Status.EEXIST) return status;
    if (status === Status.ENOENT) {
      const copied = await this.#copy(record, false);
      if (copied !== 0) return copied;
    }
    return this.#disk.files.has(otherName) ? 0 : this.#deleteThere(otherName, timestamp);
  }

  async #link({ name, otherName, timestamp }: BinlogRecord): Promise<number> {
    const target = this.#disk.files.get(name)?.target ?? null;
    if (target === null) return 0;
    const { status } = await this.#ask({ kind: "link", name, otherName: otherName || target, timestamp });
    return status === Status.ENOENT || status === Status.EEXIST ? 0 : status;
  }

  #contentOf(name: string): string | undefined {
    return this.#fileOf(name)?.content;
  }

  /** Links are followed. */
  #fileOf(name: string): StoredFile | undefined {
    const { files } = this.#disk;
    const file = files.get(name);
    return file?.target == null ? file : files.get(file.target);
  }
}
