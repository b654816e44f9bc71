// The trunk files that have free blocks: found by their whole place, because two trunk servers at once may have given one id
// to two files. Blocks within a file are offset-tree.ts's business. Pure.

import { At, FILE_BUCKETS, FileRow, type SpaceMemory } from "./space-memory.ts";
import type { TrunkPlace } from "./trunk-file.ts";

export class FileTable {
  readonly #memory: SpaceMemory;
  readonly #words: Int32Array;

  constructor(memory: SpaceMemory) {
    this.#memory = memory;
    this.#words = memory.words;
  }

  /** 0: not known. */
  find(place: TrunkPlace): number {
    const words = this.#words;
    const packed = packedPlace(place);
    let file = words[this.#bucketAt(packed, place.trunkFileId)]!;
    while (file !== 0) {
      const at = this.#memory.fileAt(file);
      if (words[at + FileRow.ID] === place.trunkFileId && words[at + FileRow.PLACE] === packed) return file;
      file = words[at + FileRow.NEXT]!;
    }
    return 0;
  }

  /** As `find`, but one that is not known comes in without blocks; 0: the table is full. */
  take(place: TrunkPlace): number {
    const known = this.find(place);
    if (known !== 0) return known;
    const file = this.#memory.takeFile();
    if (file === 0) return 0;
    const words = this.#words;
    const at = this.#memory.fileAt(file);
    const packed = packedPlace(place);
    const bucketAt = this.#bucketAt(packed, place.trunkFileId);
    words.fill(0, at, at + FileRow.WORDS);
    words[at + FileRow.PLACE] = packed;
    words[at + FileRow.ID] = place.trunkFileId;
    words[at + FileRow.NEXT] = words[bucketAt]!;
    words[bucketAt] = file;
    return file;
  }

  /** Forgets a file that has no blocks any more. */
  drop(file: number): void {
    const words = this.#words;
    const at = this.#memory.fileAt(file);
    let link = this.#bucketAt(words[at + FileRow.PLACE]!, words[at + FileRow.ID]!);
    while (words[link] !== file) link = this.#memory.fileAt(words[link]!) + FileRow.NEXT;
    words[link] = words[at + FileRow.NEXT]!;
    this.#memory.giveFile(file);
  }

  place(file: number): TrunkPlace {
    const at = this.#memory.fileAt(file);
    const packed = this.#words[at + FileRow.PLACE]!;
    return {
      storePathIndex: (packed >> 16) & 0xff,
      subPathHigh: (packed >> 8) & 0xff,
      subPathLow: packed & 0xff,
      trunkFileId: this.#words[at + FileRow.ID]!,
    };
  }

  storePathIndex(file: number): number {
    return (this.#words[this.#memory.fileAt(file) + FileRow.PLACE]! >> 16) & 0xff;
  }

  /** All files by store path and id. */
  all(): number[] {
    const words = this.#words;
    const files: number[] = [];
    for (let bucket = 0; words[At.BLOCK_COUNT] !== 0 && bucket < FILE_BUCKETS; bucket++) {
      let file = words[this.#memory.bucketAt(bucket)]!;
      while (file !== 0) {
        files.push(file);
        file = words[this.#memory.fileAt(file) + FileRow.NEXT]!;
      }
    }
    const idOf = (file: number): number => words[this.#memory.fileAt(file) + FileRow.ID]!;
    return files.sort((a, b) => this.storePathIndex(a) - this.storePathIndex(b) || idOf(a) - idOf(b));
  }

  #bucketAt(packed: number, trunkFileId: number): number {
    const mixed = Math.imul(trunkFileId, 0x9e37_79b1) ^ Math.imul(packed, 0x85eb_ca6b);
    return this.#memory.bucketAt((mixed ^ (mixed >>> 16)) & (FILE_BUCKETS - 1));
  }
}

const packedPlace = ({ storePathIndex, subPathHigh, subPathLow }: TrunkPlace): number =>
  (storePathIndex << 16) | (subPathHigh << 8) | subPathLow;
