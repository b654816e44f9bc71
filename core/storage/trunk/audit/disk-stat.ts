// How much trunk space a storage of this machine has, by its files: no content is read, so this is quick.

import { statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { parseConfText } from "../../../../conf/index.ts";
import { readTextFile } from "../../../disk/atomic-file.ts";
import { trunkFilePath } from "../trunk-file.ts";
import { readFreeMap } from "./free-map.ts";
import { findTrunkFiles } from "./trunk-files.ts";

const BLOCK_BYTES = 512;

/** Sizes in bytes. */
interface PathStat {
  readonly storePath: string;
  trunkFiles: number;
  /** Of the trunk files, as long as they are. */
  bytes: number;
  /** What they take of the disk: they are sparse. */
  diskBytes: number;
  freeBlocks: number;
  freeBytes: number;
  largestFree: number;
}

export interface DiskStat {
  readonly paths: readonly PathStat[];
  readonly currentTrunkFileId: number;
  readonly binlogSize: number;
  readonly hasSnapshot: boolean;
  readonly isInCompaction: boolean;
}

/** Throws a sentence, or the system's error. */
export async function statTrunk(options: {
  readonly basePath: string;
  readonly storePaths: readonly string[];
  readonly slotMinSize: number;
  readonly signal: AbortSignal;
}): Promise<DiskStat> {
  const { basePath, storePaths, slotMinSize, signal } = options;
  const paths = storePaths.map((storePath): PathStat => {
    return {
      ...{ storePath, trunkFiles: 0, bytes: 0, diskBytes: 0, freeBlocks: 0, freeBytes: 0, largestFree: 0 },
    };
  });
  const pause = async (): Promise<void> => {
    await setImmediate();
    signal.throwIfAborted();
  };
  for (const place of await findTrunkFiles(storePaths, pause)) {
    const path = paths[place.storePathIndex]!;
    const stat = statSync(trunkFilePath(path.storePath, place), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    path.trunkFiles++;
    path.bytes += stat.size;
    path.diskBytes += stat.blocks * BLOCK_BYTES;
  }
  const map = await readFreeMap({ basePath, storePathCount: storePaths.length, slotMinSize });
  for (const blocks of map.files.values()) {
    for (const { storePathIndex, size } of blocks) {
      const path = paths[storePathIndex]!;
      path.freeBlocks++;
      path.freeBytes += size;
      path.largestFree = Math.max(path.largestFree, size);
    }
  }
  const { binlogSize, hasSnapshot, isInCompaction } = map;
  return { paths, currentTrunkFileId: lastFileId(basePath), binlogSize, hasSnapshot, isInCompaction };
}

function lastFileId(basePath: string): number {
  const path = `${basePath}/data/.data_init_flag`;
  const text = readTextFile(path);
  const id = text === null ? undefined : parseConfText(text, path).get("current_trunk_file_id");
  return Number.parseInt(id ?? "0", 10) || 0;
}
