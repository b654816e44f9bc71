// One trunk file among all: the beginning of its files' names and its number, `M00/00/00/1`. Pure.

import { hex2, parseLogicName } from "../../../fileid/logic-name.ts";
import { type SlotPlace, slotPlaceOf } from "../slot-place.ts";
import type { TrunkPlace } from "../trunk-file.ts";

/** `Mxx/HH/LL/` */
const DIRECTORIES_SIZE = 10;
const TRUNK_NAME_SIZE = 60;
const STORE_PATHS_MAX = 256;

export function trunkKey({ storePathIndex, subPathHigh, subPathLow, trunkFileId }: TrunkPlace): string {
  return `M${hex2(storePathIndex)}/${hex2(subPathHigh)}/${hex2(subPathLow)}/${trunkFileId}`;
}

export function placeOfKey(key: string): TrunkPlace {
  return {
    storePathIndex: Number.parseInt(key.slice(1, 3), 16),
    subPathHigh: Number.parseInt(key.slice(4, 6), 16),
    subPathLow: Number.parseInt(key.slice(7, 9), 16),
    trunkFileId: Number(key.slice(DIRECTORIES_SIZE)),
  };
}

/** Where the file of a logic name lies inside a trunk file; null: it is a file of its own, or no name. */
export function slotOfName(name: string): SlotPlace | null {
  if (name.length !== TRUNK_NAME_SIZE) return null;
  try {
    return slotPlaceOf(parseLogicName(name, STORE_PATHS_MAX));
  } catch {
    return null;
  }
}
