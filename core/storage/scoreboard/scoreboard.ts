// What the threads of one storage share: a single SharedArrayBuffer with typed views over it. Counters are private to a
// worker's row; everything else is small and changed with atomics or under one of two tiny locks.

import { type CounterName, counterNames, isMoment } from "./counters.ts";

const MAX_WORKERS = 256;
const MAX_PATHS = 256;
const MAX_SOURCES = 64;
const SOURCE_ID_SIZE = 16;
const LOCK_STRIPES = 65_536;
const ROW = counterNames.length;

/** 32-bit cells. */
const Cell = {
  DISTRIBUTION_LOCK: 0,
  DIRECTORY_HIGH: 1,
  DIRECTORY_LOW: 2,
  DIRECTORY_COUNT: 3,
  PATH_TURN: 4,
  BINLOG_LOCK: 5,
  BINLOG_INDEX: 6,
  ERROR_LOG_GENERATION: 7,
  ACCESS_LOG_GENERATION: 8,
  CONNECTIONS: 9,
  CONNECTIONS_MAX: 10,
  RESPONSE_IP_SIZE: 11,
  SOURCE_COUNT: 12,
  SOURCE_LOCK: 13,
  PATH_BALANCED: 14,
  SIZE: 16,
} as const;

const SPIN_WAIT_MS = 1;

export class Scoreboard {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #stripes: Int32Array;
  readonly #sourceTimes: Int32Array;
  readonly #sourceIds: Uint8Array;
  readonly #counters: Float64Array;
  readonly #freeMb: Float64Array;
  readonly #totalMb: Float64Array;
  readonly #reservedMb: Float64Array;
  readonly #binlogSize: Float64Array;

  constructor(buffer?: SharedArrayBuffer) {
    const float64 = 8;
    const sizes = [
      ROW * MAX_WORKERS * float64,
      MAX_PATHS * float64,
      MAX_PATHS * float64,
      MAX_PATHS * float64,
      float64,
      Cell.SIZE * 4,
      LOCK_STRIPES * 4,
      MAX_SOURCES * 4,
      MAX_SOURCES * SOURCE_ID_SIZE,
    ];
    this.buffer = buffer ?? new SharedArrayBuffer(sizes.reduce((sum, size) => sum + size, 0));
    let offset = 0;
    const next = (index: number): [SharedArrayBuffer, number, number] => {
      const start = offset;
      offset += sizes[index]!;
      return [this.buffer, start, sizes[index]!];
    };
    const floats = (index: number): Float64Array => {
      const [shared, start, size] = next(index);
      return new Float64Array(shared, start, size / float64);
    };
    const ints = (index: number): Int32Array => {
      const [shared, start, size] = next(index);
      return new Int32Array(shared, start, size / 4);
    };
    this.#counters = floats(0);
    this.#freeMb = floats(1);
    this.#totalMb = floats(2);
    this.#reservedMb = floats(3);
    this.#binlogSize = floats(4);
    this.#cells = ints(5);
    this.#stripes = ints(6);
    this.#sourceTimes = ints(7);
    const [shared, start, size] = next(8);
    this.#sourceIds = new Uint8Array(shared, start, size);
  }

  // ---- counters ----

  /** A worker's own row: only that worker writes it. */
  counterRow(worker: number): Float64Array {
    return this.#counters.subarray(worker * ROW, (worker + 1) * ROW);
  }

  /** All rows added up; of moments the latest. */
  totals(): Record<CounterName, number> {
    const totals = {} as Record<CounterName, number>;
    for (const [column, name] of counterNames.entries()) {
      let total = 0;
      for (let at = column; at < this.#counters.length; at += ROW) {
        const value = this.#counters[at]!;
        total = isMoment(name) ? Math.max(total, value) : total + value;
      }
      totals[name] = total;
    }
    return totals;
  }

  // ---- connections ----

  /** Counts a connection in; false when `limit` are open already. */
  connectionOpened(limit: number): boolean {
    const open = Atomics.add(this.#cells, Cell.CONNECTIONS, 1) + 1;
    if (open > limit) {
      Atomics.sub(this.#cells, Cell.CONNECTIONS, 1);
      return false;
    }
    if (open > Atomics.load(this.#cells, Cell.CONNECTIONS_MAX)) Atomics.store(this.#cells, Cell.CONNECTIONS_MAX, open);
    return true;
  }

  connectionClosed(): void {
    Atomics.sub(this.#cells, Cell.CONNECTIONS, 1);
  }

  get connections(): { current: number; max: number } {
    return {
      current: Atomics.load(this.#cells, Cell.CONNECTIONS),
      max: Atomics.load(this.#cells, Cell.CONNECTIONS_MAX),
    };
  }

  // ---- directories (storage.md §4.8) ----

  setDirectory(high: number, low: number, count: number): void {
    this.#cells[Cell.DIRECTORY_HIGH] = high;
    this.#cells[Cell.DIRECTORY_LOW] = low;
    this.#cells[Cell.DIRECTORY_COUNT] = count;
  }

  get directory(): { high: number; low: number; count: number } {
    return {
      high: this.#cells[Cell.DIRECTORY_HIGH]!,
      low: this.#cells[Cell.DIRECTORY_LOW]!,
      count: this.#cells[Cell.DIRECTORY_COUNT]!,
    };
  }

  /** The directory of the next file, `high << 8 | low`; moves on after `rotateCount` files. */
  nextDirectory(rotateCount: number, subdirCount: number): number {
    const cells = this.#cells;
    this.#lock(Cell.DISTRIBUTION_LOCK);
    const high = cells[Cell.DIRECTORY_HIGH]! % subdirCount;
    const low = cells[Cell.DIRECTORY_LOW]! % subdirCount;
    const count = cells[Cell.DIRECTORY_COUNT]! + 1;
    if (count < rotateCount) {
      cells[Cell.DIRECTORY_COUNT] = count;
    } else {
      cells[Cell.DIRECTORY_COUNT] = 0;
      cells[Cell.DIRECTORY_LOW] = (low + 1) % subdirCount;
      if (low + 1 >= subdirCount) cells[Cell.DIRECTORY_HIGH] = (high + 1) % subdirCount;
    }
    this.#unlock(Cell.DISTRIBUTION_LOCK);
    return (high << 8) | low;
  }

  // ---- store paths ----

  /** In whole MB; `reservedMb` must stay free on this path. */
  setPathSpace(path: number, totalMb: number, freeMb: number, reservedMb: number): void {
    this.#totalMb[path] = totalMb;
    this.#freeMb[path] = freeMb;
    this.#reservedMb[path] = reservedMb;
  }

  pathSpace(path: number): { totalMb: number; freeMb: number } {
    return { totalMb: this.#totalMb[path]!, freeMb: this.#freeMb[path]! };
  }

  /** True when `bytes` more leave the reserved space free (storage.md §2.1). */
  hasSpace(path: number, bytes: number): boolean {
    return this.#freeMb[path]! - Math.floor(bytes / 1_048_576) > this.#reservedMb[path]!;
  }

  freeMb(path: number): number {
    return this.#freeMb[path]!;
  }

  /** The turn of store paths, counting up. */
  nextPathTurn(): number {
    return Atomics.add(this.#cells, Cell.PATH_TURN, 1) >>> 0;
  }

  /** The tracker's store_path = 2: the path with most free space takes uploads. */
  set pathsAreBalanced(value: boolean) {
    this.#cells[Cell.PATH_BALANCED] = value ? 1 : 0;
  }

  get pathsAreBalanced(): boolean {
    return this.#cells[Cell.PATH_BALANCED] === 1;
  }

  // ---- answers ----

  set responseIpSize(size: 16 | 46) {
    this.#cells[Cell.RESPONSE_IP_SIZE] = size;
  }

  get responseIpSize(): 16 | 46 {
    return this.#cells[Cell.RESPONSE_IP_SIZE] === 16 ? 16 : 46;
  }

  // ---- logs ----

  get errorLogGeneration(): number {
    return Atomics.load(this.#cells, Cell.ERROR_LOG_GENERATION);
  }

  get accessLogGeneration(): number {
    return Atomics.load(this.#cells, Cell.ACCESS_LOG_GENERATION);
  }

  errorLogRotated(): void {
    Atomics.add(this.#cells, Cell.ERROR_LOG_GENERATION, 1);
  }

  accessLogRotated(): void {
    Atomics.add(this.#cells, Cell.ACCESS_LOG_GENERATION, 1);
  }

  // ---- binlog ----

  setBinlog(index: number, sizeBytes: number): void {
    this.#cells[Cell.BINLOG_INDEX] = index;
    this.#binlogSize[0] = sizeBytes;
  }

  get binlogIndex(): number {
    return Atomics.load(this.#cells, Cell.BINLOG_INDEX);
  }

  get binlogSize(): number {
    return this.#binlogSize[0]!;
  }

  /** Runs `append` while no other thread appends to the binlog. */
  whileBinlogLocked<T>(append: () => T): T {
    this.#lock(Cell.BINLOG_LOCK);
    try {
      return append();
    } finally {
      this.#unlock(Cell.BINLOG_LOCK);
    }
  }

  // ---- what was received from which source ----

  /** Remembers the newest source timestamp received from a storage. Sources beyond the table are not counted. */
  sourceReceived(id: string, timestamp: number): void {
    this.#lock(Cell.SOURCE_LOCK);
    let slot = this.#findSource(id);
    const count = this.#cells[Cell.SOURCE_COUNT]!;
    if (slot < 0 && count < MAX_SOURCES) {
      slot = count;
      for (let at = 0; at < SOURCE_ID_SIZE; at++) this.#sourceIds[slot * SOURCE_ID_SIZE + at] = id.charCodeAt(at) || 0;
      this.#cells[Cell.SOURCE_COUNT] = count + 1;
    }
    if (slot >= 0 && timestamp > this.#sourceTimes[slot]!) this.#sourceTimes[slot] = timestamp;
    this.#unlock(Cell.SOURCE_LOCK);
  }

  /** Newest timestamp received from `id`, 0 when none. */
  receivedFrom(id: string): number {
    const slot = this.#findSource(id);
    return slot < 0 ? 0 : this.#sourceTimes[slot]!;
  }

  #findSource(id: string): number {
    const count = this.#cells[Cell.SOURCE_COUNT]!;
    for (let slot = 0; slot < count; slot++) {
      let at = 0;
      while (at < SOURCE_ID_SIZE && this.#sourceIds[slot * SOURCE_ID_SIZE + at] === (id.charCodeAt(at) || 0)) at++;
      if (at === SOURCE_ID_SIZE) return slot;
    }
    return -1;
  }

  // ---- file locks ----

  /** Takes the stripe if it is free. */
  tryLockStripe(stripe: number): boolean {
    return Atomics.compareExchange(this.#stripes, stripe, 0, 1) === 0;
  }

  unlockStripe(stripe: number): void {
    Atomics.store(this.#stripes, stripe, 0);
  }

  /** The stripe of a name. */
  static stripeOf(name: string): number {
    let hash = 5381;
    for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 33) ^ name.charCodeAt(at)) | 0;
    return (hash >>> 0) % LOCK_STRIPES;
  }

  // ---- tiny locks, held for microseconds ----

  #lock(cell: number): void {
    while (Atomics.compareExchange(this.#cells, cell, 0, 1) !== 0) Atomics.wait(this.#cells, cell, 1, SPIN_WAIT_MS);
  }

  #unlock(cell: number): void {
    Atomics.store(this.#cells, cell, 0);
    Atomics.notify(this.#cells, cell, 1);
  }
}
