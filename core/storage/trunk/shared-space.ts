// The free-space map as all threads of a storage use it: in shared memory, under one lock that is held for microseconds, with
// the role's state (who may allocate, in which term), the slots that wait for a confirmation, and the journal. Who gets the
// role and when is role/'s business, the file of the journal journal-file.ts's.

import { Status } from "../../wire/status.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { SharedLock } from "../scoreboard/shared-lock.ts";
import { HELD_BLOCKS_WORDS, HeldBlocks } from "./held-blocks.ts";
import { JOURNAL_RING_WORDS, JournalRing } from "./journal-ring.ts";
import { LATE_CARVES_WORDS, LateCarves } from "./late-carves.ts";
import { type JournalOp, type SpaceRules, TrunkSpace } from "./space.ts";
import { PATHS_MAX } from "./space-memory.ts";

/** What a thread needs to take part; goes to workers as a message. */
export interface TrunkSetup {
  readonly buffer: SharedArrayBuffer;
  readonly rules: SpaceRules;
}

export interface Allocation {
  readonly block: TrunkInfo;
  readonly term: number;
  /** The path is nearly out of space: a file ahead is to be made. Told to one of many allocations. */
  readonly isLow: boolean;
}

const Cell = {
  LOCK: 0,
  JOURNAL_LOCK: 1,
  ROLE: 2,
  TERM: 3,
  SUSPENDED: 4,
  DAMAGED: 5,
  COOL_SECONDS: 6,
  /** Moves when the trunk binlog is another file. */
  JOURNAL_GENERATION: 7,
  /** Until when slots may be handed out without hearing the leading tracker: milliseconds of the monotonic clock, counting round; 0: for ever. */
  LEASE_UNTIL: 8,
  /** By store path: when a file ahead was asked for; 0: it was not. */
  ASKED: 16,
  SIZE: 16 + PATHS_MAX,
} as const;

const Role = { NONE: 0, LOADING: 1, READY: 2 } as const;

/** With less room the journal is written before an allocation, with still less nothing is handed out. */
const ROOM_COMFORTABLE = 16_384;
const ROOM_LEAST = 256;
/** A wish for a file that was not heard is told again. */
const ASK_AGAIN_SECONDS = 5;
/** Below this part of a trunk file a path is nearly out of space. */
const LOW_PART = 16;

export class SharedTrunkSpace {
  readonly rules: SpaceRules;
  readonly journal: JournalRing;
  /** Writes the journal out, or throws; TrunkJournalFile sets it. */
  onFull: (() => void) | null = null;
  readonly #cells: Int32Array;
  readonly #lock: SharedLock;
  readonly #journalLock: SharedLock;
  readonly #owner: number;
  readonly #held: HeldBlocks;
  readonly #lateCarves: LateCarves;
  readonly #space: TrunkSpace;
  readonly #lowSize: number;
  readonly #now: () => number;

  /** For at most `blocksMax` free blocks, 45 bytes each; memory that is not used is not taken. */
  static create(rules: SpaceRules, blocksMax: number): TrunkSetup {
    const words = Cell.SIZE + JOURNAL_RING_WORDS + HELD_BLOCKS_WORDS + LATE_CARVES_WORDS;
    const buffer = new SharedArrayBuffer((words + TrunkSpace.wordsFor(blocksMax)) * Int32Array.BYTES_PER_ELEMENT);
    const setup = { buffer, rules };
    // Makes the map an empty one before any other thread sees it.
    new SharedTrunkSpace(setup, 0).begin();
    Atomics.store(new Int32Array(buffer), Cell.ROLE, Role.NONE);
    return setup;
  }

  /** One thread's view; `owner` as in SharedLock. `now`: unix seconds. */
  constructor({ buffer, rules }: TrunkSetup, owner: number, now: () => number = unixSeconds) {
    let offset = 0;
    const next = (words: number): Int32Array => {
      offset += words * Int32Array.BYTES_PER_ELEMENT;
      return new Int32Array(buffer, offset - words * Int32Array.BYTES_PER_ELEMENT, words);
    };
    this.rules = rules;
    this.#now = now;
    this.#owner = owner;
    this.#cells = next(Cell.SIZE);
    this.#lock = new SharedLock(this.#cells, Cell.LOCK, owner);
    this.#journalLock = new SharedLock(this.#cells, Cell.JOURNAL_LOCK, owner);
    this.journal = new JournalRing(next(JOURNAL_RING_WORDS));
    this.#held = new HeldBlocks(next(HELD_BLOCKS_WORDS));
    this.#lateCarves = new LateCarves(next(LATE_CARVES_WORDS));
    const words = new Int32Array(buffer, offset);
    this.#space = new TrunkSpace(words, rules, (op, block) => this.#push(op, block));
    this.#lowSize = Math.max(rules.slotMaxSize, Math.floor(rules.trunkFileSize / LOW_PART));
  }

  // ---- the role ----

  /** 0: nobody may allocate: this is not the trunk server, the map is being loaded or damaged, or the role is suspended. */
  get term(): number {
    const cells = this.#cells;
    const isUsable =
      Atomics.load(cells, Cell.ROLE) === Role.READY &&
      Atomics.load(cells, Cell.SUSPENDED) === 0 &&
      Atomics.load(cells, Cell.DAMAGED) === 0 &&
      this.#isLeased();
    return isUsable ? Atomics.load(cells, Cell.TERM) : 0;
  }

  /** Lets slots be handed out for so long; a process that was stopped finds out by itself that its time is over. */
  lease(milliseconds: number): void {
    const until = (monotonicMs() + milliseconds) | 0;
    Atomics.store(this.#cells, Cell.LEASE_UNTIL, until === 0 ? 1 : until);
  }

  #isLeased(): boolean {
    const until = Atomics.load(this.#cells, Cell.LEASE_UNTIL);
    return until === 0 || ((until - monotonicMs()) | 0) > 0;
  }

  /** The map is empty and is to be loaded. Entries that are still in the journal stay. */
  begin(): void {
    this.#lock.run(() => {
      Atomics.store(this.#cells, Cell.ROLE, Role.LOADING);
      Atomics.store(this.#cells, Cell.DAMAGED, 0);
      this.#cells.fill(0, Cell.ASKED, Cell.SIZE);
      this.#space.clear();
      this.#held.clear();
      this.#lateCarves.takeAll();
    });
  }

  /** The map is loaded: slots are handed out from now on, in this term. */
  ready(term: number): void {
    this.#lock.run(() => {
      for (const block of this.#lateCarves.takeAll()) this.#space.carve(block);
      Atomics.store(this.#cells, Cell.TERM, term);
      Atomics.store(this.#cells, Cell.ROLE, Role.READY);
    });
  }

  /** No trunk server any more. */
  end(): void {
    this.#lock.run(() => Atomics.store(this.#cells, Cell.ROLE, Role.NONE));
  }

  /** Nothing is handed out until `resume`; what comes back is taken. */
  suspend(): void {
    this.#lock.run(() => Atomics.store(this.#cells, Cell.SUSPENDED, 1));
  }

  resume(): void {
    this.#lock.run(() => Atomics.store(this.#cells, Cell.SUSPENDED, 0));
  }

  /** Seconds between the return of a slot and its next use. */
  set coolSeconds(seconds: number) {
    Atomics.store(this.#cells, Cell.COOL_SECONDS, seconds);
  }

  // ---- slots ----

  /** A slot of at least `size` bytes, header included. `no-space`: a new trunk file is needed in this path. */
  allocate(storePathIndex: number, size: number): Allocation | "no-space" | "not-server" {
    if (this.term === 0) return "not-server";
    return this.#lock.run(() => {
      const term = this.term;
      if (term === 0) return "not-server";
      if (!this.#hasRoom()) return "no-space";
      const now = this.#now();
      const block = this.#space.alloc(storePathIndex, size, now);
      if (block === null) return "no-space";
      return { block, term, isLow: this.#isLow(storePathIndex, now) };
    });
  }

  /** A slot is free again, or was never used. 0: done; 17: it is free already; 22: not the trunk server; 28: no room for it. */
  release(block: TrunkInfo): number {
    return this.#lock.run(() => {
      if (!this.#isReady()) return Status.EINVAL;
      return this.#free(block);
    });
  }

  /** An allocated slot waits for what another storage tells of it; false when too many do: release it then. */
  hold(block: TrunkInfo, term: number): boolean {
    return this.#lock.run(() => this.#isReady() && this.#held.add(block, term, this.#now()));
  }

  /**
   * What became of a held slot: 0 and 17 (it was in use) end the hold, with any other status the slot is free again. 2: there
   * is no such hold of this term; 22: not the trunk server.
   */
  confirm(block: TrunkInfo, status: number): number {
    return this.#lock.run(() => {
      if (!this.#isReady()) return Status.EINVAL;
      if (!this.#held.take(block, Atomics.load(this.#cells, Cell.TERM))) return Status.ENOENT;
      return status === Status.OK || status === Status.EEXIST ? Status.OK : this.#free(block);
    });
  }

  /** Frees slots of which nothing was told for `olderThanSeconds`; answers how many. */
  expireHolds(nowSeconds: number, olderThanSeconds: number): number {
    return this.#lock.run(() => {
      if (!this.#isReady()) return 0;
      const blocks = this.#held.takeOlderThan(nowSeconds - olderThanSeconds);
      for (const block of blocks) this.#free(block);
      return blocks.length;
    });
  }

  /** Slots that wait for what is told of them. */
  get heldCount(): number {
    return this.#held.count;
  }

  /** A replica has taken this slot: it is not free, whatever the map says. Answers the bytes that were free. */
  carve(block: TrunkInfo): number {
    if (Atomics.load(this.#cells, Cell.ROLE) === Role.NONE) return 0;
    return this.#lock.run(() => {
      const role = Atomics.load(this.#cells, Cell.ROLE);
      if (role === Role.READY) return this.#space.carve(block);
      if (role === Role.LOADING) this.#lateCarves.add(block);
      return 0;
    });
  }

  /** True while a file ahead has been asked for and none has come. */
  awaitsFile(storePathIndex: number): boolean {
    return Atomics.load(this.#cells, Cell.ASKED + storePathIndex) !== 0 && !this.#hasPlenty(storePathIndex);
  }

  /** The map itself, for loading and maintenance. Nobody allocates meanwhile; nothing else of this object may be used inside but the journal. */
  exclusively<T>(use: (space: TrunkSpace) => T): T {
    return this.#lock.run(() => use(this.#space));
  }

  // ---- the journal's file ----

  /** Runs `use` while no other thread writes the trunk binlog. `generation`: of the file. May be called inside `exclusively`, not the other way round. */
  whileJournalLocked<T>(use: (generation: number) => T): T {
    return this.#journalLock.run(() => use(Atomics.load(this.#cells, Cell.JOURNAL_GENERATION)));
  }

  /** As `whileJournalLocked`, for what puts another file in the trunk binlog's place: all threads open it anew. */
  whileJournalRests<T>(change: () => T): T {
    return this.#journalLock.run(() => {
      try {
        return change();
      } finally {
        Atomics.add(this.#cells, Cell.JOURNAL_GENERATION, 1);
      }
    });
  }

  // ---- threads that died ----

  /** Gives back what an earlier thread of this owner held when it died. */
  reclaim(): void {
    // It may have been between two words of one change: nobody can tell what is free.
    if (Atomics.load(this.#cells, Cell.LOCK) === this.#owner) Atomics.store(this.#cells, Cell.DAMAGED, 1);
    // It may have written a part of a line: who opens the file anew looks.
    if (Atomics.load(this.#cells, Cell.JOURNAL_LOCK) === this.#owner) {
      Atomics.add(this.#cells, Cell.JOURNAL_GENERATION, 1);
    }
    this.#journalLock.reclaim();
    this.#lock.reclaim();
  }

  /** The map has to be loaded anew (`begin`): a thread died while it changed it, or a change found no room in the journal. */
  get isDamaged(): boolean {
    return Atomics.load(this.#cells, Cell.DAMAGED) !== 0;
  }

  // ---- inside, under the lock ----

  #isReady(): boolean {
    return Atomics.load(this.#cells, Cell.ROLE) === Role.READY && Atomics.load(this.#cells, Cell.DAMAGED) === 0;
  }

  #free(block: TrunkInfo): number {
    if (!this.#hasRoom()) return Status.ENOSPC;
    return this.#space.free(block, this.#now(), Atomics.load(this.#cells, Cell.COOL_SECONDS));
  }

  /** False when the journal is full because it cannot be written. */
  #hasRoom(): boolean {
    if (this.journal.room >= ROOM_COMFORTABLE) return true;
    this.#makeRoom();
    return this.journal.room >= ROOM_LEAST;
  }

  #makeRoom(): void {
    try {
      this.onFull?.();
    } catch {
      // The next flush that somebody answers for meets the same error.
    }
  }

  #push(op: JournalOp, block: TrunkInfo): void {
    const now = this.#now();
    if (this.journal.push(now, op, block)) return;
    this.#makeRoom();
    if (!this.journal.push(now, op, block)) Atomics.store(this.#cells, Cell.DAMAGED, 1);
  }

  #isLow(storePathIndex: number, nowSeconds: number): boolean {
    const cell = Cell.ASKED + storePathIndex;
    if (this.#hasPlenty(storePathIndex)) {
      if (this.#cells[cell] !== 0) this.#cells[cell] = 0;
      return false;
    }
    const asked = this.#cells[cell]!;
    if (asked !== 0 && nowSeconds >= asked && nowSeconds < asked + ASK_AGAIN_SECONDS) return false;
    this.#cells[cell] = nowSeconds;
    return true;
  }

  #hasPlenty(storePathIndex: number): boolean {
    return this.#space.mayHave(storePathIndex, this.#lowSize);
  }
}

const unixSeconds = (): number => Math.floor(Date.now() / 1000);
/** The same in all threads, and it goes on while the process is stopped. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
}
