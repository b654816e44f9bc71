// The free space of trunk files as the files of a storage tell it: snapshot and trunk binlog, read as a trunk server reads
// them when it takes up its role. Nothing is changed; a storage may append meanwhile.

import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { parseConfText } from "../../../../conf/index.ts";
import { readTextFile } from "../../../disk/atomic-file.ts";
import type { TrunkInfo } from "../../../wire/storage-sync.ts";
import { parseLine } from "../journal-line.ts";
import { KeyedBlocks } from "../keyed-blocks.ts";
import { type ReplayCounts, replay } from "../replay.ts";
import { trunkPaths } from "../role/paths.ts";
import { SharedTrunkSpace } from "../shared-space.ts";
import { readSnapshot, type TrunkSnapshot } from "../snapshot.ts";
import { trunkKey } from "./trunk-key.ts";

const LF = 10;
const PIECE_BYTES = 256 * 1024;
const BLOCKS_MAX = 4_194_304;
const INT32_MAX = 0x7fff_ffff;
/** Stages of a compaction in which snapshot and binlog are whole and belong together. */
const WHOLE_STAGES = [0, 1, 6, 9];

export interface MapOptions {
  readonly basePath: string;
  readonly storePathCount: number;
  /** What is smaller is dropped when a map is loaded. */
  readonly slotMinSize: number;
}

export interface FreeMap {
  /** Sorted by offset, by the files' keys. */
  readonly files: ReadonlyMap<string, readonly TrunkInfo[]>;
  readonly counts: ReplayCounts;
  readonly binlogSize: number;
  /** Bytes of a last line without end. */
  readonly tornBytes: number;
  readonly hasSnapshot: boolean;
  /** Why the snapshot was not used; "" = nothing. */
  readonly snapshotTrouble: string;
  /** A compaction of the trunk binlog was cut off, or is under way: this is no map. */
  readonly isInCompaction: boolean;
}

/** Throws a sentence when the files cannot be used. */
export async function readFreeMap({ basePath, storePathCount, slotMinSize }: MapOptions): Promise<FreeMap> {
  const paths = trunkPaths(basePath);
  const isInCompaction = isCompacting(basePath);
  const rules = {
    ...{ slotMinSize, slotMaxSize: INT32_MAX, alignmentSize: 0, trunkFileSize: INT32_MAX, mergesFree: false },
  };
  const space = new SharedTrunkSpace(SharedTrunkSpace.create(rules, BLOCKS_MAX), 1);
  space.begin();
  const { size, torn } = wholeSizeOf(paths.binlog);
  const { snapshot, trouble } = usableSnapshot(paths.snapshot, size);
  const counts = await replay(space, snapshot, pieces(paths.binlog, snapshot?.offset ?? 0, size), {
    ...{ storePathCount, isQuarantined: false },
    pause: () => setImmediate(),
  });
  return {
    files: byFile(space.exclusively((map) => map.blocks())),
    ...{ counts, binlogSize: size, tornBytes: torn, isInCompaction },
    ...{ hasSnapshot: snapshot !== null, snapshotTrouble: trouble },
  };
}

/** What the lines of the trunk binlog alone say, from its first one on, as a storage without a snapshot reads them. */
export async function readLoggedBlocks(
  basePath: string,
): Promise<{ blocks: TrunkInfo[]; whole: number; torn: number }> {
  const { binlog } = trunkPaths(basePath);
  const { size, torn } = wholeSizeOf(binlog);
  const keyed = new KeyedBlocks();
  let rest = "";
  for (const piece of pieces(binlog, 0, size)) {
    const lines = (rest + Buffer.from(piece).toString("latin1")).split("\n");
    rest = lines.pop()!;
    for (const text of lines) {
      const line = parseLine(text);
      if (line === null) continue;
      if (line.op === "A") keyed.add(line.block);
      else keyed.delete(line.block);
    }
    await setImmediate();
  }
  return { blocks: [...keyed.blocks()], whole: size, torn };
}

export function byFile(blocks: readonly TrunkInfo[]): Map<string, TrunkInfo[]> {
  const files = new Map<string, TrunkInfo[]>();
  for (const block of blocks) {
    const key = trunkKey(block);
    const known = files.get(key);
    if (known === undefined) files.set(key, [block]);
    else known.push(block);
  }
  for (const list of files.values()) list.sort((left, right) => left.offset - right.offset);
  return files;
}

/** The trunk binlog is being replaced by a shorter one, or a crash came in between. */
export function isCompacting(basePath: string): boolean {
  const path = `${basePath}/data/.data_init_flag`;
  const text = readTextFile(path);
  const stage = text === null ? undefined : parseConfText(text, path).get("trunk_binlog_compress_stage");
  return !WHOLE_STAGES.includes(Number.parseInt(stage ?? "0", 10) || 0);
}

/** A snapshot that cannot be read, or is newer than the binlog, is no loss: the binlog has everything. */
function usableSnapshot(path: string, binlogSize: number): { snapshot: TrunkSnapshot | null; trouble: string } {
  try {
    const snapshot = readSnapshot(path);
    if (snapshot === null || snapshot.offset <= binlogSize) return { snapshot, trouble: "" };
    return {
      snapshot: { ...snapshot, offset: binlogSize },
      trouble: `it stands for ${snapshot.offset} bytes of the trunk binlog, which has ${binlogSize}`,
    };
  } catch (error) {
    return { snapshot: null, trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** The file up to its last line end, and what is behind that: a crash, or a line that is being written. */
function wholeSizeOf(path: string): { size: number; torn: number } {
  if (!existsSync(path)) return { size: 0, torn: 0 };
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const tail = new Uint8Array(Math.min(size, PIECE_BYTES));
    const count = readSync(fd, tail, 0, tail.length, size - tail.length);
    const whole = size - tail.length + tail.subarray(0, count).lastIndexOf(LF) + 1;
    return { size: whole, torn: size - whole };
  } finally {
    closeSync(fd);
  }
}

function* pieces(path: string, from: number, to: number): Generator<Uint8Array> {
  if (from >= to) return;
  const fd = openSync(path, "r");
  try {
    for (let at = from; at < to; ) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, to - at));
      const count = readSync(fd, piece, 0, piece.length, at);
      if (count === 0) return;
      at += count;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}
