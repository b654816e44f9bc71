// Names for the tests of recovery: of the captures in trunk-dedup-recovery.md, and made up ones.

import { encodeBlock } from "../../../../../core/fileid/packed-block.ts";
import { encodeTrunkSlot } from "../../../../../core/fileid/trunk-slot.ts";

/** Trunk file 1, offsets 0 and 256, and trunk file 2, offset 0 (trunk-dedup-recovery.md §1.4). */
export const TRUNK_1_AT_0 = "M00/00/00/fwAAPWsBFRiIMjkaAAAADKgn6qgAAAAAQAAAAAAAAEA962.txt";
export const TRUNK_1_AT_256 = "M00/00/00/fwAAPWsBFRiIYvpCAAAAAdzZZ78AAAAAQAAAQAAAAEA443.bin";
export const TRUNK_2_AT_0 = "M01/00/00/fwAAPWsBFRiIUp1KAAAAAAAAAAAAAAAAgAAAAAAAAEA402.bin";

export const TIME = 1_795_233_197;

/** A name that a storage gives; `kind` appender has no size. */
export function nameOf(
  serial: number,
  { path = 0, size = 12, time = TIME, kind = "normal", host = 61 as number } = {} as {
    path?: number;
    size?: number;
    time?: number;
    kind?: "normal" | "appender";
    host?: number;
  },
): string {
  const block = encodeBlock([127, 0, 0, host], time, kind, size, serial, serial);
  return `M0${path}/0${serial % 4}/03/${block}${String(serial % 1000).padStart(3, "0")}.bin`;
}

export function trunkNameOf(serial: number, trunkFileId: number, offset: number, size = 256): string {
  const block = encodeBlock([127, 0, 0, 61], TIME, "trunk", 12, serial, serial);
  const slot = encodeTrunkSlot({ trunkFileId, offset, size });
  return `M00/00/0${serial % 2}/${block}${slot}${String(serial % 1000).padStart(3, "0")}.bin`;
}
