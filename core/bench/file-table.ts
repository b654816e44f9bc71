// The files a load works on, as the protocol names them (group 16 | logic name), in one piece of memory that threads
// share; and the growing list of names that uploads return.

import { type FileId, formatFileId } from "../fileid/file-id.ts";
import { GROUP_NAME_SIZE } from "../wire/limits.ts";

/** `starts` has one entry more than there are files. Both stand in shared memory. */
export interface FileTableParts {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

export class FileTable {
  readonly parts: FileTableParts;

  constructor(parts: FileTableParts) {
    this.parts = parts;
  }

  get count(): number {
    return this.parts.starts.length - 1;
  }

  location(index: number): FileId {
    const { bytes, starts } = this.parts;
    // A decoder takes no shared memory, and a name is 44 characters: byte by byte is good enough.
    let groupName = "";
    let fileName = "";
    for (let at = starts[index]!, end = at + GROUP_NAME_SIZE; at < end && bytes[at] !== 0; at++) {
      groupName += String.fromCharCode(bytes[at]!);
    }
    for (let at = starts[index]! + GROUP_NAME_SIZE; at < starts[index + 1]!; at++) {
      fileName += String.fromCharCode(bytes[at]!);
    }
    return { groupName, fileName };
  }

  id(index: number): string {
    const { groupName, fileName } = this.location(index);
    return formatFileId(groupName, fileName);
  }
}

/** Names one after the other, as uploads answer them. */
export class FileList {
  #bytes = new Uint8Array(64 * 1024);
  #ends: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  /** `body` is the body of an upload's answer; it is copied. */
  add(body: Uint8Array): void {
    const start = this.#ends.at(-1) ?? 0;
    const end = start + body.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    this.#bytes.set(body, start);
    this.#ends.push(end);
  }

  addFile({ groupName, fileName }: FileId): void {
    const body = new Uint8Array(GROUP_NAME_SIZE + fileName.length);
    for (let at = 0; at < groupName.length; at++) body[at] = groupName.charCodeAt(at);
    for (let at = 0; at < fileName.length; at++) body[GROUP_NAME_SIZE + at] = fileName.charCodeAt(at);
    this.add(body);
  }

  addAll({ bytes, starts }: FileTableParts): void {
    for (let index = 0; index + 1 < starts.length; index++) {
      this.add(bytes.subarray(starts[index]!, starts[index + 1]!));
    }
  }

  /** Takes the last name off; null when there is none. Valid until the next `add`. */
  take(): Uint8Array | null {
    const end = this.#ends.pop();
    return end === undefined ? null : this.#bytes.subarray(this.#ends.at(-1) ?? 0, end);
  }

  /** A copy in shared memory. */
  table(): FileTableParts {
    const length = this.#ends.at(-1) ?? 0;
    const bytes = new Uint8Array(new SharedArrayBuffer(length));
    bytes.set(this.#bytes.subarray(0, length));
    const starts = new Uint32Array(new SharedArrayBuffer(4 * (this.#ends.length + 1)));
    starts.set(this.#ends, 1);
    return { bytes, starts };
  }
}
