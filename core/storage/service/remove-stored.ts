// Takes a file off this storage's disks: a file of its own or a link is unlinked, a slot is filled with zeros.

import { unlinkSync } from "node:fs";
import { codedErrno } from "../io/errno.ts";
import { flushDirectory } from "../io/new-file.ts";
import type { StoredName } from "../io/store-paths.ts";
import type { StoredFacts } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { blockOf } from "../trunk/slot-place.ts";

/** Of a slot: also gives its space back to the trunk server. */
export function removeStored(worker: WorkerContext, stored: StoredName, { slot }: StoredFacts): void {
  if (slot === null) {
    unlinkSync(stored.path);
    flushDirectory(worker, stored.path);
    return;
  }
  clearSlot(worker, stored, slot);
  worker.trunk.free(blockOf(slot.place));
}

/** The copy of another storage's file goes; whoever deleted the file gives the space back (trunk-dedup-recovery.md §1.9). */
export function removeCopy(worker: WorkerContext, stored: StoredName, facts: StoredFacts): void {
  if (facts.slot === null) removeStored(worker, stored, facts);
  else clearSlot(worker, stored, facts.slot);
}

function clearSlot(worker: WorkerContext, stored: StoredName, slot: NonNullable<StoredFacts["slot"]>): void {
  if (!worker.trunk.slots.clear(slot.place)) throw codedErrno("ENOENT", `${stored.name} has gone meanwhile`);
  worker.commits.flushesFirst(() => slot.file);
}
