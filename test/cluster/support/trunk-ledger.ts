// What the clients of a trunk test know of every file: its content, when it came, when it went. Two files of which clients
// were told must never have lain in the same bytes of a trunk file at the same time.

import { parseFileId } from "../../../core/fileid/file-id.ts";
import { Random } from "./random.ts";
import type { Server } from "./server.ts";
import { describeSlot, type Slot, slotOf } from "./slots.ts";

const POOL_BYTES = 1 << 20;
const STAMP_BYTES = 8;

/** Content that is made again when it is needed: the serial number, then a piece of a pool of random bytes. */
export interface Recipe {
  readonly serial: number;
  readonly size: number;
}

export interface TrunkFile {
  readonly id: string;
  /** Logic name. */
  readonly name: string;
  /** The storage that took it. */
  readonly source: Server;
  /** Null: it was stored as a file of its own. */
  readonly slot: Slot | null;
  readonly recipe: Recipe;
  /** Milliseconds when the client had its answer. */
  readonly createdAt: number;
  /** When the first deletion was sent. */
  deletionSentAt: number | null;
  /** `gone`: acknowledged; `unknown`: the answer to the deletion was lost. */
  state: "alive" | "gone" | "unknown";
  isBusy: boolean;
  /** Among those that are alive. */
  index: number;
}

export class Contents {
  readonly #pool: Buffer;

  constructor(seed: number) {
    this.#pool = new Random(seed).bytes(POOL_BYTES);
  }

  of({ serial, size }: Recipe): Buffer {
    const content = Buffer.allocUnsafe(size);
    const start = (serial * 7919) % (POOL_BYTES - size);
    this.#pool.copy(content, 0, start, start + size);
    if (size >= STAMP_BYTES) content.writeBigUInt64LE(BigInt(serial), 0);
    return content;
  }
}

export class TrunkLedger {
  readonly files: TrunkFile[] = [];
  readonly #byName = new Map<string, TrunkFile>();
  /** Files that may be deleted or read. */
  readonly #alive: TrunkFile[] = [];

  /** Throws when the ID was given before. */
  add(id: string, recipe: Recipe, source: Server): TrunkFile {
    const { fileName: name } = parseFileId(id);
    if (this.#byName.has(name)) throw new Error(`${id} was given twice: a name must never be used again`);
    const slot = slotOf(name);
    const times = { createdAt: performance.now(), deletionSentAt: null };
    const state = { state: "alive", isBusy: false, index: this.#alive.length } as const;
    const file: TrunkFile = { id, name, source, slot, recipe, ...times, ...state };
    this.files.push(file);
    this.#byName.set(name, file);
    this.#alive.push(file);
    return file;
  }

  find(name: string): TrunkFile | undefined {
    return this.#byName.get(name);
  }

  get aliveCount(): number {
    return this.#alive.length;
  }

  /** Some file that nobody works on; undefined when a few tries find none. */
  idle(random: Random): TrunkFile | undefined {
    for (let attempt = 0; attempt < 20; attempt++) {
      const file = random.pick(this.#alive);
      if (file !== undefined && !file.isBusy) return file;
    }
    return undefined;
  }

  deletionSent(file: TrunkFile): void {
    file.deletionSentAt ??= performance.now();
  }

  /** Acknowledged, or the answer was lost: nobody works on it any more. */
  deleted(file: TrunkFile, state: "gone" | "unknown"): void {
    file.state = state;
    const last = this.#alive.pop();
    if (last === undefined || last === file) return;
    this.#alive[file.index] = last;
    last.index = file.index;
  }

  /** Bytes of the slots of all files that are alive. */
  get aliveBytes(): number {
    return this.#alive.reduce((sum, { slot }) => sum + (slot?.size ?? 0), 0);
  }

  /** Files in slots that another file had before. */
  get reused(): number {
    return this.#pairs().reused;
  }

  /** Two files that were both there, by what clients know: the second had its answer before the first was to go. */
  sharedPlaces(): string[] {
    return this.#pairs().shared;
  }

  #pairs(): { reused: number; shared: string[] } {
    const shared: string[] = [];
    let reused = 0;
    for (const list of byTrunkFile(this.files).values()) {
      for (const [at, file] of list.entries()) {
        const { offset, size } = file.slot!;
        let isSecond = false;
        // Sorted by offset: an earlier one may reach into this one.
        for (let other = at - 1; other >= 0; other--) {
          const before = list[other]!;
          // No slot is larger.
          if (before.slot!.offset + REACH < offset) break;
          if (before.slot!.offset + before.slot!.size <= offset) continue;
          isSecond = true;
          if (isTogether(before, file)) shared.push(tell(before, file));
        }
        for (let other = at + 1; other < list.length && list[other]!.slot!.offset < offset + size; other++) {
          if (list[other]!.createdAt < file.createdAt) isSecond = true;
        }
        if (isSecond) reused++;
      }
    }
    return { reused, shared };
  }
}

/** No slot of these tests is larger. */
const REACH = 1 << 20;

/** Files in slots by trunk file, in the order of their offsets. */
function byTrunkFile(files: readonly TrunkFile[]): Map<string, TrunkFile[]> {
  const lists = new Map<string, TrunkFile[]>();
  for (const file of files) {
    if (file.slot === null) continue;
    const list = lists.get(file.slot.trunkFile);
    if (list === undefined) lists.set(file.slot.trunkFile, [file]);
    else list.push(file);
  }
  for (const list of lists.values()) list.sort((a, b) => a.slot!.offset - b.slot!.offset);
  return lists;
}

function isTogether(one: TrunkFile, other: TrunkFile): boolean {
  const [first, second] = one.createdAt <= other.createdAt ? [one, other] : [other, one];
  return first.deletionSentAt === null || first.deletionSentAt > second.createdAt;
}

function tell(one: TrunkFile, other: TrunkFile): string {
  const text = ({ id, slot, createdAt, deletionSentAt, state }: TrunkFile): string => {
    const end = deletionSentAt === null ? "never deleted" : `deletion sent at ${deletionSentAt.toFixed(0)} ms`;
    return `${id} (${describeSlot(slot!)}, there at ${createdAt.toFixed(0)} ms, ${end}, ${state})`;
  };
  return `${text(one)} and ${text(other)} were there together`;
}
