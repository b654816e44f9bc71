// Files whose slot was in use by another file when they came: they lie beside the trunk files under their own names. A list
// remembers them; now and then it is gone through, and a file whose slot has become free moves into it.

import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../disk/atomic-file.ts";
import type { TrunkInfo } from "../../wire/storage-sync.ts";
import { type Disks, locate } from "../io/store-paths.ts";
import { SlotType } from "./slot-header.ts";
import { blockOf, slotPlaceOf } from "./slot-place.ts";

const LIST_NAME = ".fdfs-strays";
/** In one go: who calls has other things to do. The others have their turn when these have gone to the list's end. */
const NAMES_AT_ONCE = 500;

/** Before the stray is there: a list that names one too many does no harm. */
export function noteStray(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, LIST_NAME), `${name}\n`);
}

export interface StrayHelp {
  /** `BASE/data/trunk` */
  readonly folder: string;
  readonly disks: Disks;
  /** Runs the section with the file's lock; false when another has it. */
  whileLocked(name: string, section: () => void): boolean;
  /** The file has moved into this slot: what was read of it is looked up anew, and the map must not call it free. */
  moved(name: string, block: TrunkInfo): void;
}

/** Moves into their slots what can go there. Returns how many are left. */
export function settleStrays(help: StrayHelp): number {
  const path = join(help.folder, LIST_NAME);
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch {
    return 0;
  }
  const names = [...new Set(text.split("\n").filter((line) => line !== ""))];
  const tried = names.slice(0, NAMES_AT_ONCE);
  const left = [...names.slice(NAMES_AT_ONCE), ...tried.filter((name) => !isSettled(help, name))];
  if (left.length === names.length && names.length === tried.length) return left.length;
  // A worker may have added a name meanwhile: those stay.
  const added = readFileSync(path, "latin1").slice(text.length);
  const rest = left.map((name) => `${name}\n`).join("") + added;
  if (rest === "") unlinkSync(path);
  else writeFileAtomically(path, rest);
  return left.length;
}

/** True when there is nothing left to move. */
function isSettled({ disks, whileLocked, moved }: StrayHelp, name: string): boolean {
  let isDone = false;
  const hasLock = whileLocked(name, () => {
    const stored = locate(disks, name);
    const place = slotPlaceOf(stored);
    if (place === null) {
      isDone = true;
      return;
    }
    let fd: number;
    try {
      fd = openSync(stored.path, "r");
    } catch {
      // Deleted meanwhile. A link that leads nowhere here cannot be told from that, and stays where it is.
      isDone = true;
      return;
    }
    try {
      const { size: allocatedSize, fileSize, crc32, modifiedAt, tail } = place.named;
      if (fstatSync(fd).size !== fileSize) return;
      // The crash of an earlier run came between the two.
      isDone = disks.trunk.slots.find(place) !== null;
      const header = { type: SlotType.FILE, allocatedSize, fileSize, crc32, modifiedAt, tail };
      isDone ||= disks.trunk.slots.writeFrom(blockOf(place), header, fd);
    } finally {
      closeSync(fd);
    }
    if (!isDone) return;
    unlinkSync(stored.path);
    moved(name, blockOf(place));
  });
  return hasLock && isDone;
}
