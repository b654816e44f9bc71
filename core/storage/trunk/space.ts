// The free space of a group's trunk files (trunk-dedup-recovery.md §1.7): hands out slots, takes them back, joins neighbours.
// All state lies in one Int32Array, so that threads can share it under a lock; every change is told to the journal in the
// order in which a replay repeats it. No I/O: whether a slot is zero on the disk is slot-files.ts's business. Pure.

import { Status } from "../../wire/status.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { BlockRows } from "./block-rows.ts";
import { At, BlockState, FileRow, PATHS_MAX, SpaceMemory } from "./space-memory.ts";
import type { TrunkPlace } from "./trunk-file.ts";

/** Bytes; from the trackers (§1.1). */
export interface SpaceRules {
  readonly slotMinSize: number;
  readonly slotMaxSize: number;
  /** 0: sizes are not rounded up. */
  readonly alignmentSize: number;
  readonly trunkFileSize: number;
  /** trunk_free_space_merge */
  readonly mergesFree: boolean;
}

/** `A`: space becomes free, `D`: it stops being free. */
export type JournalOp = "A" | "D";
export type Journal = (op: JournalOp, block: TrunkInfo) => void;

/** A trunk file with free space. */
export interface TrunkFileSpace {
  readonly place: TrunkPlace;
  readonly freeBytes: number;
  readonly blockCount: number;
  /** Some of its blocks are. */
  readonly isQuarantined: boolean;
}

const INT32_MAX = 0x7fff_ffff;
/** Cooled blocks that one allocation makes available. */
const MATURE_STEP = 16;

export class TrunkSpace {
  readonly #rules: SpaceRules;
  readonly #journal: Journal;
  readonly #memory: SpaceMemory;
  readonly #words: Int32Array;
  readonly #rows: BlockRows;
  /** Smaller remainders are never free. */
  readonly #least: number;

  /** A view of `words`: what is in them is there; all zero is an empty map. */
  constructor(words: Int32Array, rules: SpaceRules, journal: Journal) {
    this.#rules = rules;
    this.#journal = journal;
    this.#memory = new SpaceMemory(words);
    this.#words = words;
    this.#rows = new BlockRows(this.#memory);
    this.#least = Math.max(1, rules.slotMinSize);
  }

  /** Length of the array for `blocksMax` free blocks. */
  static wordsFor(blocksMax: number): number {
    return SpaceMemory.wordsFor(blocksMax);
  }

  // ---- handing out and taking back ----

  /**
   * A slot of at least `size` bytes (header and file) in a store path; null: a new trunk file is needed. It is larger than
   * asked where the rest would be too small for a slot.
   */
  alloc(storePathIndex: number, size: number, nowSeconds: number): TrunkInfo | null {
    if (this.#rows.cooling.first !== 0) this.#matureSome(nowSeconds, MATURE_STEP);
    const wanted = this.#slotSizeFor(size);
    if (wanted > INT32_MAX || !isPath(storePathIndex)) return null;
    const row = this.#rows.bins.find(storePathIndex, wanted);
    if (row === 0) return null;
    const whole = this.#rows.block(row);
    this.#journal("D", whole);
    const rest = whole.size - wanted;
    if (rest < this.#least) {
      this.#rows.remove(row);
      return whole;
    }
    // From the front: the rest keeps its row and its place in the tree.
    const offset = whole.offset + wanted;
    this.#rows.resize(row, offset, rest);
    this.#journal("A", { ...whole, offset, size: rest });
    return { ...whole, size: wanted };
  }

  /**
   * Takes a slot back; it is handed out again after `coolSeconds`. 0: done, or too small to be kept; 17: some of it is free
   * already; 22: no such block can be; 28: the map is full, the space is lost.
   */
  free(block: TrunkInfo, nowSeconds: number, coolSeconds: number): number {
    if (!isPossible(block)) return Status.EINVAL;
    if (block.size < this.#least) return Status.OK;
    const isCooling = coolSeconds > 0;
    const state = isCooling ? BlockState.COOLING : BlockState.AVAILABLE;
    const row = this.#rows.add(block, state, isCooling ? nowSeconds + coolSeconds : 0);
    if (row < 0) return -row;
    if (!isCooling) {
      if (!this.#join(row, false)) this.#journal("A", block);
      return Status.OK;
    }
    if (this.#words[At.COOL_LONGEST]! < coolSeconds) this.#words[At.COOL_LONGEST] = coolSeconds;
    this.#journal("A", block);
    return Status.OK;
  }

  /** A new trunk file of `size` bytes: all of it is free. Status as of `free`. */
  addFile(place: TrunkPlace, size: number): number {
    const { storePathIndex, subPathHigh, subPathLow, trunkFileId } = place;
    return this.free({ storePathIndex, subPathHigh, subPathLow, trunkFileId, offset: 0, size }, 0, 0);
  }

  /** Whatever of the range is free stops being free; answers how many bytes that were. */
  carve(range: TrunkInfo): number {
    if (!isPossible(range)) return 0;
    const { offset, size } = range;
    const end = offset + size;
    let taken = 0;
    for (;;) {
      const row = this.#rows.lastBefore(range, end, offset);
      if (row === 0) return taken;
      const block = this.#rows.block(row);
      const blockEnd = block.offset + block.size;
      const state = this.#rows.state(row);
      const until = this.#rows.until(row);
      this.#journal("D", block);
      this.#rows.remove(row);
      taken += Math.min(blockEnd, end) - Math.max(block.offset, offset);
      this.#keepRest({ ...block, size: offset - block.offset }, state, until);
      this.#keepRest({ ...block, offset: end, size: blockEnd - end }, state, until);
    }
  }

  /** Whatever of the range is not free becomes free; answers how many bytes that were. */
  fill(range: TrunkInfo, nowSeconds: number): number {
    if (!isPossible(range)) return 0;
    let end = range.offset + range.size;
    let filled = 0;
    for (;;) {
      const row = this.#rows.lastBefore(range, end, range.offset);
      const block = row === 0 ? null : this.#rows.block(row);
      const from = block === null ? range.offset : Math.max(range.offset, block.offset + block.size);
      const gap = { ...range, offset: from, size: end - from };
      if (gap.size >= this.#least && this.free(gap, nowSeconds, 0) === Status.OK) filled += gap.size;
      if (block === null || block.offset <= range.offset) return filled;
      end = block.offset;
    }
  }

  /** Blocks that have cooled long enough may be handed out. */
  mature(nowSeconds: number): void {
    this.#matureSome(nowSeconds, Number.POSITIVE_INFINITY);
  }

  // ---- loading ----

  /** As it is, without a word to the journal. 0; 17: some of it is there; 22: too small or impossible; 28: the map is full. */
  insert(block: TrunkInfo, isQuarantined: boolean): number {
    if (!isPossible(block) || block.size < this.#least) return Status.EINVAL;
    const row = this.#rows.add(block, isQuarantined ? BlockState.QUARANTINED : BlockState.AVAILABLE);
    return row < 0 ? -row : Status.OK;
  }

  /** Takes out exactly this block, without a word to the journal; false when there is none. */
  remove(block: TrunkInfo): boolean {
    const row = this.#rows.find(block);
    if (row !== 0) this.#rows.remove(row);
    return row !== 0;
  }

  /** Lets blocks go that were in quarantine, at most `limit`; answers how many remain. */
  endQuarantine(limit: number = Number.POSITIVE_INFINITY): number {
    for (let done = 0; done < limit && this.#rows.quarantine.first !== 0; done++) {
      const row = this.#rows.quarantine.first;
      this.#rows.change(row, BlockState.AVAILABLE);
      this.#join(row, true);
    }
    return this.quarantinedCount;
  }

  clear(): void {
    this.#memory.clear();
  }

  // ---- asking ----

  /** All free blocks by store path, trunk file and offset, whatever their state. */
  blocks(): TrunkInfo[] {
    const rows = this.#rows;
    return rows.files.all().flatMap((file) => rows.rowsOf(file).map((row) => rows.block(row)));
  }

  get blockCount(): number {
    return this.#words[At.BLOCK_COUNT]!;
  }

  get quarantinedCount(): number {
    return this.#words[At.QUARANTINED_COUNT]!;
  }

  /** Of one store path or of all, whatever their state. */
  freeBytes(storePathIndex?: number): number {
    if (storePathIndex !== undefined) return this.#memory.freeBytes(storePathIndex);
    let total = 0;
    for (let path = 0; path < PATHS_MAX; path++) total += this.#memory.freeBytes(path);
    return total;
  }

  /** Bytes of the largest block that may be handed out now; 0: none. */
  largestAvailable(storePathIndex: number): number {
    return this.#rows.bins.largest(storePathIndex);
  }

  /** False only when no block of `size` bytes can be handed out. */
  mayHave(storePathIndex: number, size: number): boolean {
    return this.#rows.bins.mayHave(storePathIndex, size);
  }

  /** The trunk files that have free space; others are not known here. */
  files(): TrunkFileSpace[] {
    const words = this.#words;
    return this.#rows.files.all().map((file) => {
      const at = this.#memory.fileAt(file);
      return {
        place: this.#rows.files.place(file),
        freeBytes: words[at + FileRow.FREE_BYTES]!,
        blockCount: words[at + FileRow.BLOCK_COUNT]!,
        isQuarantined: words[at + FileRow.QUARANTINED_COUNT] !== 0,
      };
    });
  }

  /** Forgets a trunk file of `size` bytes that nobody uses; false when a part of it is in use, cools or is in quarantine. */
  dropFile(place: TrunkPlace, size: number): boolean {
    const file = this.#rows.files.find(place);
    if (file === 0) return false;
    const words = this.#words;
    const at = this.#memory.fileAt(file);
    if (words[at + FileRow.COOLING_COUNT] !== 0 || words[at + FileRow.QUARANTINED_COUNT] !== 0) return false;
    if (words[at + FileRow.FREE_BYTES] !== size) return false;
    const rows = this.#rows.rowsOf(file);
    const last = this.#rows.block(rows.at(-1)!);
    if (last.offset + last.size !== size) return false;
    for (const row of rows) {
      this.#journal("D", this.#rows.block(row));
      this.#rows.remove(row);
    }
    return true;
  }

  /** A map of its own with the same content, to be read without holding anyone up; its changes go nowhere. */
  copy(): TrunkSpace {
    return new TrunkSpace(this.#memory.copy(), this.#rules, () => undefined);
  }

  // ---- inside ----

  #slotSizeFor(size: number): number {
    const { slotMinSize, alignmentSize } = this.#rules;
    if (size <= slotMinSize) return slotMinSize;
    return alignmentSize === 0 ? size : Math.ceil(size / alignmentSize) * alignmentSize;
  }

  /** What a carved block leaves keeps its state; too little is lost. */
  #keepRest(block: TrunkInfo, state: number, until: number): void {
    if (block.size < this.#least) return;
    // Those that cool stand in the order of their times.
    const last = state === BlockState.COOLING ? this.#rows.cooling.last : 0;
    const moment = last === 0 ? until : Math.max(until, this.#rows.until(last));
    if (this.#rows.add(block, state, moment) > 0) this.#journal("A", block);
  }

  #matureSome(nowSeconds: number, limit: number): void {
    for (let done = 0; done < limit && this.#rows.cooling.first !== 0; done++) {
      const row = this.#rows.cooling.first;
      if (this.#rows.until(row) > nowSeconds) {
        // A clock that was set back must not keep space for days.
        const latest = nowSeconds + this.#words[At.COOL_LONGEST]!;
        if (this.#rows.until(row) > latest) this.#rows.setUntil(row, latest);
        return;
      }
      this.#rows.change(row, BlockState.AVAILABLE);
      this.#join(row, true);
    }
  }

  /** Joins an available block with its available neighbours, where the rules say so. `isLogged`: the journal knows it as free. */
  #join(row: number, isLogged: boolean): boolean {
    if (!this.#rules.mergesFree) return false;
    const rows = this.#rows;
    const block = rows.block(row);
    const end = block.offset + block.size;
    const before = block.offset === 0 ? 0 : this.#available(rows.lastBefore(block, block.offset, block.offset - 1));
    const behind = this.#available(rows.lastBefore(block, end + 1, end));
    if (before === 0 && behind === 0) return false;
    const joined = { ...block };
    if (isLogged) this.#journal("D", block);
    for (const neighbour of [before, behind]) {
      if (neighbour === 0) continue;
      const gone = rows.block(neighbour);
      this.#journal("D", gone);
      rows.remove(neighbour);
      joined.offset = Math.min(joined.offset, gone.offset);
      joined.size += gone.size;
    }
    rows.resize(row, joined.offset, joined.size);
    this.#journal("A", joined);
    return true;
  }

  #available(row: number): number {
    return row !== 0 && this.#rows.state(row) === BlockState.AVAILABLE ? row : 0;
  }
}

const isPath = (storePathIndex: number): boolean => storePathIndex >= 0 && storePathIndex < PATHS_MAX;

/** Blocks come over the network and from files: what no trunk file can have is kept out. */
function isPossible({ storePathIndex, trunkFileId, offset, size }: TrunkInfo): boolean {
  return isPath(storePathIndex) && trunkFileId > 0 && offset >= 0 && size > 0 && offset + size <= INT32_MAX;
}
