// The cells of the grid and how long each is measured. Reads go by time; what fills the disk goes by number of operations,
// fewer of them where the disk has little room. BENCH_DURATION is how long the former take, for a quick look.

import type { Operation } from "./row.ts";

export interface Cell {
  readonly name: string;
  readonly operation: Operation;
  readonly sizeBytes: number;
  readonly connections: number;
}

const KB = 1024;
const SIZES = [4 * KB, 64 * KB, 1024 * KB];
const CONNECTIONS = [1, 16, 64];
const TIMED = ["--duration", process.env.BENCH_DURATION ?? "2s", "--warm-up", "500ms"];
/** What the uploads of one measurement of 64 KB or more may write. */
const UPLOAD_BYTES = 400 * KB * KB;
const WARM_UP_SHARE = 0.1;
/** Files deleted in one measurement. */
export const DELETIONS = 5000;

function cell(operation: Operation, sizeBytes: number, connections: number): Cell {
  const size = sizeBytes === 0 ? "" : ` ${sizeBytes >= KB * KB ? `${sizeBytes / KB / KB} MB` : `${sizeBytes / KB} KB`}`;
  return { name: `${operation}${size}, ${connections} conn.`, operation, sizeBytes, connections };
}

/** Nothing is deleted by these. */
export const gridCells: readonly Cell[] = [
  ...SIZES.flatMap((size) => CONNECTIONS.map((connections) => cell("upload", size, connections))),
  ...SIZES.flatMap((size) => CONNECTIONS.map((connections) => cell("download", size, connections))),
  cell("append", 4 * KB, 16),
  cell("query", 0, 16),
  cell("query-fetch", 0, 16),
];

/** These delete files, or replace them: what is measured within minutes after them pays for it. */
export const changeCells: readonly Cell[] = [cell("metadata", 0, 16), cell("delete", 0, 16)];

/** Small files in trunk files and as plain ones. */
export const trunkCells: readonly Cell[] = [
  ...CONNECTIONS.map((connections) => cell("upload", 4 * KB, connections)),
  cell("download", 4 * KB, 16),
];

/** Requests a second that C keeps up with on two processors. */
export const rateCells: readonly (readonly [Cell, number])[] = [
  [cell("upload", 4 * KB, 16), 6000],
  [cell("download", 4 * KB, 16), 20_000],
  [cell("download", 64 * KB, 16), 8000],
  [cell("append", 4 * KB, 16), 10_000],
];

/** Options of `fdfs bench` that say how long; `roomBytes` is what all uploads of one measurement may write at most. */
export function extentOptions({ operation, sizeBytes }: Cell, roomBytes: number): string[] {
  if (operation === "delete") return counted(DELETIONS);
  if (operation !== "upload" || (sizeBytes < 64 * KB && roomBytes >= UPLOAD_BYTES)) return TIMED;
  return counted(Math.max(20, Math.floor(Math.min(UPLOAD_BYTES, roomBytes) / sizeBytes)));
}

function counted(operations: number): string[] {
  const warmUp = Math.floor(operations * WARM_UP_SHARE);
  return ["--count", String(operations - warmUp), "--warm-up", String(warmUp)];
}
