// Where each thing of the free-space map lies in its one Int32Array: a header, size bins for each store path, the table of
// trunk files, and rows, one a free block. Layout and the two lists of unused rows only; what the words mean to each other is
// offset-tree.ts's, size-bins.ts's, file-table.ts's and space.ts's business. Pure.

/** Words of the header. */
export const At = {
  BLOCKS_MAX: 0,
  /** Unused rows that were in use once, by `Row.NEXT`; rows from the top on never were. */
  ROW_UNUSED: 1,
  ROW_TOP: 2,
  FILE_UNUSED: 3,
  FILE_TOP: 4,
  BLOCK_COUNT: 5,
  QUARANTINED_COUNT: 6,
  COOL_HEAD: 7,
  COOL_TAIL: 8,
  /** The longest time that was asked for, seconds. */
  COOL_LONGEST: 9,
  QUARANTINE_HEAD: 10,
  QUARANTINE_TAIL: 11,
} as const;

/** Words of a row: a free block. */
export const Row = {
  FILE: 0,
  OFFSET: 1,
  SIZE: 2,
  /** Of `BlockState`. */
  STATE: 3,
  LEFT: 4,
  RIGHT: 5,
  PREVIOUS: 6,
  NEXT: 7,
  /** While it cools: unix seconds. */
  UNTIL: 8,
  WORDS: 9,
} as const;

/** Words of a trunk file that has free blocks. */
export const FileRow = {
  NEXT: 0,
  /** Store path index, high and low directory, a byte each. */
  PLACE: 1,
  ID: 2,
  ROOT: 3,
  FREE_BYTES: 4,
  BLOCK_COUNT: 5,
  COOLING_COUNT: 6,
  QUARANTINED_COUNT: 7,
  WORDS: 8,
} as const;

/** Words of a store path. Free bytes are `high * 2^30 + low`. */
export const PathRow = {
  FREE_LOW: 0,
  FREE_HIGH: 1,
  /** Bit n: some bin of level n holds blocks. */
  LEVELS: 2,
  /** One word a level: which of its bins hold blocks. */
  LEVEL_BINS: 4,
  HEADS: 32,
  WORDS: 480,
} as const;

export const BlockState = { AVAILABLE: 1, COOLING: 2, QUARANTINED: 3 } as const;

export const PATHS_MAX = 256;
export const FILE_BUCKETS = 65_536;
const HEADER_WORDS = 16;
const BUCKETS_AT = HEADER_WORDS + PATHS_MAX * PathRow.WORDS;
const FILES_AT = BUCKETS_AT + FILE_BUCKETS;
/** So many trunk files have room whatever the number of blocks. */
const FILES_LEAST = 256;
const FREE_UNIT = 0x4000_0000;

export class SpaceMemory {
  readonly words: Int32Array;
  readonly blocksMax: number;
  readonly filesMax: number;
  readonly #rowsAt: number;

  constructor(words: Int32Array) {
    this.words = words;
    const fixed = FILES_AT + (FILES_LEAST + 1) * FileRow.WORDS + Row.WORDS;
    this.blocksMax = Math.floor((words.length - fixed) / (Row.WORDS + FileRow.WORDS / 4)) & ~3;
    if (this.blocksMax < 1) throw new RangeError(`A map of free space does not fit into ${words.length} words`);
    this.filesMax = FILES_LEAST + this.blocksMax / 4;
    this.#rowsAt = FILES_AT + (this.filesMax + 1) * FileRow.WORDS;
    if (words[At.BLOCKS_MAX] !== this.blocksMax) this.clear();
  }

  /** Words that `blocksMax` free blocks need. */
  static wordsFor(blocksMax: number): number {
    const rows = (blocksMax + 3) & ~3;
    return FILES_AT + (FILES_LEAST + rows / 4 + 1) * FileRow.WORDS + (rows + 1) * Row.WORDS;
  }

  /** Whatever was there. Rows are not touched: memory that was never used stays unused. */
  clear(): void {
    this.words.fill(0, At.BLOCKS_MAX + 1, FILES_AT);
    this.words[At.BLOCKS_MAX] = this.blocksMax;
    this.words[At.ROW_TOP] = 1;
    this.words[At.FILE_TOP] = 1;
  }

  /** The same content in memory of its own. */
  copy(): Int32Array {
    const copy = new Int32Array(this.words.length);
    const filesEnd = this.fileAt(this.words[At.FILE_TOP]!);
    copy.set(this.words.subarray(0, filesEnd));
    const rowsEnd = this.rowAt(this.words[At.ROW_TOP]!);
    copy.set(this.words.subarray(this.#rowsAt, rowsEnd), this.#rowsAt);
    return copy;
  }

  rowAt(row: number): number {
    return this.#rowsAt + row * Row.WORDS;
  }

  fileAt(file: number): number {
    return FILES_AT + file * FileRow.WORDS;
  }

  bucketAt(bucket: number): number {
    return BUCKETS_AT + bucket;
  }

  pathAt(storePathIndex: number): number {
    return HEADER_WORDS + storePathIndex * PathRow.WORDS;
  }

  /** An unused row; 0: there is none. */
  takeRow(): number {
    const { words } = this;
    const row = words[At.ROW_UNUSED]!;
    if (row !== 0) {
      words[At.ROW_UNUSED] = words[this.rowAt(row) + Row.NEXT]!;
      return row;
    }
    if (words[At.ROW_TOP]! > this.blocksMax) return 0;
    return words[At.ROW_TOP]!++;
  }

  giveRow(row: number): void {
    const { words } = this;
    words[this.rowAt(row) + Row.NEXT] = words[At.ROW_UNUSED]!;
    words[At.ROW_UNUSED] = row;
  }

  /** An unused row of the table of files; 0: there is none. */
  takeFile(): number {
    const { words } = this;
    const file = words[At.FILE_UNUSED]!;
    if (file !== 0) {
      words[At.FILE_UNUSED] = words[this.fileAt(file) + FileRow.NEXT]!;
      return file;
    }
    if (words[At.FILE_TOP]! > this.filesMax) return 0;
    return words[At.FILE_TOP]!++;
  }

  giveFile(file: number): void {
    const { words } = this;
    words[this.fileAt(file) + FileRow.NEXT] = words[At.FILE_UNUSED]!;
    words[At.FILE_UNUSED] = file;
  }

  freeBytes(storePathIndex: number): number {
    const at = this.pathAt(storePathIndex);
    return this.words[at + PathRow.FREE_HIGH]! * FREE_UNIT + this.words[at + PathRow.FREE_LOW]!;
  }

  addFreeBytes(storePathIndex: number, bytes: number): void {
    const at = this.pathAt(storePathIndex);
    const total = this.freeBytes(storePathIndex) + bytes;
    this.words[at + PathRow.FREE_HIGH] = Math.floor(total / FREE_UNIT);
    this.words[at + PathRow.FREE_LOW] = total % FREE_UNIT;
  }
}
