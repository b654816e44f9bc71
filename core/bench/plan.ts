// What a load shall be. Plain values only: a plan is handed to threads as it is.

import type { FileTableParts } from "./file-table.ts";
import type { SizePart } from "./sizes.ts";

/** `metadata` sets it, `query` asks a tracker where to store, `query-fetch` where to read a file. */
export const operationKinds = ["upload", "download", "append", "metadata", "delete", "query", "query-fetch"] as const;
export type OperationKind = (typeof operationKinds)[number];

/** Until so much time has passed, or until so many operations have ended. */
export type Extent = { readonly seconds: number } | { readonly operations: number };

export interface LoadPlan {
  readonly target: { readonly host: string; readonly port: number };
  /** One entry, or several of which each operation is drawn. */
  readonly mix: readonly { readonly kind: OperationKind; readonly weight: number }[];
  /** Uploads make appender files. */
  readonly uploadsAppenders: boolean;
  readonly sizes: readonly SizePart[];
  /** -1: the storage chooses. */
  readonly storePathIndex: number;
  /** Of `query`; null: the tracker chooses. */
  readonly groupName: string | null;
  readonly connections: number;
  readonly threads: number;
  /** A new connection for each operation. */
  readonly fresh: boolean;
  /** Open loop: operations are due at this rate, whether earlier ones have ended or not. Null: closed loop. */
  readonly ratePerSecond: number | null;
  /** What happens first and is not counted. */
  readonly warmUp: Extent;
  readonly extent: Extent;
  readonly timeoutMs: number;
  readonly seed: number;
  /** The names that uploads get are returned. */
  readonly keepsNames: boolean;
  /** What downloads, metadata, deletions and query-fetch are about; null where the mix has none of them. */
  readonly files: FileTableParts | null;
  readonly appenders: FileTableParts | null;
  /** Processes whose CPU time is measured. */
  readonly pids: readonly number[];
}

/** The exact number of operations the whole load may start; null: as many as time allows. */
export function operationLimit({ warmUp, extent }: LoadPlan): number | null {
  return "operations" in warmUp && "operations" in extent ? warmUp.operations + extent.operations : null;
}
