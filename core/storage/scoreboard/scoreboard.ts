// What the threads of one storage share. Counters are private to a worker's row; everything else is small and changed
// with atomics or under one of three tiny locks. Where it lies in memory is memory.ts's business.

import { Connections, FIRST_OWNER } from "./connections.ts";
import { type CounterName, counterNames, isMoment } from "./counters.ts";
import { Directories } from "./directories.ts";
import { Cell, EPOCHS, LOCK_STRIPES, openViews, ROW } from "./memory.ts";
import { Notices, type NoticeTopic } from "./notices.ts";
import { SharedLock } from "./shared-lock.ts";
import { SlotClaims } from "./slot-claims.ts";
import { SourceTimes } from "./source-times.ts";
import { ORIGIN_OTHERS, ORIGIN_UNKNOWN, Versions } from "./versions.ts";

export class Scoreboard {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #stripes: Int32Array;
  readonly #epochs: Int32Array;
  readonly #duplicateDebts: Int32Array;
  readonly #counters: Float64Array;
  readonly #freeMb: Float64Array;
  readonly #totalMb: Float64Array;
  readonly #reservedMb: Float64Array;
  readonly #binlogSize: Float64Array;
  readonly #owner: number;
  readonly #binlogLock: SharedLock;
  readonly #sourceLock: SharedLock;
  readonly #sources: SourceTimes;
  readonly #notices: Notices;
  readonly #ownLocks: readonly SharedLock[];
  /** Threads that write into trunk files. */
  readonly slotClaims: SlotClaims;
  readonly connections: Connections;
  readonly directories: Directories;
  /** What was lately done to which name. */
  readonly versions: Versions;

  /** A new scoreboard, or a view on another thread's `buffer`. `worker` is -1 for the control thread. */
  constructor(buffer?: SharedArrayBuffer, worker = -1) {
    this.#owner = worker + FIRST_OWNER;
    const views = openViews(buffer);
    this.buffer = views.buffer;
    this.#duplicateDebts = views.duplicateDebts;
    this.#counters = views.counters;
    this.#freeMb = views.freeMb;
    this.#totalMb = views.totalMb;
    this.#reservedMb = views.reservedMb;
    this.#binlogSize = views.binlogSize;
    this.#cells = views.cells;
    this.#stripes = views.stripes;
    this.#epochs = views.epochs;
    this.connections = new Connections(views, this.#owner);
    const directoryLock = new SharedLock(views.cells, Cell.DISTRIBUTION_LOCK, this.#owner);
    this.directories = new Directories(views.cells, directoryLock);
    this.#binlogLock = new SharedLock(views.cells, Cell.BINLOG_LOCK, this.#owner);
    this.#sourceLock = new SharedLock(views.cells, Cell.SOURCE_LOCK, this.#owner);
    this.#sources = new SourceTimes(views.sourceTimes, views.sourceIds, this.#sourceLock);
    const noticeLock = new SharedLock(views.cells, Cell.NOTICE_LOCK, this.#owner);
    this.#notices = new Notices(views.noticeCells, views.noticeBytes, noticeLock);
    const versionLock = new SharedLock(views.cells, Cell.VERSION_LOCK, this.#owner);
    this.versions = new Versions(views.versions, versionLock);
    this.#ownLocks = [directoryLock, this.#binlogLock, this.#sourceLock, noticeLock, versionLock];
    this.slotClaims = new SlotClaims(views.slotClaims, this.#owner);
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

  /** What uploads leave free on this path. */
  reservedMb(path: number): number {
    return this.#reservedMb[path]!;
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
    return this.#binlogLock.run(append);
  }

  /** The control thread has read all there is: the next append tells it. */
  awaitBinlog(): void {
    Atomics.store(this.#cells, Cell.BINLOG_AWAITED, 1);
  }

  /** True once for each `awaitBinlog`: whoever has appended tells the control thread. */
  takeBinlogAwaited(): boolean {
    return Atomics.exchange(this.#cells, Cell.BINLOG_AWAITED, 0) === 1;
  }

  // ---- trunk files ----

  /** An upload was stored as a file of its own because no slot could be had. */
  trunkMissed(): void {
    Atomics.add(this.#cells, Cell.TRUNK_MISSES, 1);
  }

  get trunkMisses(): number {
    return Atomics.load(this.#cells, Cell.TRUNK_MISSES) >>> 0;
  }

  // ---- duplicates ----

  /** An upload was stored without looking for its equal. */
  duplicateMissed(): void {
    Atomics.add(this.#cells, Cell.DUPLICATE_MISSES, 1);
  }

  duplicateFound(): void {
    Atomics.add(this.#cells, Cell.DUPLICATES_FOUND, 1);
  }

  /** Links of which this worker has not told the index of duplicates yet that they are gone. */
  setDuplicateDebts(count: number): void {
    Atomics.store(this.#duplicateDebts, this.#owner - FIRST_OWNER, count);
  }

  /** Since the start of the storage. */
  get duplicates(): { readonly found: number; readonly misses: number; readonly owed: number } {
    return {
      found: Atomics.load(this.#cells, Cell.DUPLICATES_FOUND) >>> 0,
      misses: Atomics.load(this.#cells, Cell.DUPLICATE_MISSES) >>> 0,
      owed: this.#duplicateDebts.reduce((sum, count) => sum + count, 0),
    };
  }

  // ---- notices of the control thread ----

  publish(topic: NoticeTopic, text: string): boolean {
    return this.#notices.publish(topic, text);
  }

  noticeGeneration(topic: NoticeTopic): number {
    return this.#notices.generation(topic);
  }

  notice(topic: NoticeTopic): { readonly generation: number; readonly text: string } {
    return this.#notices.read(topic);
  }

  // ---- what was received from which source ----

  /** Remembers the newest source timestamp received from a storage. */
  sourceReceived(id: string, timestamp: number): void {
    this.#sources.received(id, timestamp);
  }

  /** A small number for a storage, the same in all threads: the origin of what it sends. */
  originOf(id: string): number {
    if (id === "") return ORIGIN_UNKNOWN;
    const slot = this.#sources.slotOf(id);
    return slot < 0 ? ORIGIN_UNKNOWN : ORIGIN_OTHERS + slot;
  }

  /** Newest timestamp received from `id`, 0 when none. */
  receivedFrom(id: string): number {
    return this.#sources.of(id);
  }

  // ---- file locks: used through LockTable ----

  /** Takes the stripe if it is free. */
  tryLockStripe(stripe: number): boolean {
    return Atomics.compareExchange(this.#stripes, stripe, 0, this.#owner) === 0;
  }

  unlockStripe(stripe: number): void {
    Atomics.store(this.#stripes, stripe, 0);
  }

  /** The stripe of a name. */
  stripeOf(name: string): number {
    return (this.hashOf(name) >>> 0) % LOCK_STRIPES;
  }

  /** 32 bits of a name. */
  hashOf(name: string): number {
    let hash = 5381;
    for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 33) ^ name.charCodeAt(at)) | 0;
    return hash;
  }

  // ---- epochs: what a worker has read of a name is true while its epoch is the same ----

  epochOf(name: string): number {
    return Atomics.load(this.#epochs, (this.hashOf(name) >>> 0) % EPOCHS);
  }

  /** The file of this name is another now, or gone. */
  contentChanged(name: string): void {
    Atomics.add(this.#epochs, (this.hashOf(name) >>> 0) % EPOCHS, 1);
  }

  // ---- a thread that died ----

  /** Gives back what an earlier thread in this worker's place held when it died: locks and its connections' count. */
  reclaim(): void {
    for (const lock of this.#ownLocks) lock.reclaim();
    this.slotClaims.reclaim();
    for (let stripe = 0; stripe < LOCK_STRIPES; stripe++) {
      Atomics.compareExchange(this.#stripes, stripe, this.#owner, 0);
    }
    this.connections.reclaim();
  }
}
