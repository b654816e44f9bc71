// The blocks of a store path that may be handed out, by size: sixteen bins to each power of two, with a bit for each bin that
// holds some, so that a fitting block is found in a few steps however many there are. Within a bin the last one that came is
// the first to go. Pure.

import { PathRow, Row, type SpaceMemory } from "./space-memory.ts";

/** Blocks of the wanted size's own bin that are looked at: some may be too small. */
const LOOK_FIRST = 8;
/** The same when no other bin has any. */
const LOOK_LAST = 4096;
/** Sizes below have a bin each. */
const SINGLE_SIZES = 16;

export class SizeBins {
  readonly #memory: SpaceMemory;
  readonly #words: Int32Array;

  constructor(memory: SpaceMemory) {
    this.#memory = memory;
    this.#words = memory.words;
  }

  /** Puts a row in; its size is set. */
  add(storePathIndex: number, row: number): void {
    const words = this.#words;
    const pathAt = this.#memory.pathAt(storePathIndex);
    const at = this.#memory.rowAt(row);
    const bin = binOf(words[at + Row.SIZE]!);
    const headAt = pathAt + PathRow.HEADS + bin;
    const next = words[headAt]!;
    words[at + Row.PREVIOUS] = 0;
    words[at + Row.NEXT] = next;
    if (next !== 0) words[this.#memory.rowAt(next) + Row.PREVIOUS] = row;
    words[headAt] = row;
    words[pathAt + PathRow.LEVEL_BINS + (bin >> 4)]! |= 1 << (bin & 15);
    words[pathAt + PathRow.LEVELS]! |= 1 << (bin >> 4);
  }

  /** Takes a row out; its size is still that with which it came in. */
  remove(storePathIndex: number, row: number): void {
    const words = this.#words;
    const pathAt = this.#memory.pathAt(storePathIndex);
    const at = this.#memory.rowAt(row);
    const previous = words[at + Row.PREVIOUS]!;
    const next = words[at + Row.NEXT]!;
    if (next !== 0) words[this.#memory.rowAt(next) + Row.PREVIOUS] = previous;
    if (previous !== 0) {
      words[this.#memory.rowAt(previous) + Row.NEXT] = next;
      return;
    }
    const bin = binOf(words[at + Row.SIZE]!);
    words[pathAt + PathRow.HEADS + bin] = next;
    if (next !== 0) return;
    const levelAt = pathAt + PathRow.LEVEL_BINS + (bin >> 4);
    words[levelAt]! &= ~(1 << (bin & 15));
    if (words[levelAt] === 0) words[pathAt + PathRow.LEVELS]! &= ~(1 << (bin >> 4));
  }

  /** A row of at least `size` bytes, nearly the smallest; 0: none. */
  find(storePathIndex: number, size: number): number {
    const words = this.#words;
    const pathAt = this.#memory.pathAt(storePathIndex);
    const bin = binOf(size);
    const near = this.#look(pathAt, bin, size, LOOK_FIRST);
    if (near !== 0) return near;
    let level = bin >> 4;
    let bins = words[pathAt + PathRow.LEVEL_BINS + level]! & (-2 << (bin & 15));
    if (bins === 0) {
      const levels = words[pathAt + PathRow.LEVELS]! & (-2 << level);
      if (levels === 0) return this.#look(pathAt, bin, size, LOOK_LAST);
      level = lowestBit(levels);
      bins = words[pathAt + PathRow.LEVEL_BINS + level]!;
    }
    return words[pathAt + PathRow.HEADS + (level << 4) + lowestBit(bins)]!;
  }

  /** Size of about the largest block, 0 without any: exact while the last bin holds only some thousands. */
  largest(storePathIndex: number): number {
    const words = this.#words;
    const pathAt = this.#memory.pathAt(storePathIndex);
    const levels = words[pathAt + PathRow.LEVELS]!;
    if (levels === 0) return 0;
    const level = 31 - Math.clz32(levels);
    const bin = (level << 4) + 31 - Math.clz32(words[pathAt + PathRow.LEVEL_BINS + level]!);
    let largest = 0;
    let row = words[pathAt + PathRow.HEADS + bin]!;
    for (let looks = LOOK_LAST; row !== 0 && looks > 0; looks--) {
      const at = this.#memory.rowAt(row);
      largest = Math.max(largest, words[at + Row.SIZE]!);
      row = words[at + Row.NEXT]!;
    }
    return largest;
  }

  /** False only when no block has as many bytes; quick. */
  mayHave(storePathIndex: number, size: number): boolean {
    const words = this.#words;
    const pathAt = this.#memory.pathAt(storePathIndex);
    const bin = binOf(size);
    const level = bin >> 4;
    if ((words[pathAt + PathRow.LEVELS]! & (-2 << level)) !== 0) return true;
    return (words[pathAt + PathRow.LEVEL_BINS + level]! & (-1 << (bin & 15))) !== 0;
  }

  #look(pathAt: number, bin: number, size: number, looksMax: number): number {
    const words = this.#words;
    let row = words[pathAt + PathRow.HEADS + bin]!;
    for (let looks = looksMax; row !== 0 && looks > 0; looks--) {
      const at = this.#memory.rowAt(row);
      if (words[at + Row.SIZE]! >= size) return row;
      row = words[at + Row.NEXT]!;
    }
    return 0;
  }
}

/** 0 to 447 for sizes below 2^31; a bin's blocks are smaller than those of the next. */
function binOf(size: number): number {
  if (size < SINGLE_SIZES) return size;
  const power = 31 - Math.clz32(size);
  return ((power - 3) << 4) | ((size >>> (power - 4)) & 15);
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);
