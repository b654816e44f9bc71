// One run of the allocator: chance calls it some hundred times beside the naive map, and at chance moments the trunk binlog
// is replayed, from its beginning and from the last snapshot, which must give the same map.

import { formatLine } from "../../../core/storage/trunk/journal-line.ts";
import { replay } from "../../../core/storage/trunk/replay.ts";
import { SharedTrunkSpace } from "../../../core/storage/trunk/shared-space.ts";
import { formatSnapshot, parseSnapshot } from "../../../core/storage/trunk/snapshot.ts";
import { type SpaceRules, TrunkSpace } from "../../../core/storage/trunk/space.ts";
import type { TrunkInfo } from "../../../core/wire/storage-sync.ts";
import { Random } from "../world/random.ts";
import { NaiveSpace, overlap, tellBlock } from "./naive-space.ts";

const STEPS = 300;
const PATHS = 2;
const BLOCKS_MAX = 4096;
const START_SECONDS = 1_700_000_000;

export interface AllocatorResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly operations: number;
  readonly replays: number;
}

export async function runAllocatorSeed(seed: number): Promise<AllocatorResult> {
  const run = new AllocatorRun(seed);
  await run.all();
  return { seed, problems: run.problems, trace: run.trace, operations: run.trace.length, replays: run.replays };
}

class AllocatorRun {
  readonly problems: string[] = [];
  readonly trace: string[] = [];
  replays = 0;
  readonly #random: Random;
  readonly #rules: SpaceRules;
  readonly #space: TrunkSpace;
  readonly #naive: NaiveSpace;
  /** For replays. */
  readonly #loaded: SharedTrunkSpace;
  readonly #used: TrunkInfo[] = [];
  #binlog = "";
  #snapshot = "";
  #now = START_SECONDS;
  #nextId = 1;
  readonly #coolSeconds: number;

  constructor(seed: number) {
    this.#random = new Random(seed);
    const slotMinSize = this.#random.pick([1, 16, 64, 256]);
    this.#rules = {
      slotMinSize,
      slotMaxSize: 2048,
      alignmentSize: this.#random.pick([0, 0, 16, 64, 100]),
      trunkFileSize: this.#random.pick([4096, 10_000, 65_536]),
      mergesFree: this.#random.chance(0.5),
    };
    this.#loaded = new SharedTrunkSpace(SharedTrunkSpace.create(this.#rules, BLOCKS_MAX), 1);
    this.#coolSeconds = this.#random.between(1, 5);
    this.#naive = new NaiveSpace(this.#rules);
    this.#space = new TrunkSpace(new Int32Array(TrunkSpace.wordsFor(BLOCKS_MAX)), this.#rules, (op, block) => {
      this.#binlog += formatLine(this.#now, op, block);
    });
  }

  async all(): Promise<void> {
    this.#load();
    for (let step = 0; step < STEPS && this.problems.length === 0; step++) {
      this.#step();
      if (step % 3 === 0) this.#compare();
      if (this.#random.chance(0.01)) await this.#replayAll();
      if (this.#random.chance(0.02)) this.#takeSnapshot();
    }
    this.#compare();
    await this.#replayAll();
  }

  /** What was there when the role began: in quarantine, and already in the binlog. */
  #load(): void {
    for (let file = this.#random.between(0, 2); file > 0; file--) {
      const trunkFileId = this.#nextId++;
      const place = { storePathIndex: this.#random.between(0, PATHS - 1), subPathHigh: 0, subPathLow: 1, trunkFileId };
      let offset = 0;
      while (offset < this.#rules.trunkFileSize) {
        const size = Math.min(this.#random.between(1, 2000), this.#rules.trunkFileSize - offset);
        const block = { ...place, offset, size };
        offset += size;
        if (this.#random.chance(0.5)) {
          this.#used.push(block);
          continue;
        }
        const status = this.#space.insert(block, true);
        this.#same("insert", status, this.#naive.insert(block, true));
        if (status === 0) this.#binlog += formatLine(this.#now, "A", block);
      }
    }
  }

  #step(): void {
    const weights = { alloc: 40, free: 30, addFile: 3, carve: 4, clock: 15, quarantine: 0.5, dropFile: 2, strange: 2 };
    const step = this.#random.weighted(weights);
    if (step === "alloc") this.#alloc();
    else if (step === "free") this.#free();
    else if (step === "addFile") this.#addFile();
    else if (step === "carve") this.#carve();
    else if (step === "clock") this.#clock();
    else if (step === "quarantine") this.#endQuarantine();
    else if (step === "dropFile") this.#dropFile();
    else this.#strange();
  }

  #clock(): void {
    this.#now += this.#random.between(0, 3);
    if (!this.#random.chance(0.3)) return;
    this.#tell(`mature at ${this.#now}`);
    this.#space.mature(this.#now);
    this.#naive.mature(this.#now);
  }

  #endQuarantine(): void {
    this.#tell("end of quarantine");
    let left = this.#naive.quarantinedCount;
    while (left > 0) left = this.#space.endQuarantine(this.#random.between(1, 3));
    this.#naive.endQuarantine();
  }

  #alloc(): void {
    const path = this.#random.between(0, PATHS - 1);
    const size = this.#random.chance(0.7) ? this.#random.between(24, 300) : this.#random.between(24, 2048);
    // An allocation makes some cooled blocks available by itself; here all, so that both know the same.
    this.#space.mature(this.#now);
    this.#naive.mature(this.#now);
    const block = this.#space.alloc(path, size, this.#now);
    this.#tell(`alloc ${size} in ${path}: ${block === null ? "nothing" : tellBlock(block)}`);
    const problem = this.#naive.took(path, size, block);
    if (problem !== null) this.#complain(problem);
    if (block === null) {
      if (this.#random.chance(0.5)) this.#addFile();
      return;
    }
    const other = this.#used.find((used) => overlap(used, block));
    if (other !== undefined) this.#complain(`${tellBlock(block)} lies over ${tellBlock(other)}, which is in use`);
    this.#used.push(block);
  }

  #free(): void {
    if (this.#used.length === 0) return;
    const [block] = this.#used.splice(this.#random.between(0, this.#used.length - 1), 1);
    const cool = this.#random.chance(0.4) ? this.#coolSeconds : 0;
    this.#tell(`free ${tellBlock(block!)} cooling ${cool}`);
    this.#same("free", this.#space.free(block!, this.#now, cool), this.#naive.free(block!, this.#now, cool));
  }

  #addFile(): void {
    const place = {
      storePathIndex: this.#random.between(0, PATHS - 1),
      subPathHigh: this.#random.between(0, 255),
      subPathLow: this.#random.between(0, 255),
      // Two allocators may have given one id twice.
      trunkFileId: this.#random.chance(0.1) ? this.#random.between(1, this.#nextId) : this.#nextId++,
    };
    const size = this.#rules.trunkFileSize;
    this.#tell(`file ${place.trunkFileId} in ${place.storePathIndex}`);
    this.#same("addFile", this.#space.addFile(place, size), this.#naive.free({ ...place, offset: 0, size }, 0, 0));
  }

  #carve(): void {
    const block = this.#someBlock();
    if (block === null) return;
    const offset = Math.max(0, block.offset + this.#random.between(-300, 300));
    const range = { ...block, offset, size: this.#random.between(1, 1500) };
    this.#tell(`carve ${tellBlock(range)}`);
    this.#same("carve", this.#space.carve(range), this.#naive.carve(range));
    if (!this.#used.some((used) => overlap(used, range))) this.#used.push(range);
  }

  #dropFile(): void {
    const file = this.#space.files().find(({ freeBytes }) => freeBytes === this.#rules.trunkFileSize);
    const place = file?.place ?? this.#someBlock();
    if (place === null) return;
    this.#tell(`drop file ${place.trunkFileId}`);
    const isDropped = this.#space.dropFile(place, this.#rules.trunkFileSize);
    if (isDropped !== this.#naive.dropFile({ ...place, offset: 0, size: 0 })) this.#complain("dropFile differs");
  }

  /** What comes from the network and is not true: a slot that is free already, in part or as a whole. */
  #strange(): void {
    const block = this.#someBlock();
    if (block === null) return;
    const wrong = { ...block, offset: block.offset + this.#random.between(0, block.size - 1), size: block.size };
    this.#tell(`free ${tellBlock(wrong)}, wrongly`);
    this.#same("free", this.#space.free(wrong, this.#now, 0), this.#naive.free(wrong, this.#now, 0));
    if (this.#space.free({ ...wrong, offset: -1 }, this.#now, 0) !== 22)
      this.#complain("an offset below zero was taken");
  }

  #someBlock(): TrunkInfo | null {
    const { blocks } = this.#naive;
    return blocks.length === 0 ? null : this.#random.pick(blocks);
  }

  #compare(): void {
    const seen = this.#space.blocks().map(tellBlock);
    const expected = this.#naive.tell();
    if (seen.toSorted().join("\n") !== expected.join("\n")) {
      this.#complain(`the maps differ:\n${seen.join("\n")}\nexpected:\n${expected.join("\n")}`);
    }
    for (let path = 0; path < PATHS; path++) {
      this.#same(`free bytes of path ${path}`, this.#space.freeBytes(path), this.#naive.freeBytes(path));
      this.#same(`largest of path ${path}`, this.#space.largestAvailable(path), this.#naive.largestAvailable(path));
    }
    this.#same("blocks", this.#space.blockCount, expected.length);
    this.#same("quarantined", this.#space.quarantinedCount, this.#naive.quarantinedCount);
    const inFiles = this.#space.files().reduce((sum, { freeBytes }) => sum + freeBytes, 0);
    this.#same("free bytes of files", inFiles, this.#space.freeBytes());
  }

  #takeSnapshot(): void {
    this.#tell("snapshot");
    this.#snapshot = formatSnapshot(this.#binlog.length, this.#space.copy().blocks(), this.#now);
  }

  async #replayAll(): Promise<void> {
    await this.#replay("the whole binlog", null);
    if (this.#snapshot !== "") await this.#replay("snapshot and binlog", this.#snapshot);
  }

  async #replay(what: string, snapshotText: string | null): Promise<void> {
    this.replays++;
    this.#tell(`replay of ${what}`);
    const snapshot = snapshotText === null ? null : parseSnapshot(snapshotText);
    const shared = this.#loaded;
    shared.begin();
    const counts = await replay(shared, snapshot, this.#pieces(snapshot?.offset ?? 0), {
      storePathCount: PATHS,
      isQuarantined: this.#random.chance(0.5),
      pause: () => Promise.resolve(),
    });
    const seen = shared.exclusively((map) => map.blocks().map(tellBlock));
    const expected = this.#naive.tell();
    if (seen.toSorted().join("\n") !== expected.join("\n")) {
      this.#complain(`replay of ${what} gives another map:\n${seen.join("\n")}\nexpected:\n${expected.join("\n")}`);
    }
    const { mismatched, overlapping, tooSmall, skipped, withoutRoom } = counts;
    this.#same(`strange lines in ${what}`, mismatched + overlapping + tooSmall + skipped + withoutRoom, 0);
  }

  *#pieces(from: number): Generator<Uint8Array> {
    const bytes = Buffer.from(this.#binlog.slice(from), "latin1");
    for (let at = 0; at < bytes.length; ) {
      const length = this.#random.between(1, 5000);
      yield bytes.subarray(at, at + length);
      at += length;
    }
  }

  #same(what: string, seen: number, expected: number): void {
    if (seen !== expected) this.#complain(`${what}: ${seen}, expected ${expected}`);
  }

  #tell(text: string): void {
    this.trace.push(text);
  }

  #complain(text: string): void {
    this.#tell(`PROBLEM ${text}`);
    this.problems.push(text);
  }
}
