// Looks at slots on the disk for trunk_init_check_occupying: is there a header where the map says "free"?

import { closeSync, openSync, readSync } from "node:fs";
import type { TrunkInfo } from "../../../wire/storage-sync.ts";
import { SLOT_HEADER_SIZE } from "../slot-header.ts";
import { trunkFilePath } from "../trunk-file.ts";

/** Type and sizes may be left over; CRC, time and extension may not (trunk-dedup-recovery.md §1.8). */
const FIRST_TELLING_BYTE = 9;

export class HeaderReader {
  readonly #storePaths: readonly string[];
  readonly #header = new Uint8Array(SLOT_HEADER_SIZE);
  #path = "";
  #fd = -1;

  constructor(storePaths: readonly string[]) {
    this.#storePaths = storePaths;
  }

  /** A trunk file that cannot be read counts as not occupied, as in C. */
  isOccupied(block: TrunkInfo): boolean {
    try {
      const fd = this.#open(trunkFilePath(this.#storePaths[block.storePathIndex]!, block));
      const count = readSync(fd, this.#header, 0, SLOT_HEADER_SIZE, block.offset);
      return this.#header.subarray(FIRST_TELLING_BYTE, Math.max(FIRST_TELLING_BYTE, count)).some((byte) => byte !== 0);
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#path = "";
  }

  /** Blocks come file by file. */
  #open(path: string): number {
    if (path !== this.#path) {
      this.close();
      this.#fd = openSync(path, "r");
      this.#path = path;
    }
    return this.#fd;
  }
}
