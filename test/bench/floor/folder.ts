// Where one thread of the floor server puts its files: names like a storage's (M00/HH/LL/ and 34 characters), a hundred
// files to a directory, one log that every upload adds a line to.

import { mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const SUBDIRS = 256;
const FILES_A_DIRECTORY = 100;
const DIGITS = 29;
const PREFIX = "M00/";

export class FloorFolder {
  readonly #data: string;
  readonly #log: number;
  readonly #thread: number;
  /** The first directory is another for each thread. */
  readonly #firstDirectory: number;
  #count = 0;
  readonly nameLength = "M00/00/00/".length + 1 + DIGITS + ".bin".length;

  constructor(folder: string, thread: number, threads: number) {
    this.#data = join(folder, "data");
    this.#log = openSync(join(folder, "floor.log"), "a");
    this.#thread = thread;
    this.#firstDirectory = Math.floor((SUBDIRS ** 2 * thread) / threads);
  }

  /** The directories a storage makes at its first start. */
  static make(folder: string): void {
    for (let high = 0; high < SUBDIRS; high++) {
      for (let low = 0; low < SUBDIRS; low++) {
        mkdirSync(join(folder, "data", hex(high), hex(low)), { recursive: low === 0 });
      }
    }
  }

  nextName(): string {
    const directory = (this.#firstDirectory + Math.floor(this.#count / FILES_A_DIRECTORY)) % SUBDIRS ** 2;
    const number = String(this.#count++).padStart(DIGITS, "0");
    return `${PREFIX}${hex(directory >>> 8)}/${hex(directory & 0xff)}/${this.#thread % 10}${number}.bin`;
  }

  pathOf(name: string): string {
    return `${this.#data}/${name.slice(PREFIX.length)}`;
  }

  log(name: string): void {
    writeSync(this.#log, `${name}\n`);
  }
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}
