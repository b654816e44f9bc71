// What an I/O worker is started with: one plain message, the same for a thread and for the in-process worker.

import type { AllowedHosts } from "../../../conf/index.ts";
import type { DuplicatesConfig } from "../duplicates/duplicates.ts";
import type { TrunkSetup } from "../trunk/shared-space.ts";
import type { BodyResult } from "./body-receiver.ts";
import type { BodyCommand } from "./large-bodies.ts";

interface WorkerStorePath {
  /** Absolute, without a slash at its end. */
  readonly path: string;
  readonly isReadOnly: boolean;
}

export interface WorkerConfig {
  /** 0-based; the worker's row of counters. */
  readonly worker: number;
  readonly scoreboard: SharedArrayBuffer;
  /** Every address and port to listen on. */
  readonly listen: readonly {
    readonly hostname: string;
    readonly port: number;
  }[];
  readonly groupName: string;
  /** First four bytes of the names this storage makes (storage.md §4.4). */
  readonly sourceBytes: readonly [number, number, number, number];
  readonly storePaths: readonly WorkerStorePath[];
  readonly subdirCountPerPath: number;
  readonly fileDistributePathMode: 0 | 1;
  readonly fileDistributeRotateCount: number;
  readonly basePath: string;
  readonly buffSizeBytes: number;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly networkTimeoutMs: number;
  /** Where connections to other storages come from, at most one address a family; empty: the system chooses. */
  readonly localAddresses: readonly string[];
  readonly durability: "process" | "power";
  readonly allowHosts: AllowedHosts | null;
  /** First address by storage id, for QUERY_FILE_INFO. */
  readonly addressesById: Readonly<Record<string, string>>;
  /** Slave files are links to files with names of their own (the tracker's store_slave_file_use_link). */
  readonly slaveFilesUseLink: boolean;
  /** Metadata of other storages' files may be changed here (the tracker's update_failover). */
  readonly updateFailover: boolean;
  /** Files that are missing here are asked for at the other storages of the group (read_through). */
  readonly readThrough: boolean;
  /** Small files go into trunk files; null = not, or not yet (a later message says so). */
  readonly trunk: TrunkSetup | null;
  /** Equal files are stored once (check_file_duplicate); null = not. */
  readonly duplicates: DuplicatesConfig | null;
  readonly accessLog: {
    readonly path: string;
    readonly precision: "ms" | "us";
    readonly flushIntervalMs: number;
  } | null;
}

/** From the worker to the control thread. */
export type WorkerMessage =
  | { readonly kind: "listening"; readonly worker: number }
  | {
      readonly kind: "failed";
      readonly worker: number;
      readonly code: string;
      readonly message: string;
    }
  | {
      readonly kind: "log";
      readonly level: "debug" | "warn" | "error";
      readonly text: string;
    }
  /** The control thread had asked to be told of the next record. */
  | { readonly kind: "binlog-grown" }
  /** A connection for a worker that has fewer. */
  | { readonly kind: "pass"; readonly to: number; readonly fd: number }
  /** For the thread that receives large bodies into this store path. */
  | { readonly kind: "body"; readonly storePath: number; readonly command: BodyCommand }
  /** No trunk file of this store path has room: another one is wanted. */
  | { readonly kind: "trunk-file"; readonly storePath: number }
  | { readonly kind: "closed"; readonly worker: number };

/** From the control thread to the worker. */
export type WorkerCommand =
  | { readonly kind: "close"; readonly graceMs: number }
  /** Another worker has accepted this connection and counted it here. */
  | { readonly kind: "adopt"; readonly fd: number }
  /** A large body has come to its end. */
  | { readonly kind: "body-ended"; readonly id: number; readonly result: BodyResult }
  /** Trunk files are used from now on. */
  | { readonly kind: "trunk"; readonly setup: TrunkSetup }
  /** What became of the wish for a trunk file: 0, or why there is none. */
  | { readonly kind: "trunk-file"; readonly storePath: number; readonly status: number };
