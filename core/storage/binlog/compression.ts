// Old binlog files are packed once every peer has been served from them, and unpacked when a reader needs them again
// (storage.md §6.8, C: storage_func's compress_binlog). File names and the flag file are C's.

import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { binlogPath, readBinlogIndex, writeBinlogIndex } from "./binlog-files.ts";

const FILE_MODE = 0o644;
/** As C: a younger flag means that somebody is at it. */
const FLAG_VALID_MS = 3_600_000;

/** Packs every file that is neither written nor needed: from the last packed one up to `needed` (exclusive). Returns how many. */
export async function packBinlogs(folder: string, needed: number): Promise<number> {
  const { currentWrite, currentCompress } = readBinlogIndex(folder);
  let packed = 0;
  for (let index = currentCompress; index < Math.min(needed, currentWrite); index++) {
    const path = binlogPath(folder, index);
    if (existsSync(path)) {
      const isDone = await guarded(folder, index, "zip", () => convert(path, `${path}.gz`, createGzip()));
      if (!isDone) break;
      packed++;
    }
    writeBinlogIndex(folder, { ...readBinlogIndex(folder), currentCompress: index + 1 });
  }
  return packed;
}

/** Unpacks a file for a reader; false when there is none. */
export async function unpackBinlog(folder: string, index: number): Promise<boolean> {
  const path = binlogPath(folder, index);
  if (!existsSync(`${path}.gz`)) return false;
  await guarded(folder, index, "unzip", () => convert(`${path}.gz`, path, createGunzip()));
  const known = readBinlogIndex(folder);
  if (known.currentCompress > index) writeBinlogIndex(folder, { ...known, currentCompress: index });
  return existsSync(path);
}

/** The result appears complete or not at all; the original goes when it is there. */
async function convert(from: string, to: string, through: NodeJS.ReadWriteStream): Promise<void> {
  const temporary = `${to}.tmp`;
  try {
    await pipeline(createReadStream(from), through, createWriteStream(temporary, { mode: FILE_MODE, flush: true }));
    renameSync(temporary, to);
    rmSync(from);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

async function guarded(folder: string, index: number, what: string, work: () => Promise<void>): Promise<boolean> {
  const flag = join(folder, `.binlog.${String(index).padStart(3, "0")}.flag`);
  const flagged = statSync(flag, { throwIfNoEntry: false });
  if (flagged !== undefined && Date.now() - flagged.mtimeMs < FLAG_VALID_MS) return false;
  writeFileSync(flag, what, { mode: FILE_MODE });
  try {
    await work();
    return true;
  } finally {
    rmSync(flag, { force: true });
  }
}
