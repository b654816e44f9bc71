// Files inside trunk files that this storage knows to be deleted: a trunk file that was copied from a storage which had not
// heard of the deletion yet brings them back, and nobody would tell us again. Their slots are filled with zeros, as the
// deletion did (trunk-dedup-recovery.md §1.9).

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { parseLogicName } from "../../fileid/logic-name.ts";
import { namedSlotOf, SLOT_HEADER_SIZE, SlotType, typeOfNamed } from "../trunk/slot-header.ts";
import { trunkFilePath } from "../trunk/trunk-file.ts";

const TRUNK_NAME_SIZE = 60;

/** Returns how many of the names stood in trunk files of this store path. Throws the system's errors but for missing files. */
export function clearDeletedSlots(names: Iterable<string>, storePathIndex: number, storePath: string): number {
  let cleared = 0;
  for (const name of names)
    if (isOf(name, storePathIndex) && clear(name.slice(4), storePathIndex, storePath)) cleared++;
  return cleared;
}

function isOf(name: string, storePathIndex: number): boolean {
  if (name.length !== TRUNK_NAME_SIZE) return false;
  try {
    return parseLogicName(name, storePathIndex + 1).storePathIndex === storePathIndex;
  } catch {
    return false;
  }
}

function clear(truePath: string, storePathIndex: number, storePath: string): boolean {
  const named = namedSlotOf(truePath);
  if (named === null || named.offset < 0 || named.size < SLOT_HEADER_SIZE) return false;
  const subPathHigh = Number.parseInt(truePath.slice(0, 2), 16);
  const subPathLow = Number.parseInt(truePath.slice(3, 5), 16);
  const { trunkFileId } = named;
  const fd = openOrNull(trunkFilePath(storePath, { storePathIndex, subPathHigh, subPathLow, trunkFileId }));
  if (fd === null) return false;
  try {
    const header = new Uint8Array(SLOT_HEADER_SIZE);
    const size = readSync(fd, header, 0, SLOT_HEADER_SIZE, named.offset);
    // A slot that was given to another file since has another header.
    if (size < SLOT_HEADER_SIZE || typeOfNamed(header, 0, named) === SlotType.FREE) return false;
    writeSync(fd, new Uint8Array(named.size), 0, named.size, named.offset);
    return true;
  } finally {
    closeSync(fd);
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
