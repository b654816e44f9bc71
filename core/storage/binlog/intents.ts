// What a worker is about to change, noted before the file is touched and struck out when the record is in the binlog. A
// process that dies in between leaves the note, and start-up sees to it that file and binlog agree (repair.ts). The notes
// stand in a small file that is mapped into memory: a note costs no system call.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { mapFile } from "../../runtime/index.ts";
import type { BinlogOp, UNCONFIRMED } from "./record.ts";

/** What is under way. */
export type IntentOp = BinlogOp | typeof UNCONFIRMED;

/** Operation, two lengths, two names of up to 130 characters. */
const SLOT_BYTES = 272;
const NAME_MAX = 130;
const NAMES_AT = 3;
/** Slots of changes that end with the turn of the event loop, and of those that take longer. */
const QUICK_SLOTS = 1024;
const LONG_SLOTS = 256;
const FILE_BYTES = (QUICK_SLOTS + LONG_SLOTS) * SLOT_BYTES;
const FILE_MODE = 0o644;

export interface Intent {
  readonly op: IntentOp;
  readonly name: string;
  /** Of a rename: the name before. */
  readonly otherName: string;
}

export function intentsPath(folder: string, worker: number): string {
  return join(folder, `.fdfs-intents.${worker}`);
}

/** The notes of one worker. */
export class Intents {
  #fd: number;
  readonly #mapped: Uint8Array | null;
  readonly #slot = new Uint8Array(SLOT_BYTES);
  readonly #freeLong: number[] = Array.from({ length: LONG_SLOTS }, (_, index) => QUICK_SLOTS + index);
  #quick = 0;

  constructor(folder: string, worker: number) {
    const path = intentsPath(folder, worker);
    this.#fd = openSync(path, "w+", FILE_MODE);
    ftruncateSync(this.#fd, FILE_BYTES);
    this.#mapped = mapFile(path);
  }

  /** Notes a change that is done and recorded within this turn of the event loop. False: strike out first, no slot is free. */
  note(op: BinlogOp, name: string, otherName = ""): boolean {
    if (this.#quick === QUICK_SLOTS) return false;
    this.#write(this.#quick++, op, name, otherName);
    return true;
  }

  /** The records of everything noted so far are written. */
  strikeOut(): void {
    while (this.#quick > 0) this.#clear(--this.#quick);
  }

  /** Notes a change that takes longer; what it returns ends the note. */
  noteLong(op: IntentOp, name: string): () => void {
    const slot = this.#freeLong.pop();
    if (slot === undefined) return () => {};
    this.#write(slot, op, name, "");
    return () => {
      this.#clear(slot);
      this.#freeLong.push(slot);
    };
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #write(slot: number, op: IntentOp, name: string, otherName: string): void {
    const at = slot * SLOT_BYTES;
    const target = this.#mapped === null ? this.#slot : this.#mapped;
    const start = this.#mapped === null ? 0 : at;
    target[start + 1] = Math.min(name.length, NAME_MAX);
    target[start + 2] = Math.min(otherName.length, NAME_MAX);
    putText(target, start + NAMES_AT, name);
    putText(target, start + NAMES_AT + NAME_MAX, otherName);
    // The operation last: a slot without one holds nothing.
    target[start] = op.charCodeAt(0);
    if (this.#mapped === null) writeSync(this.#fd, this.#slot, 0, SLOT_BYTES, at);
  }

  #clear(slot: number): void {
    if (this.#mapped === null) writeSync(this.#fd, EMPTY, 0, 1, slot * SLOT_BYTES);
    else this.#mapped[slot * SLOT_BYTES] = 0;
  }
}

const EMPTY = new Uint8Array(1);

/** Names are ASCII. */
function putText(target: Uint8Array, at: number, text: string): void {
  const length = Math.min(text.length, NAME_MAX);
  for (let index = 0; index < length; index++) target[at + index] = text.charCodeAt(index);
}

/** The notes that a process left behind; a missing file has none. */
export function readIntents(path: string): Intent[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return [];
  }
  const intents: Intent[] = [];
  const textAt = (at: number, length: number): string =>
    new TextDecoder("latin1").decode(bytes.subarray(at, at + Math.min(length, NAME_MAX)));
  for (let at = 0; at + SLOT_BYTES <= bytes.length; at += SLOT_BYTES) {
    if (bytes[at] === 0) continue;
    const op = String.fromCharCode(bytes[at]!) as IntentOp;
    const name = textAt(at + NAMES_AT, bytes[at + 1]!);
    intents.push({ op, name, otherName: textAt(at + NAMES_AT + NAME_MAX, bytes[at + 2]!) });
  }
  return intents;
}
