// Compares one trunk file with what should be in it: its free space by the map, its files by the data binlog. Pure.

import { type NamedSlot, type SlotHeader, SlotType } from "../slot-header.ts";
import type { TrunkPlace } from "../trunk-file.ts";
import type { Finding, FindingKind } from "./finding.ts";
import type { NamesOfFile } from "./live-names.ts";
import { byOffset, endOf, type Range, RangeList, without } from "./ranges.ts";
import { slotOfName } from "./trunk-key.ts";
import type { Slot, Walk } from "./walk.ts";

/** A name of the data binlog with its slot. */
export interface Expected {
  readonly name: string;
  readonly named: NamedSlot;
  readonly isLive: boolean;
}

export interface FileFacts {
  readonly place: TrunkPlace;
  /** Bytes; 0 where there is no such file. */
  readonly size: number;
  readonly walk: Walk;
  /** Free by the map; null: there is no map to compare with. */
  readonly free: readonly Range[] | null;
  readonly expected: ExpectedNames;
  /** The binlog tells of all files: one that it does not name was never recorded. */
  readonly knowsAllNames: boolean;
  /** Space of which less is dropped when a map is loaded. */
  readonly slotMinSize: number;
  /** What stands at the slot of a name, when the walk did not meet it there. */
  headerMatches(named: NamedSlot): boolean;
  /** The file lies beside the trunk file under its own name: its slot was taken when it came. */
  isStray(name: string): boolean;
  /** Under way when the storage was killed: its next start brings it in order. */
  isPending(name: string): boolean;
}

export interface Comparison {
  readonly findings: readonly Finding[];
  /** Slots with a file in them, whoever knows it. */
  readonly used: readonly Range[];
  /** Slots of live files that are not in them. */
  readonly reserved: readonly Range[];
  readonly strays: number;
  readonly pending: number;
  /** Bytes that are lost in pieces too small to be used. */
  readonly sliverBytes: number;
}

/** The names of one trunk file, by offset too. */
export class ExpectedNames {
  readonly all: readonly Expected[];
  readonly #byOffset = new Map<number, Expected[]>();

  constructor(names: NamesOfFile) {
    const all: Expected[] = [];
    for (const [name, isLive] of names) {
      const named = slotOfName(name)?.named;
      if (named === undefined) continue;
      const expected = { name, named, isLive };
      all.push(expected);
      const others = this.#byOffset.get(named.offset);
      if (others === undefined) this.#byOffset.set(named.offset, [expected]);
      else others.push(expected);
    }
    this.all = all;
  }

  /** The name whose header this is. Two names can differ in their random bits alone: the one that lives is meant. */
  find(offset: number, header: SlotHeader): Expected | null {
    const matching = (this.#byOffset.get(offset) ?? []).filter(({ named }) => isHeaderOf(header, named));
    return matching.find(({ isLive }) => isLive) ?? matching[0] ?? null;
  }
}

function isHeaderOf(header: SlotHeader, named: NamedSlot): boolean {
  return (
    header.allocatedSize === named.size &&
    header.fileSize === named.fileSize &&
    header.crc32 === named.crc32 &&
    header.modifiedAt === named.modifiedAt &&
    header.tail === named.tail
  );
}

export function compareFile(facts: FileFacts): Comparison {
  return new Comparer(facts).run();
}

class Comparer {
  readonly #facts: FileFacts;
  readonly #findings: Finding[] = [];
  readonly #used: Slotted[] = [];
  readonly #reserved: Range[] = [];
  #strays = 0;
  #pending = 0;

  constructor(facts: FileFacts) {
    this.#facts = facts;
  }

  run(): Comparison {
    const seen = new Set<string>();
    for (const slot of this.#facts.walk.slots) {
      const known = this.#takeSlot(slot);
      if (known !== null) seen.add(known.name);
    }
    for (const expected of this.#facts.expected.all) {
      if (expected.isLive && !seen.has(expected.name)) this.#takeUnseen(expected);
    }
    this.#used.sort(byOffset);
    this.#findOverlaps();
    for (const range of this.#facts.walk.junk) this.#add("junk", range, "", "");
    const sliverBytes = this.#compareMap();
    return {
      ...{ findings: this.#findings, used: this.#used, reserved: this.#reserved },
      ...{ strays: this.#strays, pending: this.#pending, sliverBytes },
    };
  }

  /** A slot that the walk met. Returns the name that it belongs to. */
  #takeSlot(slot: Slot): Expected | null {
    const { expected, knowsAllNames, isPending } = this.#facts;
    const known = expected.find(slot.offset, slot.header);
    const name = known?.name ?? "";
    const identity = identityOf(slot.header);
    this.#used.push({ offset: slot.offset, size: slot.size, name, identity });
    if (name !== "" && isPending(name)) {
      this.#pending++;
      return known;
    }
    if (!slot.isSound) this.#add("damaged", slot, name, contentOf(slot.header), identity);
    if (known !== null && !known.isLive) this.#add("deleted", slot, name, "", identity);
    if (known === null && knowsAllNames) this.#add("unrecorded", slot, "", contentOf(slot.header), identity);
    return known;
  }

  /** A name that lives, and whose slot the walk did not meet: behind another one's header, beside, or nowhere. */
  #takeUnseen({ name, named }: Expected): void {
    const { headerMatches, isStray, isPending } = this.#facts;
    const range = { offset: named.offset, size: named.size };
    if (headerMatches(named)) {
      this.#used.push({ ...range, name, identity: name });
    } else if (isStray(name)) {
      this.#strays++;
    } else if (isPending(name)) {
      this.#pending++;
      this.#reserved.push(range);
    } else {
      this.#reserved.push(range);
      this.#add("missing", range, name, this.#inPlaceOf(range));
    }
  }

  #inPlaceOf(range: Range): string {
    const { walk, size } = this.#facts;
    if (size === 0) return "there is no such trunk file";
    if (endOf(range) > size) return "the trunk file ends before it";
    const shares = (one: Range): boolean => one.offset < endOf(range) && endOf(one) > range.offset;
    if (walk.slots.some(shares)) return "another file is in its place";
    return walk.junk.some(shares) ? "its header is gone, bytes are still there" : "its place is empty";
  }

  #findOverlaps(): void {
    let before: Slotted | null = null;
    for (const slot of this.#used) {
      if (before !== null && slot.offset < endOf(before)) {
        const shared = Math.min(endOf(before), endOf(slot)) - slot.offset;
        const other = before.name === "" ? `a file at ${before.offset}` : before.name;
        const range = { offset: slot.offset, size: shared };
        this.#add("overlap", range, slot.name, `with ${other}`, `${before.identity} ${slot.identity}`);
      }
      if (before === null || endOf(slot) > endOf(before)) before = slot;
    }
  }

  #compareMap(): number {
    const { free, size, slotMinSize, walk } = this.#facts;
    if (free === null) return 0;
    const map = new RangeList(free);
    for (const { name, identity, ...slot } of this.#used) {
      const shared = map.sharing(slot);
      if (shared.length === 0) continue;
      const [first] = shared;
      const where =
        shared.length === 1 ? `free are ${first!.size} bytes at ${first!.offset}` : `${shared.length} free blocks`;
      this.#add("used-free", slot, name, where, identity);
    }
    let slivers = 0;
    const taken = [...this.#used, ...this.#reserved, ...free];
    for (const range of without({ offset: 0, size }, taken)) {
      if (range.size < slotMinSize) slivers += range.size;
      else
        this.#add(
          "lost",
          range,
          "",
          walk.junk.some((one) => endOf(one) > range.offset && one.offset < endOf(range)) ? "not empty" : "",
        );
    }
    return slivers;
  }

  #add(kind: FindingKind, { offset, size }: Range, name: string, detail: string, identity = ""): void {
    const { place } = this.#facts;
    const key = `${kind} ${place.storePathIndex} ${place.trunkFileId} ${offset} ${size} ${name} ${identity}`;
    this.#findings.push({ kind, place, offset, size, name, detail, key });
  }
}

interface Slotted extends Range {
  readonly name: string;
  /** Differs when another file has come into the same slot. */
  readonly identity: string;
}

const identityOf = ({ crc32, modifiedAt, fileSize, tail }: SlotHeader): string =>
  `${crc32} ${modifiedAt} ${fileSize} ${tail}`;

const contentOf = ({ type, fileSize, modifiedAt, tail }: SlotHeader): string =>
  `${type === SlotType.LINK ? "link" : "file"} of ${fileSize} bytes, its name ends with ${tail}, of ${new Date(modifiedAt * 1000).toISOString().slice(0, 19)}Z`;
