// `fdfs trunk repair`: what has to be written so that the free space of a storage that does not run is right again, and the
// writing. Files are never touched: space that a file has, or should have, stays as it is.

import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { handOver, type Owner } from "../../../disk/owner.ts";
import { formatLine } from "../journal-line.ts";
import { trunkPaths } from "../role/paths.ts";
import { trunkFilePath } from "../trunk-file.ts";
import { type Correction, correctionsOf } from "./corrections.ts";
import { byFile, isCompacting, readLoggedBlocks } from "./free-map.ts";
import { binlogsOf, type LookedAt, type LookOptions, look } from "./look.ts";
import { type Range, RangeList } from "./ranges.ts";
import { placeOfKey } from "./trunk-key.ts";

const PIECE_BYTES = 1024 * 1024;

export interface RepairPlan {
  /** To be appended to the trunk binlog. */
  readonly corrections: readonly Correction[];
  /** Bytes to be filled with zeros: nobody's, left over by a deletion or a crash. */
  readonly junk: readonly { readonly path: string; readonly range: Range }[];
  /** Junk that stays: nobody knows whether it belongs to a file. */
  readonly keptJunkBytes: number;
  /** Of the trunk binlog up to its last line end, and behind it. */
  readonly binlogSize: number;
  readonly tornBytes: number;
}

/** Looks at everything; changes nothing. Throws a sentence when the storage's files do not allow it. */
export async function planRepair(options: LookOptions): Promise<RepairPlan> {
  const { basePath, storePaths, slotMinSize } = options;
  if (isCompacting(basePath)) {
    throw new Error(
      "Cannot repair: a compaction of the trunk binlog was cut off; start the storage once, which brings its files in order, and stop it",
    );
  }
  const { blocks, whole, torn } = await readLoggedBlocks(basePath);
  const logged = byFile(blocks);
  const { files: binlogs, missing } = binlogsOf(basePath);
  // A name that is not known may have lost its header: its bytes must not go.
  const mayClear = binlogs.length > 0 && missing.length === 0;
  const corrections: Correction[] = [];
  const junk: { path: string; range: Range }[] = [];
  let keptJunkBytes = 0;
  await look(options, null, ({ key, size, walk, comparison }: LookedAt) => {
    if (size === 0) return;
    const place = placeOfKey(key);
    const files = [...comparison.used, ...comparison.reserved];
    const inUse = new RangeList(files);
    const path = trunkFilePath(storePaths[place.storePathIndex]!, place);
    const kept: Range[] = [];
    for (const range of walk.junk) {
      if (mayClear && inUse.sharing(range).length === 0) junk.push({ path, range });
      else kept.push(range);
    }
    for (const range of kept) keptJunkBytes += range.size;
    const taken = [...files, ...kept];
    for (const one of correctionsOf({ place, size, slotMinSize, logged: logged.get(key) ?? [], taken })) {
      corrections.push(one);
    }
  });
  return { corrections, junk, keptJunkBytes, binlogSize: whole, tornBytes: torn };
}

/**
 * Writes what the plan says; the storage must not run. Returns the copy of the trunk binlog that was made before, null: there
 * was none. A crash in between leaves some lines unwritten: run it again.
 */
export function carryOut(plan: RepairPlan, basePath: string, now: Date, owner: Owner | undefined): string | null {
  const { folder, binlog, snapshot } = trunkPaths(basePath);
  const before = existsSync(binlog) ? `${binlog}.${timeText(now)}.before-repair` : null;
  if (before !== null) {
    copyFileSync(binlog, before);
    handOver(before, owner);
    if (plan.tornBytes > 0) truncateSync(binlog, plan.binlogSize);
  }
  for (const { path, range } of plan.junk) fillWithZeros(path, range);
  const seconds = Math.floor(now.getTime() / 1000);
  const lines = plan.corrections.map(({ op, block }) => formatLine(seconds, op, block)).join("");
  if (lines !== "") {
    mkdirSync(folder, { recursive: true });
    appendFileSync(binlog, lines, { flush: true });
    if (before === null) handOver(binlog, owner);
  }
  // Without it all lines are read anew, and only they were compared.
  rmSync(snapshot, { force: true });
  return before;
}

function fillWithZeros(path: string, { offset, size }: Range): void {
  const zeros = new Uint8Array(Math.min(size, PIECE_BYTES));
  const fd = openSync(path, "r+");
  try {
    for (let done = 0; done < size; )
      done += writeSync(fd, zeros, 0, Math.min(zeros.length, size - done), offset + done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** `YYYYMMDDhhmmss`, local time, as C names its copies. */
function timeText(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
