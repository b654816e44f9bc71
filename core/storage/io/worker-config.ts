// What an I/O worker is started with: one plain message, the same for a thread and for the in-process worker.

import type { AllowedHosts } from "../../../conf/index.ts";
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
  readonly networkTimeoutMs: number;
  readonly durability: "process" | "power";
  readonly allowHosts: AllowedHosts | null;
  /** First address by storage id, for QUERY_FILE_INFO. */
  readonly addressesById: Readonly<Record<string, string>>;
  /** Metadata of other storages' files may be changed here (the tracker's update_failover). */
  readonly updateFailover: boolean;
  /** How files that are missing here are asked for at the other storages of the group; null = they are not (read_through). */
  readonly readThrough: {
    readonly connectTimeoutMs: number;
    /** Where connections come from, at most one address a family; empty: the system chooses. */
    readonly localAddresses: readonly string[];
  } | null;
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
  | { readonly kind: "closed"; readonly worker: number };

/** From the control thread to the worker. */
export type WorkerCommand =
  | { readonly kind: "close"; readonly graceMs: number }
  /** Another worker has accepted this connection and counted it here. */
  | { readonly kind: "adopt"; readonly fd: number }
  /** A large body has come to its end. */
  | { readonly kind: "body-ended"; readonly id: number; readonly result: BodyResult };
