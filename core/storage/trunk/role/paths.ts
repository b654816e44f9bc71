// The files that a trunk server keeps about free space, by C's names (trunk-dedup-recovery.md §1.11, §1.12).

import { join } from "node:path";
import { trunkFolder } from "../trunk-file.ts";

export interface TrunkPaths {
  /** `BASE/data/trunk` */
  readonly folder: string;
  readonly binlog: string;
  readonly binlogTemporary: string;
  /** The binlog before the compaction that is under way. */
  readonly binlogRollback: string;
  readonly snapshot: string;
  /** The snapshot before that compaction; empty when there was none. */
  readonly snapshotRollback: string;
}

export function trunkPaths(basePath: string): TrunkPaths {
  const folder = trunkFolder(basePath);
  const binlog = join(folder, "binlog");
  const snapshot = join(basePath, "data", "storage_trunk.dat");
  return {
    folder,
    binlog,
    binlogTemporary: `${binlog}.tmp`,
    binlogRollback: `${binlog}.rollback`,
    snapshot,
    snapshotRollback: `${snapshot}.rollback`,
  };
}
