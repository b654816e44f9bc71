// The map of free space when a storage becomes the trunk server: snapshot and trunk binlog of its disk go into the shared
// space (trunk-dedup-recovery.md §1.11, Loading). What lines mean is replay.ts's business.

import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, rmSync } from "node:fs";
import type { Logger } from "../../../observe/logger.ts";
import type { TrunkInfo } from "../../../wire/storage-sync.ts";
import { messageOf } from "../../control/discovery.ts";
import type { TrunkParameters } from "../../control/trunk-parameters.ts";
import { type ReplayCounts, replay } from "../replay.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import { readSnapshot, type TrunkSnapshot } from "../snapshot.ts";
import { HeaderReader } from "./header-reader.ts";
import type { TrunkPaths } from "./paths.ts";
import { trunkBinlogSize } from "./received-binlog.ts";

const PIECE_BYTES = 256 * 1024;
const LF = 10;

export interface LoadHelp {
  readonly space: SharedTrunkSpace;
  readonly paths: TrunkPaths;
  readonly storePaths: readonly string[];
  readonly parameters: TrunkParameters;
  readonly isQuarantined: boolean;
  readonly log: Logger;
  pause(): Promise<void>;
}

export interface LoadedMap {
  readonly counts: ReplayCounts;
  /** The snapshot was of a longer binlog than there is: a new one has to be written, or its offset would hide new lines. */
  readonly isSnapshotAhead: boolean;
}

/** Rejects with a sentence when the files cannot be used. */
export async function loadMap(help: LoadHelp): Promise<LoadedMap> {
  const { space, paths, parameters, storePaths, log } = help;
  if (parameters.initReloadFromBinlog) rmSync(paths.snapshot, { force: true });
  const cut = cutTornLine(paths.binlog);
  if (cut > 0) log.warn(`Cut ${cut} bytes of a torn last line off ${paths.binlog}`);
  const snapshot = usableSnapshot(paths.snapshot, log);
  const isSnapshotAhead = (snapshot?.offset ?? 0) > trunkBinlogSize(paths);
  if (isSnapshotAhead) log.warn(`${paths.snapshot} is of a longer trunk binlog than ${paths.binlog}: it alone counts`);
  const headers = new HeaderReader(storePaths);
  try {
    const counts = await replay(space, snapshot, pieces(paths.binlog, snapshot?.offset ?? 0), {
      storePathCount: storePaths.length,
      isQuarantined: help.isQuarantined,
      ...(parameters.initCheckOccupying ? { isOccupied: (block: TrunkInfo) => headers.isOccupied(block) } : {}),
      pause: help.pause,
    });
    return { counts, isSnapshotAhead };
  } finally {
    headers.close();
  }
}

/** A snapshot that cannot be read is no loss: the binlog has everything. */
function usableSnapshot(path: string, log: Logger): TrunkSnapshot | null {
  try {
    return readSnapshot(path);
  } catch (error) {
    log.warn(`${messageOf(error)}; the whole trunk binlog is read instead`);
    return null;
  }
}

/** The file's bytes from `offset` on; nothing when it is shorter, or missing. */
function* pieces(path: string, offset: number): Generator<Uint8Array> {
  if (!existsSync(path)) return;
  const fd = openSync(path, "r");
  try {
    for (let at = offset; ; ) {
      const piece = new Uint8Array(PIECE_BYTES);
      const count = readSync(fd, piece, 0, piece.length, at);
      if (count === 0) return;
      at += count;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

/** A crash may have left a part of a line: C would refuse the whole file. Bytes that were cut off. */
export function cutTornLine(path: string): number {
  if (!existsSync(path)) return 0;
  const fd = openSync(path, "r+");
  try {
    const { size } = fstatSync(fd);
    const tail = new Uint8Array(Math.min(size, PIECE_BYTES));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const torn = tail.length - 1 - tail.lastIndexOf(LF);
    if (torn > 0) ftruncateSync(fd, size - torn);
    return torn;
  } finally {
    closeSync(fd);
  }
}
