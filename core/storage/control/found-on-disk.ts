// What a name that was under way at a crash stands for now. A slot that was cut off while it was written or filled with
// zeros is cleaned up here: nobody was told that it had succeeded.

import { crc32 } from "node:zlib";
import type { IntentOp } from "../binlog/intents.ts";
import { isOwn, Op, UNCONFIRMED, upperOf } from "../binlog/record.ts";
import type { Found } from "../binlog/repair.ts";
import { type Disks, locate } from "../io/store-paths.ts";
import { factsOf, linkTarget } from "../io/stored-facts.ts";
import type { FoundSlots } from "../trunk/found-slots.ts";
import { blockOf, type FoundSlot, slotPlaceOf } from "../trunk/slot-place.ts";

const NOTHING: Found = { kind: "nothing", modifiedAt: 0, target: "" };

export function findOnDisk(disks: Disks, name: string): Found {
  try {
    const stored = locate(disks, name);
    const facts = factsOf(disks, stored);
    if (facts === null) return NOTHING;
    const { kind, modifiedAt, slot } = facts;
    const target = kind === "link" ? linkTarget(disks, stored, facts) : null;
    const isWhole = kind === "link" ? target !== null : slot === null || hasItsContent(disks, slot);
    if (isWhole || slot === null)
      return { kind: kind === "link" ? "link" : "file", modifiedAt, target: target?.name ?? "" };
    // A write stops at the end of a page when its process is killed, and the header comes first.
    disks.trunk.slots.clear(slot.place);
    finishDeletion(disks, name);
    return NOTHING;
  } catch {
    return NOTHING;
  }
}

function hasItsContent({ trunk }: Disks, slot: FoundSlot): boolean {
  return crc32(trunk.slots.content(slot)) === slot.named.crc32;
}

/**
 * Tells whether the slot of a name that was under way holds its file now, or nothing. While other workers go on (`isStart`
 * false) an empty slot may be another's already. Copies of other storages' files say nothing about free space.
 */
export function noteSlot(disks: Disks, op: IntentOp, name: string, found: FoundSlots, isStart: boolean): void {
  try {
    const stored = locate(disks, name);
    const place = slotPlaceOf(stored);
    if (place === null || op === UNCONFIRMED) return;
    const block = blockOf(place);
    const isThere = (factsOf(disks, stored)?.slot ?? null) !== null;
    if (isThere && upperOf(op) !== Op.DELETE) found.addInUse(block);
    else if (!isThere && isStart && isOwn(op) && disks.trunk.slots.isFree(block)) found.addEmpty(block);
  } catch {
    // Not readable now: `fdfs trunk check` finds it.
  }
}

/** The trunk server does not know whether the slot was filled, and gives it to another in the end. */
export function dropUnconfirmed(disks: Disks, name: string): void {
  try {
    const place = slotPlaceOf(locate(disks, name));
    if (place !== null) disks.trunk.slots.clear(place);
  } catch {
    // Not readable now.
  }
}

/** The header goes first: what is left of the slot is nobody's. */
export function finishDeletion(disks: Disks, name: string): void {
  try {
    const place = slotPlaceOf(locate(disks, name));
    if (place !== null) disks.trunk.slots.clearLeftover(place);
  } catch {
    // Not readable now: it stays in use until `fdfs trunk check` finds it.
  }
}
