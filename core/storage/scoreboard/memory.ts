// Where each thing of the scoreboard lies in its one SharedArrayBuffer. Layout only; what the cells mean and how they are
// changed is the scoreboard's.

import { counterNames } from "./counters.ts";
import { NOTICE_BYTES, NOTICE_CELLS } from "./notices.ts";
import { SOURCE_IDS_BYTES, SOURCE_TIME_CELLS } from "./source-times.ts";
import { VERSION_CELLS } from "./versions.ts";

const WORKERS_MAX = 256;
const PATHS_MAX = 256;
export const LOCK_STRIPES = 65_536;
/** Names share these: a change of one makes a worker look at the others anew. */
export const EPOCHS = 65_536;
/** What a thread says of the piece of a trunk file that it writes. */
export const CLAIM_CELLS = 4;
/** Counters of one worker. */
export const ROW = counterNames.length;

/** 32-bit cells. */
export const Cell = {
  DISTRIBUTION_LOCK: 0,
  DIRECTORY_HIGH: 1,
  DIRECTORY_LOW: 2,
  DIRECTORY_COUNT: 3,
  PATH_TURN: 4,
  BINLOG_LOCK: 5,
  BINLOG_INDEX: 6,
  ERROR_LOG_GENERATION: 7,
  ACCESS_LOG_GENERATION: 8,
  CONNECTIONS: 9,
  CONNECTIONS_MAX: 10,
  RESPONSE_IP_SIZE: 11,
  SOURCE_LOCK: 12,
  PATH_BALANCED: 13,
  NOTICE_LOCK: 14,
  VERSION_LOCK: 15,
  /** The control thread waits for news of the binlog. */
  BINLOG_AWAITED: 16,
  /** Some worker fills the newest directory. */
  DIRECTORY_TAKEN: 17,
  /** Uploads that were stored as files of their own because no slot of a trunk file could be had. */
  TRUNK_MISSES: 18,
  /** Uploads whose equal could not be looked for because the index did not answer. */
  DUPLICATE_MISSES: 19,
  /** Uploads that became a link to a content which was there. */
  DUPLICATES_FOUND: 20,
  SIZE: 24,
} as const;

/** Typed views over the whole buffer; 64-bit ones come first, so that all are aligned. */
export interface Views {
  readonly buffer: SharedArrayBuffer;
  /** `ROW` a worker. */
  readonly counters: Float64Array;
  readonly freeMb: Float64Array;
  readonly totalMb: Float64Array;
  readonly reservedMb: Float64Array;
  readonly binlogSize: Float64Array;
  /** By `Cell`. */
  readonly cells: Int32Array;
  readonly stripes: Int32Array;
  /** By owner: 1 is the control thread, workers follow. */
  readonly ownerConnections: Int32Array;
  readonly sourceTimes: Int32Array;
  readonly noticeCells: Int32Array;
  readonly versions: Int32Array;
  readonly epochs: Int32Array;
  /** By worker: 1 while it takes connections from the others. */
  readonly serving: Int32Array;
  /** By worker: answers given, counting round. */
  readonly answers: Int32Array;
  readonly slotClaims: Int32Array;
  /** By worker: links of which the index of duplicates has not been told yet that they are gone. */
  readonly duplicateDebts: Int32Array;
  readonly sourceIds: Uint8Array;
  readonly noticeBytes: Uint8Array;
}

type IntView = Int32Array<SharedArrayBuffer>;

/** Views over `buffer`, or over a new one of zeros. */
export function openViews(given?: SharedArrayBuffer): Views {
  const floats = [ROW * WORKERS_MAX, PATHS_MAX, PATHS_MAX, PATHS_MAX, 1];
  const ints = [
    Cell.SIZE,
    LOCK_STRIPES,
    WORKERS_MAX + 2,
    SOURCE_TIME_CELLS,
    NOTICE_CELLS,
    VERSION_CELLS,
    EPOCHS,
    WORKERS_MAX,
    WORKERS_MAX,
    // The last ones count the owners.
    (WORKERS_MAX + 3) * CLAIM_CELLS,
    WORKERS_MAX,
  ];
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const buffer = given ?? new SharedArrayBuffer(sum(floats) * 8 + sum(ints) * 4 + SOURCE_IDS_BYTES + NOTICE_BYTES);
  let offset = 0;
  const next = (bytes: number): number => {
    offset += bytes;
    return offset - bytes;
  };
  const [counters, freeMb, totalMb, reservedMb, binlogSize] = floats.map(
    (count) => new Float64Array(buffer, next(count * 8), count),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const intViews = ints.map((count) => new Int32Array(buffer, next(count * 4), count));
  const [cells, stripes, ownerConnections, sourceTimes, noticeCells, versions, epochs, serving, answers, ...others] =
    intViews as [IntView, IntView, IntView, IntView, IntView, IntView, IntView, IntView, IntView, ...IntView[]];
  const [slotClaims, duplicateDebts] = others as [IntView, IntView];
  const sourceIds = new Uint8Array(buffer, next(SOURCE_IDS_BYTES), SOURCE_IDS_BYTES);
  const noticeBytes = new Uint8Array(buffer, next(NOTICE_BYTES), NOTICE_BYTES);
  return {
    buffer,
    counters,
    freeMb,
    totalMb,
    reservedMb,
    binlogSize,
    cells,
    stripes,
    ownerConnections,
    sourceTimes,
    noticeCells,
    versions,
    epochs,
    serving,
    answers,
    slotClaims,
    duplicateDebts,
    sourceIds,
    noticeBytes,
  };
}
