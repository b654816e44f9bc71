// Reserved space (tracker.md §6.2): which group, and which store path, may still take an upload.

import type { ReservedSpace } from "../../../conf/index.ts";
import type { Group } from "./group.ts";
import type { PathSpace } from "./storage-record.ts";

/** Strictly more than the reserved space must be free. */
export function hasGroupSpace(group: Group, reserved: ReservedSpace, trunkFreeMb = 0): boolean {
  const freeMb = group.freeMb + trunkFreeMb;
  if (reserved.kind === "mb") return freeMb > reserved.mb;
  return group.totalMb !== 0 && freeMb / group.totalMb > reserved.ratio;
}

export function hasPathSpace(space: PathSpace, reserved: ReservedSpace, pathCount: number, trunkFreeMb = 0): boolean {
  const freeMb = space.freeMb + trunkFreeMb;
  if (reserved.kind === "mb") return freeMb > Math.floor(reserved.mb / pathCount);
  return space.totalMb !== 0 && freeMb / space.totalMb > reserved.ratio;
}

/** The reserved space in MB, as lists show it. */
export function reservedMb(reserved: ReservedSpace, totalMb: number): number {
  return reserved.kind === "mb" ? reserved.mb : Math.trunc(totalMb * reserved.ratio);
}
