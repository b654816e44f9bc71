// What every operation of an I/O worker works with: configuration, scoreboard row, binlog queue, logs. One a worker.

import type { NetLog } from "../../net/frame-protocol.ts";
import type { AccessLog } from "../../observe/access-log.ts";
import type { CommitQueue } from "../binlog/commit-queue.ts";
import type { Duplicates } from "../duplicates/duplicates.ts";
import type { LockTable } from "../scoreboard/lock-table.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import type { TrunkStore } from "../trunk/trunk-store.ts";
import type { GroupWatch } from "./group-watch.ts";
import type { HotFiles } from "./hot-files.ts";
import type { LargeBodies } from "./large-bodies.ts";
import type { ReadThrough } from "./read-through.ts";
import type { WorkerConfig } from "./worker-config.ts";

export interface WorkerContext {
  readonly config: WorkerConfig;
  readonly scoreboard: Scoreboard;
  /** This worker's row, indexed by `Counter`. */
  readonly counters: Float64Array;
  readonly commits: CommitQueue;
  readonly locks: LockTable;
  readonly group: GroupWatch;
  /** The other storages of the group, for files that are missing here; null = off. */
  readonly readThrough: ReadThrough | null;
  readonly hotFiles: HotFiles;
  /** Small files inside trunk files: those that are there can always be read; new ones only while it is on. */
  readonly trunk: TrunkStore;
  /** Equal files are stored once; null = not. */
  readonly duplicates: Duplicates | null;
  /** The threads that receive large bodies; null where there are none. */
  readonly largeBodies: LargeBodies | null;
  readonly accessLog: AccessLog | null;
  readonly log: NetLog;
  /** Makes names of temporary files unique within the worker. */
  nextSerial(): number;
}
