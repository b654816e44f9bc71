// Where a recovered file lies and how it gets there: written under a temporary name, its time set, then renamed, so that a
// file under its own name is whole whatever happens meanwhile. What a crash leaves of it stands where start-up cleans, or
// under the name that C and we write over with the next attempt. Links are made at once.

import {
  closeSync,
  fdatasyncSync,
  futimesSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DIRECTORY_MODE } from "../../disk/ensure-directory.ts";
import { handOver, type Owner } from "../../disk/owner.ts";
import { readFileName } from "../../fileid/file-id.ts";
import { parseLogicName } from "../../fileid/logic-name.ts";
import { trunkSlotOf } from "../../fileid/trunk-slot.ts";
import type { BinlogRecord } from "../binlog/record.ts";
import { TEMPORARY_PREFIX } from "../io/new-file.ts";
import { isReusable } from "../replication/judge.ts";
import { trunkTruePath } from "../trunk/trunk-file.ts";

const FILE_MODE = 0o644;
/** Of a file whose name exists. */
const TEMPORARY_SUFFIX = ".recovery.tmp";
let serial = 0;

/** What is fetched for a record, and where it goes. */
export interface Target {
  /** The name to ask for: of a file inside a trunk file that of the trunk file. */
  readonly name: string;
  readonly path: string;
  /** The data folder of its store path, with a slash at its end. */
  readonly folder: string;
  readonly isTrunk: boolean;
  /** Size in bytes that the name tells; null: it does not. */
  readonly knownSize: number | null;
}

/** Throws FileNameError when the record's name is none. */
export function targetOf(record: BinlogRecord, storePaths: readonly string[]): Target {
  const { name } = record;
  const { storePathIndex, truePath } = parseLogicName(name, storePaths.length);
  const folder = `${storePaths[storePathIndex]!}/data/`;
  const slot = trunkSlotOf(truePath);
  if (slot === null) return { name, path: folder + truePath, folder, isTrunk: false, knownSize: sizeInName(name) };
  const subPathHigh = Number.parseInt(truePath.slice(0, 2), 16);
  const subPathLow = Number.parseInt(truePath.slice(3, 5), 16);
  const physical = trunkTruePath({ storePathIndex, subPathHigh, subPathLow, trunkFileId: slot.trunkFileId });
  const prefix = name.slice(0, name.length - truePath.length);
  return { name: prefix + physical, path: folder + physical, folder, isTrunk: true, knownSize: null };
}

/** Of a file whose content never changes. */
function sizeInName(name: string): number | null {
  if (isReusable(name)) return null;
  const { kind, size } = readFileName(name);
  return kind === "normal" ? size : null;
}

/** True when an earlier attempt has brought the file: only whole files have their name, and their time. */
export function isThere({ path, knownSize, isTrunk }: Target, timestamp: number): boolean {
  if (knownSize === null || isTrunk) return false;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === knownSize && Math.floor(stat.mtimeMs / 1000) === timestamp;
}

/** Makes the link of a record; one that is there stays. Throws FileNameError, or the system's error. */
export function restoreLink(record: BinlogRecord, storePaths: readonly string[], owner: Owner | undefined): void {
  const link = parseLogicName(record.name, storePaths.length);
  const source = parseLogicName(record.otherName, storePaths.length);
  const path = `${storePaths[link.storePathIndex]!}/data/${link.truePath}`;
  try {
    inDirectory(path, owner, () => symlinkSync(`${storePaths[source.storePathIndex]!}/data/${source.truePath}`, path));
    if (owner !== undefined && process.getuid?.() === 0) lchownSync(path, owner.uid, owner.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function inDirectory<T>(path: string, owner: Owner | undefined, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const folder = dirname(path);
    mkdirSync(folder, { recursive: true, mode: DIRECTORY_MODE });
    handOver(dirname(folder), owner);
    handOver(folder, owner);
    return create();
  }
}

/** A file on its way to its place. */
export class RestoredFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #owner: Owner | undefined;
  readonly #fd: number;
  #isOpen = true;

  constructor({ path, folder }: Target, owner: Owner | undefined) {
    this.#path = path;
    this.#owner = owner;
    const isTaken = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    this.#temporary = isTaken
      ? path + TEMPORARY_SUFFIX
      : `${folder}${TEMPORARY_PREFIX}${process.pid}-recovery-${++serial}.tmp`;
    this.#fd = openSync(this.#temporary, "w", FILE_MODE);
  }

  write(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length; ) done += writeSync(this.#fd, chunk, done);
  }

  /** Gives the file its name; `timestamp` null leaves its time. */
  publish(timestamp: number | null, flushes: boolean): void {
    if (timestamp !== null) futimesSync(this.#fd, timestamp, timestamp);
    if (flushes) fdatasyncSync(this.#fd);
    this.#close();
    try {
      handOver(this.#temporary, this.#owner);
      inDirectory(this.#path, this.#owner, () => renameSync(this.#temporary, this.#path));
    } catch (error) {
      rmSync(this.#temporary, { force: true });
      throw error;
    }
  }

  discard(): void {
    if (!this.#isOpen) return;
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}

/** Removes what a crash left of an earlier attempt on a file that is not to come any more. */
export function forgetAttempt({ path }: Target): void {
  rmSync(path + TEMPORARY_SUFFIX, { force: true });
}
