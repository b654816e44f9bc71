// The free-space map as simply as it can be said: lists of blocks, searched from end to end. The real one is held against it.

import type { SpaceRules } from "../../../core/storage/trunk/space.ts";
import type { TrunkInfo } from "../../../core/wire/storage-sync.ts";

type State = "available" | "cooling" | "quarantined";

interface NaiveBlock extends TrunkInfo {
  state: State;
  until: number;
}

const endOf = ({ offset, size }: { readonly offset: number; readonly size: number }): number => offset + size;

const inOneFile = (a: TrunkInfo, b: TrunkInfo): boolean =>
  a.storePathIndex === b.storePathIndex &&
  a.subPathHigh === b.subPathHigh &&
  a.subPathLow === b.subPathLow &&
  a.trunkFileId === b.trunkFileId;

export const overlap = (a: TrunkInfo, b: TrunkInfo): boolean =>
  inOneFile(a, b) && a.offset < endOf(b) && b.offset < endOf(a);

/** A text that orders blocks as the real map does. */
export const tellBlock = (block: TrunkInfo): string =>
  [block.storePathIndex, block.trunkFileId, block.subPathHigh, block.subPathLow, block.offset, block.size]
    .map((part) => String(part).padStart(10, "0"))
    .join(" ");

export class NaiveSpace {
  readonly #rules: SpaceRules;
  #blocks: NaiveBlock[] = [];

  constructor(rules: SpaceRules) {
    this.#rules = rules;
  }

  get blocks(): readonly TrunkInfo[] {
    return this.#blocks;
  }

  get quarantinedCount(): number {
    return this.#blocks.filter(({ state }) => state === "quarantined").length;
  }

  tell(): string[] {
    return this.#blocks.map(tellBlock).sort();
  }

  freeBytes(storePathIndex: number): number {
    return this.#blocks.reduce((sum, block) => sum + (block.storePathIndex === storePathIndex ? block.size : 0), 0);
  }

  largestAvailable(storePathIndex: number): number {
    const available = this.#blocks.filter((block) => block.storePathIndex === storePathIndex && isAvailable(block));
    return Math.max(0, ...available.map(({ size }) => size));
  }

  wantedFor(size: number): number {
    const { slotMinSize, alignmentSize } = this.#rules;
    if (size <= slotMinSize) return slotMinSize;
    return alignmentSize === 0 ? size : size + ((alignmentSize - (size % alignmentSize)) % alignmentSize);
  }

  /** What the real map handed out is taken out here; a sentence when it may not have been. */
  took(storePathIndex: number, size: number, block: TrunkInfo | null): string | null {
    const wanted = this.wantedFor(size);
    if (block === null) {
      return this.largestAvailable(storePathIndex) < wanted ? null : `${wanted} bytes were refused that are there`;
    }
    const from = this.#blocks.find((free) => inOneFile(free, block) && free.offset === block.offset);
    if (from === undefined || !isAvailable(from)) return `${tellBlock(block)} was not available`;
    if (block.storePathIndex !== storePathIndex) return `${tellBlock(block)} is of another path`;
    const rest = from.size - wanted;
    const given = rest < this.#rules.slotMinSize ? from.size : wanted;
    if (block.size !== given) return `${tellBlock(block)} should have ${given} bytes`;
    this.#drop(from);
    if (given < from.size) this.#blocks.push({ ...from, offset: from.offset + given, size: rest });
    return null;
  }

  free(block: TrunkInfo, nowSeconds: number, coolSeconds: number): number {
    if (block.size < this.#rules.slotMinSize) return 0;
    if (this.#blocks.some((free) => overlap(free, block))) return 17;
    if (coolSeconds > 0) this.#blocks.push({ ...block, state: "cooling", until: nowSeconds + coolSeconds });
    else this.#makeAvailable({ ...block, state: "available", until: 0 });
    return 0;
  }

  insert(block: TrunkInfo, isQuarantined: boolean): number {
    if (block.size < this.#rules.slotMinSize) return 22;
    if (this.#blocks.some((free) => overlap(free, block))) return 17;
    this.#blocks.push({ ...block, state: isQuarantined ? "quarantined" : "available", until: 0 });
    return 0;
  }

  carve(range: TrunkInfo): number {
    let taken = 0;
    const touched = this.#blocks.filter((block) => overlap(block, range)).sort((a, b) => b.offset - a.offset);
    for (const free of touched) {
      this.#drop(free);
      taken += Math.min(endOf(free), endOf(range)) - Math.max(free.offset, range.offset);
      // Those that cool stand in the order of their times.
      const until = Math.max(free.until, ...this.#blocks.filter(isCooling).map((block) => block.until));
      const rests = [
        { ...free, size: range.offset - free.offset, until },
        { ...free, offset: endOf(range), size: endOf(free) - endOf(range), until },
      ];
      this.#blocks.push(...rests.filter(({ size }) => size >= this.#rules.slotMinSize));
    }
    return taken;
  }

  mature(nowSeconds: number): void {
    for (const block of this.#blocks.filter((one) => isCooling(one) && one.until <= nowSeconds)) {
      this.#drop(block);
      this.#makeAvailable(block);
    }
  }

  endQuarantine(): void {
    for (const block of this.#blocks.filter(({ state }) => state === "quarantined")) {
      this.#drop(block);
      this.#makeAvailable(block);
    }
  }

  dropFile(place: TrunkInfo): boolean {
    const all = this.#blocks.filter((block) => inOneFile(block, place));
    const free = all.reduce((sum, { size }) => sum + size, 0);
    if (free !== this.#rules.trunkFileSize || !all.every(isAvailable)) return false;
    for (const block of all) this.#drop(block);
    return true;
  }

  #makeAvailable(block: NaiveBlock): void {
    let joined: NaiveBlock = { ...block, state: "available", until: 0 };
    const near = this.#blocks.filter(
      (other) =>
        this.#rules.mergesFree &&
        isAvailable(other) &&
        inOneFile(other, block) &&
        (endOf(other) === block.offset || endOf(block) === other.offset),
    );
    for (const other of near) {
      this.#drop(other);
      joined = { ...joined, offset: Math.min(joined.offset, other.offset), size: joined.size + other.size };
    }
    this.#blocks.push(joined);
  }

  #drop(block: NaiveBlock): void {
    this.#blocks = this.#blocks.filter((other) => other !== block);
  }
}

const isAvailable = ({ state }: NaiveBlock): boolean => state === "available";
const isCooling = ({ state }: NaiveBlock): boolean => state === "cooling";
