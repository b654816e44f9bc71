// What is in use on this storage's own disk is taken out of the map, whatever the trunk binlog says of it: before free space
// that was inherited from another trunk server is handed out, and when a slot turned out to be in use. Who calls is others'
// business.

import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import type { SharedTrunkSpace } from "./shared-space.ts";
import type { SlotFiles } from "./slot-files.ts";
import type { TrunkPlace } from "./trunk-file.ts";
import { type UsedRange, usedRanges } from "./used-ranges.ts";

/** Slots between two pauses: each costs a read. */
const SLOTS_A_SLICE = 200;

export interface CarveHelp {
  readonly space: SharedTrunkSpace;
  /** To look at gaps once more; null: gaps are left alone. */
  readonly slots: SlotFiles | null;
  /** Absolute path of a trunk file. */
  pathOf(place: TrunkPlace): string;
  /** Lets others run; a rejection ends the walk with it. */
  pause(): Promise<void>;
}

/**
 * Walks through one trunk file at once, some milliseconds a full one, and answers how many bytes of `block` were in use and
 * called free. Of the rest nothing is judged: a file that was deleted elsewhere may still lie in space that is free by right,
 * and where another thread is writing the walk sees no headers.
 */
export function carveUsedIn(space: SharedTrunkSpace, block: TrunkInfo, path: string): number {
  const end = block.offset + block.size;
  let carved = 0;
  for (const range of rangesOf(path)) {
    if (range === null) continue;
    if (range.offset >= end) break;
    const offset = Math.max(range.offset, block.offset);
    const size = Math.min(range.offset + range.size, end) - offset;
    if (size > 0) carved += space.carve({ ...block, offset, size });
  }
  return carved;
}

/** What a walk through inherited trunk files has put right, bytes. */
export interface PutRight {
  /** In use and called free. */
  readonly carved: number;
  /** Free and called in use. */
  readonly found: number;
}

/**
 * Walks through all trunk files with blocks in quarantine. With `slots` what is zero between the files becomes free, too: only
 * where it is certain that everything that was ever written there has come here.
 */
export async function carveUsed({ space, pathOf, pause, slots }: CarveHelp): Promise<PutRight> {
  const files = space.exclusively((map) => map.files()).filter(({ isQuarantined }) => isQuarantined);
  let carved = 0;
  let found = 0;
  for (const { place } of files) {
    const path = pathOf(place);
    let count = 0;
    let end = 0;
    const gapUntil = (start: number): void => {
      if (slots !== null && start > end) found += fillGap(space, slots, { ...place, offset: end, size: start - end });
    };
    for (const range of rangesOf(path)) {
      if (range !== null) {
        gapUntil(range.offset);
        carved += space.carve({ ...place, ...range });
        end = range.offset + range.size;
      }
      if (range === null || ++count % SLOTS_A_SLICE === 0) await pause();
    }
    gapUntil(Math.min(sizeOf(path), space.rules.trunkFileSize));
  }
  return { carved, found };
}

/** Looked at once more, and while nobody writes there: a copy may have come since the walk passed. */
function fillGap(space: SharedTrunkSpace, slots: SlotFiles, gap: TrunkInfo): number {
  let filled = 0;
  slots.whileFree(gap, () => {
    filled = space.exclusively((map) => map.fill(gap, Math.floor(Date.now() / 1000)));
  });
  return filled;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Nothing where there is no such file. */
function* rangesOf(path: string): Generator<UsedRange | null> {
  const fd = openExisting(path);
  if (fd < 0) return;
  try {
    yield* usedRanges(fstatSync(fd).size, (offset, length) => readPiece(fd, offset, length));
  } finally {
    closeSync(fd);
  }
}

/** -1: there is none here, so nothing of it is in use. */
function openExisting(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return -1;
    throw error;
  }
}

function readPiece(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}
