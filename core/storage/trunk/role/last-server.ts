// Which storage was the trunk server last, as far as this one knows: `data/.fdfs-trunk-server`. Who takes the role over from
// another, or does not know, must not hand out what it has inherited at once (quarantine.ts).

import { join } from "node:path";
import { readTextFile, writeFileAtomically } from "../../../disk/atomic-file.ts";

const pathOf = (basePath: string): string => join(basePath, "data", ".fdfs-trunk-server");

/** "" = not known, or somebody of whom this storage has not heard. */
export function readLastTrunkServer(basePath: string): string {
  return readTextFile(pathOf(basePath))?.trim() ?? "";
}

/** Throws the system's error. */
export function writeLastTrunkServer(basePath: string, id: string): void {
  if (readLastTrunkServer(basePath) !== id) writeFileAtomically(pathOf(basePath), `${id}\n`);
}
