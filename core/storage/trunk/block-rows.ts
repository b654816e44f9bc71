// One free block as the map keeps it: a row that stands in its file's tree, in the sums, and in the list of its state (size
// bins, cooling, quarantine). It keeps these in step with each other; what is told to the journal and who gets which block
// is space.ts's business. Pure.

import { Status } from "../../wire/status.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { FileTable } from "./file-table.ts";
import { OffsetTree } from "./offset-tree.ts";
import { RowQueue } from "./row-queue.ts";
import { SizeBins } from "./size-bins.ts";
import { At, BlockState, FileRow, Row, type SpaceMemory } from "./space-memory.ts";

export class BlockRows {
  readonly bins: SizeBins;
  readonly files: FileTable;
  readonly cooling: RowQueue;
  readonly quarantine: RowQueue;
  readonly #memory: SpaceMemory;
  readonly #words: Int32Array;
  readonly #tree: OffsetTree;

  constructor(memory: SpaceMemory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#tree = new OffsetTree(memory);
    this.bins = new SizeBins(memory);
    this.files = new FileTable(memory);
    this.cooling = new RowQueue(memory, At.COOL_HEAD, At.COOL_TAIL);
    this.quarantine = new RowQueue(memory, At.QUARANTINE_HEAD, At.QUARANTINE_TAIL);
  }

  /** The block of a row. */
  block(row: number): TrunkInfo {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const fileAt = this.#memory.fileAt(words[at + Row.FILE]!);
    const packed = words[fileAt + FileRow.PLACE]!;
    return {
      storePathIndex: (packed >> 16) & 0xff,
      subPathHigh: (packed >> 8) & 0xff,
      subPathLow: packed & 0xff,
      trunkFileId: words[fileAt + FileRow.ID]!,
      offset: words[at + Row.OFFSET]!,
      size: words[at + Row.SIZE]!,
    };
  }

  /** Of `BlockState`. */
  state(row: number): number {
    return this.#words[this.#memory.rowAt(row) + Row.STATE]!;
  }

  /** When a cooling block will have cooled; unix seconds. */
  until(row: number): number {
    return this.#words[this.#memory.rowAt(row) + Row.UNTIL]!;
  }

  setUntil(row: number, seconds: number): void {
    this.#words[this.#memory.rowAt(row) + Row.UNTIL] = seconds;
  }

  /** A new row for the block, in the list of its state; a status below zero: it overlaps (17), or the map is full (28). */
  add(block: TrunkInfo, state: number, until = 0): number {
    if (this.lastBefore(block, block.offset + block.size, block.offset) !== 0) return -Status.EEXIST;
    const row = this.#memory.takeRow();
    if (row === 0) return -Status.ENOSPC;
    const file = this.files.take(block);
    if (file === 0) {
      this.#memory.giveRow(row);
      return -Status.ENOSPC;
    }
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const fileAt = this.#memory.fileAt(file);
    words[at + Row.FILE] = file;
    words[at + Row.OFFSET] = block.offset;
    words[at + Row.SIZE] = block.size;
    words[at + Row.UNTIL] = until;
    this.#tree.insert(fileAt + FileRow.ROOT, row);
    words[At.BLOCK_COUNT]!++;
    words[fileAt + FileRow.BLOCK_COUNT]!++;
    this.#countBytes(file, block.size);
    this.#enter(row, state);
    return row;
  }

  /** The block is not free any more. */
  remove(row: number): void {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const file = words[at + Row.FILE]!;
    const fileAt = this.#memory.fileAt(file);
    this.#leave(row);
    this.#tree.remove(fileAt + FileRow.ROOT, row);
    this.#countBytes(file, -words[at + Row.SIZE]!);
    this.#memory.giveRow(row);
    words[At.BLOCK_COUNT]!--;
    words[fileAt + FileRow.BLOCK_COUNT]!--;
    if (words[fileAt + FileRow.BLOCK_COUNT] === 0) this.files.drop(file);
  }

  /** From now on in the list of another state. */
  change(row: number, state: number): void {
    this.#leave(row);
    this.#enter(row, state);
  }

  /**
   * Moves begin and end of the block, which still does not overlap another one: tree and row stay as they are. Any state.
   */
  resize(row: number, offset: number, size: number): void {
    const words = this.#words;
    const at = this.#memory.rowAt(row);
    const state = words[at + Row.STATE]!;
    this.#leave(row);
    this.#countBytes(words[at + Row.FILE]!, size - words[at + Row.SIZE]!);
    words[at + Row.OFFSET] = offset;
    words[at + Row.SIZE] = size;
    this.#enter(row, state);
  }

  /** The last block of the file that begins before `end`, if it ends behind `offset`; 0: none. */
  lastBefore(place: Omit<TrunkInfo, "offset" | "size">, end: number, offset: number): number {
    const file = this.files.find(place);
    if (file === 0) return 0;
    const row = this.#tree.floor(this.#memory.fileAt(file) + FileRow.ROOT, end - 1);
    const at = this.#memory.rowAt(row);
    return row !== 0 && this.#words[at + Row.OFFSET]! + this.#words[at + Row.SIZE]! > offset ? row : 0;
  }

  /** The row of exactly this block; 0: none. */
  find(block: TrunkInfo): number {
    const row = this.lastBefore(block, block.offset + 1, block.offset);
    const at = this.#memory.rowAt(row);
    const isSame = this.#words[at + Row.OFFSET] === block.offset && this.#words[at + Row.SIZE] === block.size;
    return row !== 0 && isSame ? row : 0;
  }

  /** All rows of a file by offset. */
  rowsOf(file: number): number[] {
    return this.#tree.rows(this.#memory.fileAt(file) + FileRow.ROOT);
  }

  #enter(row: number, state: number): void {
    const at = this.#memory.rowAt(row);
    this.#words[at + Row.STATE] = state;
    if (state === BlockState.AVAILABLE) {
      this.bins.add(this.files.storePathIndex(this.#words[at + Row.FILE]!), row);
      return;
    }
    (state === BlockState.COOLING ? this.cooling : this.quarantine).push(row);
    this.#countState(row, state, 1);
  }

  #leave(row: number): void {
    const at = this.#memory.rowAt(row);
    const state = this.#words[at + Row.STATE]!;
    if (state === BlockState.AVAILABLE) {
      this.bins.remove(this.files.storePathIndex(this.#words[at + Row.FILE]!), row);
      return;
    }
    (state === BlockState.COOLING ? this.cooling : this.quarantine).remove(row);
    this.#countState(row, state, -1);
  }

  #countState(row: number, state: number, by: number): void {
    const words = this.#words;
    const fileAt = this.#memory.fileAt(words[this.#memory.rowAt(row) + Row.FILE]!);
    words[fileAt + (state === BlockState.COOLING ? FileRow.COOLING_COUNT : FileRow.QUARANTINED_COUNT)]! += by;
    if (state === BlockState.QUARANTINED) words[At.QUARANTINED_COUNT]! += by;
  }

  #countBytes(file: number, bytes: number): void {
    this.#words[this.#memory.fileAt(file) + FileRow.FREE_BYTES]! += bytes;
    this.#memory.addFreeBytes(this.files.storePathIndex(file), bytes);
  }
}
