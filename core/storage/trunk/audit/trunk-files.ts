// Finds the trunk files of all store paths: below `data/HH/LL/` the files whose names are digits only, at least six.

import { existsSync, readdirSync } from "node:fs";
import type { TrunkPlace } from "../trunk-file.ts";

const DIRECTORY = /^[0-9A-F]{2}$/;
const TRUNK_FILE = /^\d{6,10}$/;

/** In order of store paths and numbers. `pause` lets others run, or ends it. Throws the system's errors. */
export async function findTrunkFiles(storePaths: readonly string[], pause: () => Promise<void>): Promise<TrunkPlace[]> {
  const found: TrunkPlace[] = [];
  for (const [storePathIndex, storePath] of storePaths.entries()) {
    const data = `${storePath}/data`;
    if (!existsSync(data)) continue;
    for (const high of readdirSync(data)) {
      if (!DIRECTORY.test(high)) continue;
      await pause();
      for (const low of readdirSync(`${data}/${high}`)) {
        if (!DIRECTORY.test(low)) continue;
        for (const name of readdirSync(`${data}/${high}/${low}`)) {
          if (!TRUNK_FILE.test(name)) continue;
          const [subPathHigh, subPathLow] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
          found.push({ storePathIndex, subPathHigh, subPathLow, trunkFileId: Number(name) });
        }
      }
    }
  }
  return found.sort((a, b) => a.storePathIndex - b.storePathIndex || a.trunkFileId - b.trunkFileId);
}
