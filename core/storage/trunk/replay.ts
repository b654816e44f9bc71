// Loads the free-space map from snapshot and trunk binlog by C's rules (trunk-dedup-recovery.md §1.11 "Loading"), in slices, so
// that the control thread goes on meanwhile. Finding the files and deciding what follows is role/'s business.

import { Status } from "../../wire/status.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { parseLine } from "./journal-line.ts";
import { KeyedBlocks } from "./keyed-blocks.ts";
import type { SharedTrunkSpace } from "./shared-space.ts";
import type { TrunkSnapshot } from "./snapshot.ts";
import type { TrunkSpace } from "./space.ts";

const BLOCKS_A_SLICE = 2000;

export interface ReplayOptions {
  /** A line of another store path ends the replay with an error. */
  readonly storePathCount: number;
  /** What is loaded is not handed out until the quarantine ends. */
  readonly isQuarantined: boolean;
  /** trunk_init_check_occupying: true when the header on the disk says that the block is in use. Asked as C does, of the snapshot's blocks only. */
  readonly isOccupied?: (block: TrunkInfo) => boolean;
  /** Lets others run between slices; a rejection ends the replay with it. */
  readonly pause: () => Promise<void>;
}

export interface ReplayCounts {
  /** Of the trunk binlog. */
  lines: number;
  /** With fewer than eight fields. */
  skipped: number;
  /** `A` of what was free already, `D` of what was not. */
  mismatched: number;
  tooSmall: number;
  overlapping: number;
  occupied: number;
  /** Blocks for which the map had no room. */
  withoutRoom: number;
}

/**
 * Fills the map, which `begin` has emptied. `binlog`: its bytes from the snapshot's offset on, from 0 without a snapshot.
 * Throws a sentence for a store path that is not here and for a last line without end.
 */
export async function replay(
  space: SharedTrunkSpace,
  snapshot: TrunkSnapshot | null,
  binlog: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReplayOptions,
): Promise<ReplayCounts> {
  const counts = { lines: 0, skipped: 0, mismatched: 0, tooSmall: 0, overlapping: 0, occupied: 0, withoutRoom: 0 };
  const loader = new Loader(space, options, counts);
  if (snapshot === null || snapshot.offset === 0) {
    const keyed = new KeyedBlocks();
    for (const block of snapshot?.blocks ?? []) if (loader.mayLoad(block)) keyed.add(block);
    await loader.read(binlog, (lines) => {
      for (const { op, block } of lines) {
        if (!(op === "A" ? keyed.add(block) : keyed.delete(block))) counts.mismatched++;
      }
    });
    await loader.insertAll(keyed.blocks());
    return counts;
  }
  await loader.insertAll(snapshot.blocks.values().filter((block) => loader.mayLoad(block)));
  await loader.read(binlog, (lines) =>
    space.exclusively((map) => {
      for (const { op, block } of lines) {
        if (op === "A") loader.insert(map, block);
        else if (!map.remove(block)) counts.mismatched++;
      }
    }),
  );
  return counts;
}

class Loader {
  readonly #space: SharedTrunkSpace;
  readonly #options: ReplayOptions;
  readonly #counts: ReplayCounts;

  constructor(space: SharedTrunkSpace, options: ReplayOptions, counts: ReplayCounts) {
    this.#space = space;
    this.#options = options;
    this.#counts = counts;
  }

  /** Of the snapshot's blocks. */
  mayLoad(block: TrunkInfo): boolean {
    this.#checkPath(block, "the snapshot of trunk space");
    if (this.#options.isOccupied?.(block) !== true) return true;
    this.#counts.occupied++;
    return false;
  }

  insert(map: TrunkSpace, block: TrunkInfo): void {
    const status = map.insert(block, this.#options.isQuarantined);
    if (status === Status.EINVAL) this.#counts.tooSmall++;
    else if (status === Status.EEXIST) this.#counts.overlapping++;
    else if (status === Status.ENOSPC) this.#counts.withoutRoom++;
  }

  async insertAll(blocks: Iterable<TrunkInfo>): Promise<void> {
    let slice: TrunkInfo[] = [];
    const insertSlice = (): void =>
      this.#space.exclusively((map) => {
        for (const block of slice) this.insert(map, block);
        slice = [];
      });
    for (const block of blocks) {
      if (slice.push(block) < BLOCKS_A_SLICE) continue;
      insertSlice();
      await this.#options.pause();
    }
    insertSlice();
  }

  async read(
    binlog: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    apply: (lines: { op: "A" | "D"; block: TrunkInfo }[]) => void,
  ): Promise<void> {
    let rest = "";
    for await (const chunk of binlog) {
      const texts = (rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1")).split(
        "\n",
      );
      rest = texts.pop()!;
      for (let at = 0; at < texts.length; at += BLOCKS_A_SLICE) {
        apply(this.#parse(texts.slice(at, at + BLOCKS_A_SLICE)));
        await this.#options.pause();
      }
    }
    if (rest !== "")
      throw new Error(`Cannot load trunk space: the last line of the trunk binlog, "${rest}", has no end`);
  }

  #parse(texts: readonly string[]): { op: "A" | "D"; block: TrunkInfo }[] {
    const lines = [];
    for (const text of texts) {
      this.#counts.lines++;
      const line = parseLine(text);
      if (line === null) {
        this.#counts.skipped++;
        continue;
      }
      this.#checkPath(line.block, "the trunk binlog");
      lines.push(line);
    }
    return lines;
  }

  #checkPath({ storePathIndex }: TrunkInfo, where: string): void {
    const { storePathCount } = this.#options;
    if (storePathIndex < storePathCount) return;
    throw new Error(
      `Cannot load trunk space: ${where} speaks of store path ${storePathIndex}, this storage has ${storePathCount}; the storages of a group need the same store paths`,
    );
  }
}
