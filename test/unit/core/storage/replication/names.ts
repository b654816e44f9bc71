// File names for tests of replication: made as a storage makes them, with chosen sizes.

import { formatFileName, formatSlaveName } from "../../../../../core/fileid/file-id.ts";
import { formatLogicName } from "../../../../../core/fileid/logic-name.ts";
import { type BlockKind, sourceBytes } from "../../../../../core/fileid/packed-block.ts";

const source = sourceBytes({ kind: "ipv4", address: "10.0.0.1" });

/** A fresh name; `random` tells apart what is otherwise the same. */
export function nameOf(size: number, kind: BlockKind = "normal", random = 1): string {
  const file = formatFileName({
    source,
    timestamp: 1_800_000_000,
    kind,
    size,
    crc32: 7,
    ext: "txt",
    blockRandom: random,
    tailRandom: random,
  });
  return formatLogicName(0, 1, 2, file);
}

export const slaveOf = (master: string): string => formatSlaveName(master, "_big", "txt");
