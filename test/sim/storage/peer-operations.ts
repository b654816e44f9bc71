// What another storage's request does on a simulated storage. Follows core/storage/service/sync-{copy,range,small}.ts.

import { crc32 } from "node:zlib";
import { formatRecord, Op } from "../../../core/storage/binlog/record.ts";
import { Status } from "../../../core/wire/status.ts";
import { overwritten, resized } from "./client-operations.ts";
import { answer, type PeerRequest, type StorageAnswer } from "./messages.ts";
import type { NamesState } from "./names-state.ts";

type Of<K extends PeerRequest["kind"]> = Extract<PeerRequest, { readonly kind: K }>;

/** One connection of another storage. */
export class PeerOperations {
  readonly #names: NamesState;
  #peerId = "";

  constructor(names: NamesState) {
    this.#names = names;
  }

  handle(request: PeerRequest): StorageAnswer {
    switch (request.kind) {
      case "announce":
        this.#peerId = request.id;
        return answer(Status.OK);
      case "size":
        return this.#size(request.name);
      case "copy":
        return this.#copy(request);
      case "append":
      case "modify":
        return this.#range(request);
      case "truncate":
        return this.#truncate(request);
      case "delete":
        return this.#delete(request);
      case "link":
        return this.#link(request as Of<"link">);
      case "rename":
        return this.#rename(request as Of<"rename">);
    }
  }

  #size(name: string): StorageAnswer {
    const { files } = this.#names.disk;
    const file = files.get(name);
    const found = file?.target == null ? file : files.get(file.target);
    return found === undefined ? answer(Status.ENOENT) : answer(Status.OK, "", found.content.length);
  }

  #copy({ name, timestamp, content, isUpdate, isAnnouncedOnly }: Of<"copy">): StorageAnswer {
    const names = this.#names;
    const change = names.incoming(this.#peerId, timestamp);
    const verdict = names.rules.judgeCopy(name, { ...change, size: content.length, isUpdate }, names.state(name));
    const isGreater = (): boolean => content > (names.disk.files.get(name)?.content ?? "");
    const isTaken = !isAnnouncedOnly && (verdict === "take" || (verdict === "compare" && isGreater()));
    if (isTaken) {
      names.put(name, { content, modifiedAt: timestamp, target: null });
      names.noteWritten(name, change);
    }
    const op = isUpdate ? Op.SYNC_UPDATE : Op.SYNC_CREATE;
    const status = isTaken ? Status.OK : Status.EEXIST;
    return this.#recorded(formatRecord(timestamp, op, name), timestamp, status);
  }

  #range({ kind, name, timestamp, offset, content }: Of<"append" | "modify">): StorageAnswer {
    const names = this.#names;
    const file = names.disk.files.get(name);
    if (file === undefined || file.target !== null) return this.#refuse(name, timestamp);
    const size = file.content.length;
    const isAppend = kind === "append";
    if (isAppend && size !== offset) {
      names.received(this.#peerId, timestamp);
      return answer(size >= offset + content.length ? Status.EEXIST : Status.ENOENT);
    }
    if (!isAppend && size < offset) {
      names.received(this.#peerId, timestamp);
      return answer(Status.ENOENT);
    }
    names.put(name, { content: overwritten(file.content, offset, content), modifiedAt: timestamp, target: null });
    const op = isAppend ? Op.SYNC_APPEND : Op.SYNC_MODIFY;
    const range = `${name} ${offset} ${content.length}`;
    return this.#recorded(formatRecord(timestamp, op, range), timestamp, Status.OK);
  }

  #truncate({ name, timestamp, oldSize, newSize }: Of<"truncate">): StorageAnswer {
    const names = this.#names;
    const file = names.disk.files.get(name);
    if (file === undefined || file.target !== null) return this.#refuse(name, timestamp);
    if (file.content.length !== oldSize) {
      names.received(this.#peerId, timestamp);
      return answer(Status.EEXIST);
    }
    names.put(name, { content: resized(file.content, newSize), modifiedAt: timestamp, target: null });
    const record = formatRecord(timestamp, Op.SYNC_TRUNCATE, `${name} ${oldSize} ${newSize}`);
    return this.#recorded(record, timestamp, Status.OK);
  }

  /** Missing: the source shall send the whole file, unless it was deleted here. */
  #refuse(name: string, timestamp: number): StorageAnswer {
    const names = this.#names;
    names.received(this.#peerId, timestamp);
    const isMissing = !names.disk.files.has(name) && !names.isGoneForGood(name);
    return answer(isMissing ? Status.ENOENT : Status.EEXIST);
  }

  #delete({ name, timestamp }: Of<"delete">): StorageAnswer {
    const names = this.#names;
    const change = names.incoming(this.#peerId, timestamp);
    const state = names.state(name);
    const isKnown = state.version?.isDeleted === true && state.version.timestamp >= timestamp;
    if (!names.rules.judgeDeletion(name, change, state) || (state.file === null && isKnown)) {
      return answer(Status.ENOENT);
    }
    if (state.file !== null) names.remove(name);
    names.noteDeleted(name, change);
    const record = formatRecord(timestamp, Op.SYNC_DELETE, name);
    if (state.file !== null) return this.#recorded(record, timestamp, Status.OK);
    names.record(record);
    return answer(Status.ENOENT);
  }

  #link({ name, otherName, timestamp }: Of<"link">): StorageAnswer {
    const names = this.#names;
    const change = names.incoming(this.#peerId, timestamp);
    if (names.rules.judgeLink(name, change, names.state(name))) {
      names.noteWritten(name, change);
      names.put(name, { content: "", modifiedAt: names.now, target: otherName });
    }
    return this.#recorded(formatRecord(timestamp, Op.SYNC_LINK, `${name} ${otherName}`), timestamp, Status.OK);
  }

  #rename({ name, otherName, timestamp }: Of<"rename">): StorageAnswer {
    const names = this.#names;
    if (names.disk.files.has(name) || names.isGoneForGood(name)) return answer(Status.EEXIST);
    const old = names.disk.files.get(otherName);
    if (old === undefined) return answer(Status.ENOENT);
    const facts = { size: old.content.length, crc: crc32(old.content) };
    if (!names.rules.judgeRename(name, facts)) return answer(Status.ENOENT);
    names.move(otherName, name);
    names.noteDeleted(otherName, names.incoming(this.#peerId, timestamp));
    names.record(formatRecord(timestamp, Op.SYNC_RENAME, `${name} ${otherName}`));
    return answer(Status.OK);
  }

  #recorded(record: string, timestamp: number, status: number): StorageAnswer {
    this.#names.received(this.#peerId, timestamp);
    this.#names.record(record);
    return answer(status);
  }
}
