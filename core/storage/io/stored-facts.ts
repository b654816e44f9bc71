// What a name stands for on this storage's disks: a file of its own, a link, or a slot inside a trunk file. The one place
// that looks; operations ask here instead of calling stat.

import { lstatSync, readlinkSync, statSync } from "node:fs";
import { FileNameError } from "../../fileid/file-name-error.ts";
import { type FoundSlot, type SlotPlace, slotPlaceOf } from "../trunk/slot-place.ts";
import { type Disks, locate, logicNameOf, type StoredName } from "./store-paths.ts";

export interface StoredFacts {
  readonly kind: "file" | "link" | "other";
  /** Bytes; of a link those of its target's name. */
  readonly size: number;
  /** Unix seconds; of a slot those in its name. */
  readonly modifiedAt: number;
  /** Null: it is not inside a trunk file. */
  readonly slot: (FoundSlot & { readonly place: SlotPlace }) | null;
}

/** Links are not followed. Null: there is nothing of this name. */
export function factsOf({ trunk }: Disks, stored: StoredName): StoredFacts | null {
  const place = slotPlaceOf(stored);
  const found = place === null ? null : trunk.slots.find(place);
  if (place !== null && found !== null) {
    const { fileSize: size, modifiedAt } = found.named;
    return { kind: found.isLink ? "link" : "file", size, modifiedAt, slot: { ...found, place } };
  }
  // A file whose slot was taken by another one lies beside the trunk files under its own name.
  const stat = lstatSync(stored.path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const kind = stat.isFile() ? "file" : stat.isSymbolicLink() ? "link" : "other";
  return { kind, size: stat.size, modifiedAt: Math.floor(stat.mtimeMs / 1000), slot: null };
}

/** A file that can be read, links followed, their own time kept; null: there is none, or a link leads nowhere. */
export function readableFacts(disks: Disks, stored: StoredName): StoredFacts | null {
  const facts = factsOf(disks, stored);
  if (facts?.kind !== "link") return facts;
  if (facts.slot === null) {
    const stat = statSync(stored.path, { throwIfNoEntry: false });
    const kind = stat?.isFile() === true ? "file" : "other";
    if (stat !== undefined) return { kind, size: stat.size, modifiedAt: facts.modifiedAt, slot: null };
  }
  const target = linkTarget(disks, stored, facts);
  const followed = target === null ? null : factsOf(disks, target);
  return followed === null || followed.kind === "link" ? null : { ...followed, modifiedAt: facts.modifiedAt };
}

/** What a link points to; null when that is no name of this storage. */
export function linkTarget(disks: Disks, { path }: StoredName, { slot }: StoredFacts): StoredName | null {
  try {
    const name =
      slot === null
        ? logicNameOf(disks.config.storePaths, readlinkSync(path))
        : Buffer.from(disks.trunk.slots.content(slot)).toString("latin1");
    return name === null ? null : locate(disks, name);
  } catch (error) {
    if (error instanceof FileNameError) return null;
    throw error;
  }
}
